/**
 * The PUSH frame: one broadcast on its way.
 *
 *     PUSH      = %x20 hops flags signed signature
 *     flags     = spread * 32 + late * 4 + repair * 2      ; 0 … 7, 0 / 1, 0 / 1
 *     signed    = key epoch seq options [deps] topic body
 *                                               ; 32 bytes, u48, varint, u8, …, length + UTF-8, all that is left
 *     deps      = count *( stream seq )         ; with order causal: varint ≤ 32, u48, varint
 *     signature = 64 bytes over text "tabmesh broadcast 1" ‖ discovery key ‖ signed
 *
 * `hops` counts the links crossed, this one included. `spread` is not 0 where the sender has no tree and pushes to
 * all its neighbours; above 1 the receiver does so too, with one less. Both stand outside the signature at a fixed place,
 * so that a forward is the original bytes with two changed.
 * @module
 */
import type { Order } from '../input.ts'
import { Frame } from '../wire/frame.ts'
import { MAX_TOPIC } from '../wire/limits.ts'
import type { Reader } from '../wire/reader.ts'
import { momentary } from '../wire/slab.ts'
import { utf8Encode } from '../wire/text.ts'
import { Writer } from '../wire/writer.ts'

/** The answer to a GRAFT: not a push along the tree, so a duplicate does not prune it. */
export const REPAIR = 2
/** It was repaired on its way: when it comes says nothing about the tree. */
export const LATE = 4
/** Where `spread` begins in the flags, and the most it can be. */
const SPREAD_SHIFT = 5
export const MAX_SPREAD = 7

/** What the origin wants of everybody, signed: the low two bits are its place in {@link ORDERS}, then RECEIPT. */
export const ORDER = 3
export const CAUSAL = 1
export const UNORDERED = 2
export const ORDERS: readonly Order[] = ['fifo', 'causal', 'none']
/** The origin wants to know how many have it. */
export const RECEIPT = 4
/** Streams that one causal message may name: the most recently heard of more. */
export const MAX_DEPS = 32

/** Sequence numbers end here: at a million a second, nine years. */
export const MAX_SEQ = 2 ** 48

export const SIGNATURE_BYTES = 64
const KEY_BYTES = 32
const EPOCH_BYTES = 6
const HEAD_BYTES = 2
const DOMAIN = 'tabmesh broadcast 1'
const DOMAIN_BLOCK = utf8Encode(DOMAIN)

/** A whole push, in bytes of its own. */
export interface Push {
  /** The frame, type byte included. */
  readonly frame: Uint8Array
  readonly hops: number
  readonly flags: number
  /** Views into the frame. */
  readonly key: Uint8Array
  readonly signed: Uint8Array
  readonly signature: Uint8Array
  readonly body: Uint8Array
  readonly epoch: number
  readonly seq: number
  readonly options: number
  /** What a causal message comes after: stream and number by turns. */
  readonly deps: readonly number[]
  readonly topic: string
}

export const NO_DEPS: readonly number[] = []

/**
 * The fixed part of a push, enough to tell whether it was seen before. One object is used for every frame, so
 * that a duplicate costs next to nothing.
 */
export class PushHead {
  hops = 0
  flags = 0
  key: Uint8Array = new Uint8Array(KEY_BYTES)
  epoch = 0
  seq = 0
  options = 0

  /** Reads up to the options; false when it does not parse. */
  read(reader: Reader): boolean {
    this.hops = reader.u8()
    this.flags = reader.u8()
    this.key = reader.bytes(KEY_BYTES)
    this.epoch = reader.u48()
    this.seq = reader.varint(MAX_SEQ)
    this.options = reader.u8()
    const known = this.options <= (ORDER | RECEIPT) && (this.options & ORDER) !== ORDER
    const unknown = this.flags & ((1 << SPREAD_SHIFT) - 1 - REPAIR - LATE)
    return reader.ok && this.seq > 0 && unknown === 0 && known
  }

