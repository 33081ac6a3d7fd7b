/**
 * The frames of circuits.
 *
 *     connect = %x40 circuit to session salt      ; varint, 32, 6, 8 bytes: asks the relay for a circuit to `to`
 *     offer   = %x41 circuit from session salt    ; the relay asks the other end
 *     accept  = %x42 circuit salt                 ; the other end's
 *     carry   = %x43 circuit counter box          ; varint; a sealed packet
 *     credit  = %x44 circuit counter              ; all before it has been taken, or is lost
 *     hangup  = %x45 circuit reason               ; varint
 *     circuit = number * 2 + whose                ; whose numbering: 0 the sender's, 1 the receiver's
 *
 * Whoever sends CONNECT or OFFER numbers the circuit on that link. Both name it by what the other side calls it: `circuit` as
 * received is the key of the receiver's table; in what it sends the last bit is the other one.
 * @module
 */

import { ID_BYTES, idFromBytes, idToBytes, type PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import { TAG_BYTES } from '../sealer.ts'
import { Frame } from '../wire/frame.ts'
import { MAX_CIRCUIT_PACKET } from '../wire/limits.ts'
import type { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import type { CircuitOutbox } from './effect.ts'

export const SALT_BYTES = 8
/** Largest `circuit`: what engines keep as a small integer. */
export const MAX_REF = 2 ** 30 - 1
/** Largest counter: what a nonce has room for. */
export const MAX_COUNTER = 2 ** 48 - 1
/** Largest box. */
export const MAX_BOX = MAX_CIRCUIT_PACKET + TAG_BYTES
/** Bytes of the largest counter. */
const COUNTER_BYTES = 7
/** Bytes of a relayed frame behind its head, at most. */
export const MAX_REST = COUNTER_BYTES + MAX_BOX

/** Why a circuit is hung up. */
export const Hangup = {
  /** By an end. */
  CLOSED: 0,
  /** The relay has no such neighbour, or relays nothing; the other end does not expect it. */
  REFUSED: 1,
  /** The relay carries as many as it will. */
  BUSY: 2,
  /** The link to the other end is gone, or nothing came over it for long. */
  LOST: 3,
  /** An end has sent more than its window. */
  OVERRUN: 4,
} as const

const writer = new Writer(64)

/** CONNECT or OFFER. */
export function writeSetup(type: number, ref: number, { peer, session, salt }: Setup): Uint8Array {
  return head(type, ref).bytes(idToBytes(peer)).u48(session).bytes(salt).finish()
}

/** ACCEPT. */
export function writeAccept(ref: number, salt: Uint8Array): Uint8Array {
  return head(Frame.ACCEPT, ref).bytes(salt).finish()
}

/** CARRY. */
export function writeCarry(ref: number, counter: number, box: Uint8Array): Uint8Array {
  return head(Frame.CARRY, ref).varint(counter).bytes(box).finish()
}

/** CREDIT, or HANGUP with its reason. */
export function writeValue(type: number, ref: number, value: number): Uint8Array {
  return head(type, ref).varint(value).finish()
}

export function hangUp(link: LinkId, ref: number, reason: number, out: CircuitOutbox): void {
  out.push({ kind: 'send', link, frame: writeValue(Frame.HANGUP, ref, reason) })
}

/** ACCEPT, CARRY or CREDIT as it goes on: what stood behind its head, behind the name that the next link has for the circuit. */
export function writeOn(type: number, ref: number, rest: Uint8Array): Uint8Array {
  let name = ref ^ 1
  let size = 2
  for (let more = name; more >= 0x80; more >>>= 7) size++
  const frame = new Uint8Array(size + rest.length)
  frame[0] = type
  let at = 1
  for (; name >= 0x80; name >>>= 7) frame[at++] = name | 0x80
  frame[at] = name
  frame.set(rest, size)
  return frame
}

function head(type: number, ref: number): Writer {
  return writer.u8(type).varint(ref ^ 1)
}

/** What a setup says. */
export interface Setup {
  readonly peer: PeerId
  readonly session: number
  readonly salt: Uint8Array
}

/** CONNECT or OFFER, behind its `circuit`. */
export function readSetup(reader: Reader): Setup | undefined {
  const peer = reader.bytes(ID_BYTES)
  const session = reader.u48()
  const salt = reader.bytes(SALT_BYTES)
  return reader.done ? { peer: idFromBytes(peer), session, salt: salt.slice() } : undefined
}
