/**
 * Packets: what one data-channel message holds. Either a bundle of whole frames or one fragment of a frame
 * that is larger than a packet.
 *
 *     packet   = bundle / fragment
 *     bundle   = %x00 1*( length frame )          ; length: varint
 *     fragment = %x01 id total offset bytes       ; varints; offsets ascend without gaps
 *
 * A fragment whose offset is not where the last one ended drops the whole frame, so at most one frame is
 * being put together per link. Its parts are kept as they came and put together when the last one is there: what a
 * stranger promises is not allocated.
 * @module
 */
import { MAX_FRAME, MAX_FRAMES_PER_PACKET, MAX_PACKET } from './limits.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

const BUNDLE = 0
const FRAGMENT = 1
/** Every part but the last has at least this many bytes: a frame is not made of millions of crumbs. Half a packet. */
const LEAST_PART = 8192
/** Kind, id, total and offset at their longest: 1 + 5 + 4 + 4, with room to spare. */
const FRAGMENT_HEADER = 16

/** Whether a packet of {@link Packer} is part of a large frame: others may overtake it. */
export function isFragment(packet: Uint8Array): boolean {
  return packet[0] === FRAGMENT
}

/** Turns frames into packets. One per link. */
export class Packer {
  private readonly bundle = new Writer(2048)
  private frames = 0
  private nextId = 0

  /** Adds a frame; `emit` gets each packet that is full. Call {@link flush} at the end of the turn. */
  add(frame: Uint8Array, emit: (packet: Uint8Array) => void): void {
    const framed = frame.length + 3
    if (framed + 1 > MAX_PACKET) {
      this.flush(emit)
      this.fragment(frame, emit)
      return
    }
    if (this.bundle.length + framed > MAX_PACKET || this.frames === MAX_FRAMES_PER_PACKET) this.flush(emit)
    if (this.frames === 0) this.bundle.u8(BUNDLE)
    this.bundle.block(frame)
    this.frames++
  }

  /** Emits the bundle begun, if any. */
  flush(emit: (packet: Uint8Array) => void): void {
    if (this.frames === 0) return
    this.frames = 0
    emit(this.bundle.finish())
  }

  private fragment(frame: Uint8Array, emit: (packet: Uint8Array) => void): void {
    const id = this.nextId++
    const header = new Writer(FRAGMENT_HEADER)
    for (let offset = 0; offset < frame.length; ) {
      const part = frame.subarray(offset, offset + MAX_PACKET - FRAGMENT_HEADER)
      const head = header.u8(FRAGMENT).varint(id).varint(frame.length).varint(offset).finish()
      const packet = new Uint8Array(head.length + part.length)
      packet.set(head)
      packet.set(part, head.length)
      emit(packet)
      offset += part.length
    }
  }
}

/** What a packet turned out to be. */
export type Unpacked = 'ok' | 'malformed' | 'too-large'

/** Turns packets into frames. One per link; holds at most one unfinished frame. Packets are not written to after {@link read}. */
export class Unpacker {
  private id = -1
  private total = 0
  private held = 0
  private parts: Uint8Array[] = []
  private readonly maxFrame: number

  constructor(maxFrame = MAX_FRAME) {
    this.maxFrame = maxFrame
  }

  /** Reads a packet; `frame` gets every whole frame. Frames of a bundle are views into it. */
  read(packet: Uint8Array, frame: (bytes: Uint8Array) => void): Unpacked {
    if (packet.length > MAX_PACKET) return 'too-large'
    const reader = new Reader(packet)
    const kind = reader.u8()
    if (kind === BUNDLE) return this.readBundle(reader, frame)
    if (kind === FRAGMENT) return this.readFragment(reader, frame)
    return 'malformed'
  }

  private readBundle(reader: Reader, frame: (bytes: Uint8Array) => void): Unpacked {
    for (let count = 0; reader.left > 0; count++) {
      if (count === MAX_FRAMES_PER_PACKET) return 'malformed'
      const bytes = reader.block(MAX_PACKET)
      if (!reader.ok || bytes.length === 0) return 'malformed'
      frame(bytes)
    }
    return reader.ok ? 'ok' : 'malformed'
  }

  private readFragment(reader: Reader, frame: (bytes: Uint8Array) => void): Unpacked {
    const id = reader.varint()
    const total = reader.varint()
    const offset = reader.varint()
    const part = reader.rest()
    if (!reader.ok || part.length === 0) return 'malformed'
    if (total > this.maxFrame) return 'too-large'
    if (offset + part.length > total) return 'malformed'
    if (part.length < LEAST_PART && offset + part.length < total) return 'malformed'
    if (offset === 0) {
      this.id = id
      this.total = total
      this.held = 0
      this.parts = []
    } else if (id !== this.id || total !== this.total || offset !== this.held) {
      // A lossy link lost a part: the frame is gone, its parts are not hostile.
      this.drop()
      return 'ok'
    }
    this.parts.push(part)
    this.held += part.length
    if (this.held === total) {
      const whole = this.whole()
      this.drop()
      frame(whole)
    }
    return 'ok'
  }

  private whole(): Uint8Array {
    const whole = new Uint8Array(this.held)
    let at = 0
    for (const part of this.parts) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  }

  private drop(): void {
    this.id = -1
    this.held = 0
    this.parts = []
  }
}
