/**
 * The BEACON frame: the pulse of the root of the ground tree, flooded over every link.
 *
 *     BEACON = %x29 hops age root seq     ; 1 byte, 1 byte, u48, varint
 *     age    = child * 128 + quarters     ; child 1: the receiver is the sender's parent in the ground tree
 *                                         ; quarters: of a second since the root sent it, 0 … 127
 *
 * `hops` is how far the sender is from the root, 0 for the root itself. It is not signed: whoever lies about it
 * gets another tree, and a tree decides only who is pushed to and who is announced to.
 * @module
 */
import { Frame } from '../wire/frame.ts'
import type { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { MAX_SEQ } from './push.ts'

const CHILD = 128
const QUARTER = 250
const writer = new Writer(32)

export interface Beacon {
  /** The first 48 bits of the root's id. */
  readonly root: number
  readonly seq: number
  /** Links between the root and who sent or keeps this. */
  readonly hops: number
  /** When the root sent it, on this peer's clock, to a quarter of a second and the way here. */
  readonly bornAt: number
}

export function encodeBeacon(beacon: Beacon, child: boolean, now: number): Uint8Array {
  const age = Math.min(CHILD - 1, Math.floor(Math.max(0, now - beacon.bornAt) / QUARTER))
  return writer
    .u8(Frame.BEACON)
    .u8(beacon.hops)
    .u8(age + (child ? CHILD : 0))
    .u48(beacon.root)
    .varint(beacon.seq)
    .finish()
}

/** `undefined` when it does not parse. */
export function decodeBeacon(
  reader: Reader,
  now: number,
): { readonly beacon: Beacon; readonly child: boolean } | undefined {
  const hops = reader.u8()
  const age = reader.u8()
  const root = reader.u48()
  const seq = reader.varint(MAX_SEQ)
  if (!reader.done) return undefined
  return { beacon: { root, seq, hops, bornAt: now - (age % CHILD) * QUARTER }, child: age >= CHILD }
}