  /** Reads the rest and copies the whole. `undefined` when it does not parse. */
  take(reader: Reader, maxBody: number): Push | 'malformed' | 'too-large' {
    const deps = (this.options & ORDER) === CAUSAL ? readDeps(reader) : NO_DEPS
    const topic = reader.text(MAX_TOPIC)
    const tail = reader.rest()
    if (!reader.ok || tail.length < SIGNATURE_BYTES) return 'malformed'
    if (tail.length - SIGNATURE_BYTES > maxBody) return 'too-large'
    const start = this.key.byteOffset - HEAD_BYTES
    const source = new Uint8Array(tail.buffer, start, tail.byteOffset + tail.length - start)
    const frame = new Uint8Array(source.length + 1)
    frame[0] = Frame.PUSH
    frame.set(source, 1)
    const signatureAt = frame.length - SIGNATURE_BYTES
    return {
      frame,
      hops: this.hops,
      flags: this.flags,
      key: frame.subarray(1 + HEAD_BYTES, 1 + HEAD_BYTES + KEY_BYTES),
      signed: frame.subarray(1 + HEAD_BYTES, signatureAt),
      signature: frame.subarray(signatureAt),
      body: frame.subarray(frame.length - tail.length, signatureAt),
      epoch: this.epoch,
      seq: this.seq,
      options: this.options,
      deps,
      topic,
    }
  }
}

function readDeps(reader: Reader): readonly number[] {
  const count = reader.varint(MAX_DEPS)
  const deps: number[] = []
  for (let i = 0; i < count && reader.ok; i++) deps.push(reader.u48(), reader.varint(MAX_SEQ))
  return deps
}

/** The signed part of a push; `deps` only of a causal one. */
export function encodeSigned(
  key: Uint8Array,
  epoch: number,
  seq: number,
  topic: string,
  body: Uint8Array,
  options = 0,
  deps = NO_DEPS,
): Uint8Array {
  const writer = new Writer(KEY_BYTES + EPOCH_BYTES + 17 + deps.length * 7 + topic.length + body.length)
  writer.bytes(key).u48(epoch).varint(seq).u8(options)
  if ((options & ORDER) === CAUSAL) {
    writer.varint(deps.length / 2)
    for (let i = 0; i < deps.length; i += 2) writer.u48(deps[i] as number).varint(deps[i + 1] as number)
  }
  return writer.text(topic).bytes(body).finish()
}

/** What the signature covers. */
export function pushToSign(discoveryKey: Uint8Array, signed: Uint8Array): Uint8Array {
  const bytes = momentary(1 + DOMAIN_BLOCK.length + discoveryKey.length + signed.length)
  bytes[0] = DOMAIN_BLOCK.length
  bytes.set(DOMAIN_BLOCK, 1)
  bytes.set(discoveryKey, 1 + DOMAIN_BLOCK.length)
  bytes.set(signed, 1 + DOMAIN_BLOCK.length + discoveryKey.length)
  return bytes
}

/** The flags of a push, from `spread`; and the other way. */
export function flagsOf(spread: number): number {
  return spread << SPREAD_SHIFT
}
export function spreadOf(flags: number): number {
  return flags >>> SPREAD_SHIFT
}

/** A frame from its parts. */
export function encodePush(
  hops: number,
  flags: number,
  signed: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  return new Writer(1 + HEAD_BYTES + signed.length + signature.length)
    .u8(Frame.PUSH)
    .u8(hops)
    .u8(flags)
    .bytes(signed)
    .bytes(signature)
    .finish()
}

/** Makes a frame that arrived ready to be passed on, in place: one more hop, a push along the tree. */
export function patchForward(frame: Uint8Array, spread: number): void {
  frame[1] = (frame[1] as number) + 1
  frame[2] = flagsOf(spread) + (((frame[2] as number) & (REPAIR | LATE)) === 0 ? 0 : LATE)
}

/** A copy of a frame that answers a GRAFT. */
export function repairFrame(frame: Uint8Array): Uint8Array {
  const copy = frame.slice()
  copy[2] = (copy[2] as number) | REPAIR
  return copy
}
