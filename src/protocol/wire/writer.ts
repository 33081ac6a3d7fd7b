/**
 * Writes fields into one growing buffer. `finish()` returns exactly what was written, and the writer can be used
 * again: encoders keep one and allocate once per frame.
 * @module
 */
import { utf8Encode } from './text.ts'

/** From this many bytes a frame is handed over with its buffer. A quarter of a packet. */
const HANDED_OVER = 4096

export class Writer {
  private buffer: Uint8Array
  private at = 0

  constructor(capacity = 512) {
    this.buffer = new Uint8Array(capacity)
  }

  private room(more: number): void {
    if (this.at + more <= this.buffer.length) return
    const grown = new Uint8Array(Math.max(this.at + more, this.buffer.length * 2))
    grown.set(this.buffer.subarray(0, this.at))
    this.buffer = grown
  }

  get length(): number {
    return this.at
  }

  u8(value: number): this {
    this.room(1)
    this.buffer[this.at++] = value
    return this
  }

  /** Unsigned LEB128 of an integer up to 2⁵³ − 1. */
  varint(value: number): this {
    this.room(8)
    let rest = value
    while (rest >= 0x80) {
      this.buffer[this.at++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.buffer[this.at++] = rest
    return this
  }

  u48(value: number): this {
    this.room(6)
    let rest = value
    for (let i = 5; i >= 0; i--) {
      this.buffer[this.at + i] = rest % 256
      rest = Math.floor(rest / 256)
    }
    this.at += 6
    return this
  }

  bytes(bytes: Uint8Array): this {
    this.room(bytes.length)
    this.buffer.set(bytes, this.at)
    this.at += bytes.length
    return this
  }

  block(bytes: Uint8Array): this {
    return this.varint(bytes.length).bytes(bytes)
  }

  text(text: string): this {
    return this.block(utf8Encode(text))
  }

  /** What was written, for the caller to keep; the writer starts anew. */
  finish(): Uint8Array {
    const length = this.at
    this.at = 0
    if (length < HANDED_OVER) return this.buffer.slice(0, length)
    // A large frame leaves with its buffer: a copy would cost more than a new one, and keep it alive in every encoder.
    const written = this.buffer.subarray(0, length)
    this.buffer = new Uint8Array(512)
    return written
  }
}
