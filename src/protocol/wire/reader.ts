/**
 * Reads fields from bytes. A reader never throws: once a field does not fit, `ok` is false, every later read
 * returns a zero or an empty value, and the caller drops the frame. Byte strings are views, not copies.
 * @module
 */
import { utf8Decode } from './text.ts'

const EMPTY = new Uint8Array(0)

export class Reader {
  ok = true
  private at: number
  private view: Uint8Array
  private end: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.view = bytes
    this.at = start
    this.end = end
  }

  /** Begins anew with other bytes: who reads many frames keeps one reader. */
  reset(bytes: Uint8Array, start: number, end: number): this {
    this.ok = true
    this.view = bytes
    this.at = start
    this.end = end
    return this
  }

  /** Bytes not read yet; 0 after a failure. */
  get left(): number {
    return this.ok ? this.end - this.at : 0
  }

  /** True when everything was read and everything fitted: the last check of every decoder. */
  get done(): boolean {
    return this.ok && this.at === this.end
  }

  fail(): void {
    this.ok = false
    this.at = this.end
  }

  u8(): number {
    if (this.left < 1) {
      this.fail()
      return 0
    }
    return this.view[this.at++] as number
  }

  /** Unsigned LEB128 up to 2⁵³ − 1, shortest form only, so that one value has one encoding. */
  varint(max = Number.MAX_SAFE_INTEGER): number {
    if (this.at < this.end) {
      const first = this.view[this.at] as number
      if (first < 0x80 && first <= max) {
        this.at++
        return first
      }
    }
    let value = 0
    let scale = 1
    for (let i = 0; i < 8; i++) {
      if (this.left < 1) break
      const byte = this.view[this.at++] as number
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if ((byte === 0 && i > 0) || value > max) break
        return value
      }
      scale *= 128
    }
    this.fail()
    return 0
  }

  /** A 48-bit big-endian integer. */
  u48(): number {
    if (this.left < 6) {
      this.fail()
      return 0
    }
    let value = 0
    for (let i = 0; i < 6; i++) value = value * 256 + (this.view[this.at++] as number)
    return value
  }

  /** Exactly `length` bytes, as a view. */
  bytes(length: number): Uint8Array {
    if (length > this.left) {
      this.fail()
      return EMPTY
    }
    const part = this.view.subarray(this.at, this.at + length)
    this.at += length
    return part
  }

  /** A length and that many bytes, as a view. */
  block(max: number): Uint8Array {
    return this.bytes(this.varint(max))
  }

  /** Well-formed UTF-8 behind its length in bytes. */
  text(maxBytes: number): string {
    const text = utf8Decode(this.block(maxBytes))
    if (text === undefined) {
      this.fail()
      return ''
    }
    return text
  }

  /** All that is left, as a view. */
  rest(): Uint8Array {
    return this.bytes(this.left)
  }
}
