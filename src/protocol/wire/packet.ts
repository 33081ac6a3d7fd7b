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
import { momentary } from './slab.ts'
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

/** Turns frames into packets. One per link. Holds the frames of a turn, which are copied once: into their packet. */
export class Packer {
  /** The bundle begun: mostly one frame. */
  private first: Uint8Array | undefined = undefined
  private readonly others: Uint8Array[] = []
  /** Bytes of its packet. */
  private length = 1
  private nextId = 0
  private readonly limit: number

  /** @param limit - bytes of a packet at most; at least 8,192 and a fragment's head, which a receiver wants of every part */
  constructor(limit = MAX_PACKET) {
    this.limit = limit
  }

  /** Adds a frame; `emit` gets each packet that is full. Call {@link flush} at the end of the turn. */
  add(frame: Uint8Array, emit: (packet: Uint8Array) => void): void {
    const framed = frame.length + 3
    if (framed + 1 > this.limit) {
      this.flush(emit)
      this.fragment(frame, emit)
      return
    }
    if (this.length + framed > this.limit || this.others.length + 1 === MAX_FRAMES_PER_PACKET)
      this.flush(emit)
    if (this.first === undefined) this.first = frame
    else this.others.push(frame)
    this.length += frame.length + (frame.length < 0x80 ? 1 : frame.length < 0x4000 ? 2 : 3)
  }

  /** Emits the bundle begun, if any. */
  flush(emit: (packet: Uint8Array) => void): void {
    const { first, others } = this
    if (first === undefined) return
    const packet = momentary(this.length)
    packet[0] = BUNDLE
    let at = put(packet, 1, first)
    for (let i = 0; i < others.length; i++) at = put(packet, at, others[i] as Uint8Array)
    this.first = undefined
    if (others.length > 0) others.length = 0
    this.length = 1
    emit(packet)
  }

  private fragment(frame: Uint8Array, emit: (packet: Uint8Array) => void): void {
    const id = this.nextId++
    const header = new Writer(FRAGMENT_HEADER)
    for (let offset = 0; offset < frame.length; ) {
      const part = frame.subarray(offset, offset + this.limit - FRAGMENT_HEADER)
      const head = header.u8(FRAGMENT).varint(id).varint(frame.length).varint(offset).finish()
      const packet = new Uint8Array(head.length + part.length)
      packet.set(head)
      packet.set(part, head.length)
      emit(packet)
      offset += part.length
    }
  }
}

/** Bytes that are copied faster one by one than by a call. */
const FEW = 24

/** Puts a frame behind its length; returns where it ends. */
function put(packet: Uint8Array, start: number, frame: Uint8Array): number {
  const { length } = frame
  let at = start
  let rest = length
  for (; rest >= 0x80; rest >>>= 7) packet[at++] = rest | 0x80
  packet[at++] = rest
  if (length > FEW) packet.set(frame, at)
  else for (let i = 0; i < length; i++) packet[at + i] = frame[i] as number
  return at + length
}

/** Takes a frame: the bytes from `start` up to `end`, a view that is read at once or copied. */
export type FrameSink = (bytes: Uint8Array, start: number, end: number) => void

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

  /** Reads a packet; `frame` gets every whole frame, those of a bundle where they stand in it. */
  read(packet: Uint8Array, frame: FrameSink): Unpacked {
    if (packet.length > MAX_PACKET) return 'too-large'
    const kind = packet[0]
    if (kind === BUNDLE) return readBundle(packet, frame)
    if (kind === FRAGMENT) return this.readFragment(new Reader(packet, 1), frame)
    return 'malformed'
  }

  private readFragment(reader: Reader, frame: FrameSink): Unpacked {
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
      frame(whole, 0, whole.length)
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

function readBundle(packet: Uint8Array, frame: FrameSink): Unpacked {
  const end = packet.length
  let at = 1
  for (let count = 0; at < end; count++) {
    if (count === MAX_FRAMES_PER_PACKET) return 'malformed'
    // The length, as Reader.varint reads it: of three bytes at most, in its shortest form.
    let length = 0
    let byte = 0x80
    for (let shift = 0; byte >= 0x80; shift += 7) {
      if (at === end || shift > 14) return 'malformed'
      byte = packet[at++] as number
      if (byte === 0 && shift > 0) return 'malformed'
      length |= (byte & 0x7f) << shift
    }
    if (length === 0 || length > end - at) return 'malformed'
    at += length
    frame(packet, at - length, at)
  }
  return 'ok'
}
