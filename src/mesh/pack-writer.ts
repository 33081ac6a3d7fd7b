/**
 * Writes MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md), item by item, up to the largest
 * body; what goes in which order is data-encode.ts's.
 * @module
 */
import { MAX_BODY } from '../protocol/wire/limits.ts'
import { MeshError } from './errors.ts'

const utf8 = new TextEncoder()
/** Matches only surrogates without their other half: with the u flag a pair is one character. */
const LONE_SURROGATE = /\p{Surrogate}/u

/** Room for most messages: they are written here and leave as a copy of their size. */
const scratch = new Uint8Array(4096)
const scratchView = new DataView(scratch.buffer)

/** @throws MeshError `too-large`, from every method */
export class PackWriter {
  private bytes: Uint8Array = scratch
  private view = scratchView
  private at = 0

  /** What was written. The writer is done. Between two calls of a writer no other may be used, or it must be {@link own}. */
  finish(): Uint8Array {
    if (this.at > MAX_BODY) throw tooLarge()
    return this.bytes === scratch ? scratch.slice(0, this.at) : this.bytes.subarray(0, this.at)
  }

  /** Leaves the room that writers share, before anything is called that may write another message. */
  own(): void {
    if (this.bytes === scratch) this.grow(scratch.length)
  }

  number(value: number): void {
    if (!Number.isInteger(value) || Object.is(value, -0) || value > 0xffff_ffff || value < -0x8000_0000) {
      this.u8(0xcb).f64(value)
    } else if (value >= 0) {
      if (value < 0x80) this.u8(value)
      else if (value < 0x100) this.u8(0xcc).u8(value)
      else if (value < 0x1_0000) this.u8(0xcd).u16(value)
      else this.u8(0xce).u32(value)
    } else if (value >= -0x20) this.u8(value & 0xff)
    else if (value >= -0x80) this.u8(0xd0).u8(value & 0xff)
    else if (value >= -0x8000) this.u8(0xd1).u16(value & 0xffff)
    else this.u8(0xd2).u32(value >>> 0)
  }

  /** A string; false, and nothing written, when it is not well-formed. */
  text(text: string): boolean {
    if (text.length > MAX_BODY) throw tooLarge()
    const start = this.at
    this.room(5 + text.length * 3)
    // The head as long as it is for ASCII; the text moves when it turns out longer.
    const guess = headLength(text.length)
    const { written } = utf8.encodeInto(text, this.bytes.subarray(start + guess))
    if (written !== text.length && LONE_SURROGATE.test(text)) return false
    const head = headLength(written)
    if (head !== guess) this.bytes.copyWithin(start + head, start + guess, start + guess + written)
    this.header(written, 0xa0, 32, 0xd9, 0xda)
    this.at += written
    return true
  }

  /** A `bin`. */
  binary(bytes: Uint8Array): void {
    if (bytes.length > MAX_BODY) throw tooLarge()
    if (bytes.length < 0x100) this.u8(0xc4).u8(bytes.length)
    else if (bytes.length < 0x1_0000) this.u8(0xc5).u16(bytes.length)
    else this.u8(0xc6).u32(bytes.length)
    this.raw(bytes)
  }

  /** The head of an extension of known length. */
  extension(type: number, length: number): void {
    if (length > MAX_BODY) throw tooLarge()
    const fixed = [1, 2, 4, 8, 16].indexOf(length)
    if (fixed >= 0) this.u8(0xd4 + fixed)
    else if (length < 0x100) this.u8(0xc7).u8(length)
    else if (length < 0x1_0000) this.u8(0xc8).u16(length)
    else this.u8(0xc9).u32(length)
    this.u8(type)
  }

  /** Begins an extension whose length is not known yet. */
  openExtension(type: number): number {
    this.u8(0xc9).u32(0).u8(type)
    return this.at
  }

  closeExtension(start: number): void {
    this.view.setUint32(start - 5, this.at - start)
  }

  /** The head of a container or string: short form, one byte (where the format has it), two or four. */
  header(length: number, fix: number, fixBelow: number, one: number, two: number): void {
    if (length < fixBelow) this.u8(fix | length)
    else if (one !== 0 && length < 0x100) this.u8(one).u8(length)
    else if (length < 0x1_0000) this.u8(two).u16(length)
    else this.u8(two + 1).u32(length)
  }

  f64(value: number): this {
    this.room(8)
    this.view.setFloat64(this.at, value)
    this.at += 8
    return this
  }

  raw(bytes: Uint8Array): void {
    this.room(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  u8(value: number): this {
    this.room(1)
    this.bytes[this.at++] = value
    return this
  }

  u16(value: number): this {
    this.room(2)
    this.view.setUint16(this.at, value)
    this.at += 2
    return this
  }

  u32(value: number): this {
    this.room(4)
    this.view.setUint32(this.at, value)
    this.at += 4
    return this
  }

  private room(more: number): void {
    // Checked as it grows: what is too large is never encoded to its end.
    if (this.at > MAX_BODY) throw tooLarge()
    if (this.at + more <= this.bytes.length) return
    this.grow(Math.max(this.at + more, this.bytes.length * 2))
  }

  private grow(length: number): void {
    const grown = new Uint8Array(length)
    grown.set(this.bytes.subarray(0, this.at))
    this.bytes = grown
    this.view = new DataView(grown.buffer)
  }
}

/** Bytes of a string's head. */
function headLength(length: number): number {
  return length < 32 ? 1 : length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 5
}

export function tooLarge(): MeshError {
  return new MeshError('too-large', `a message holds at most ${MAX_BODY} bytes encoded; send more in parts`)
}
