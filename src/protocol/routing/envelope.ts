/**
 * Envelopes: what travels between two peers that need not be neighbours, through the mesh (in ROUTED frames) or
 * through a signaling server. A relay reads `to` and `way`; of a letter it can read no more than who writes.
 *
 *     envelope    = kind to way content           ; 1, 32, 6 bytes and the rest
 *     letter      = from number box               ; kind 0; 32, 6, 17… bytes
 *     introduced  = record number box             ; kind 1; a letter with its sender's record, 134 bytes
 *     whois       = from                          ; kind 2; whose record is asked for is `to`
 *     receipt     = number box                    ; kind 3; a box of nothing: 16 bytes
 *     answer      = record                        ; kind 4; to a whois, or to a letter that does not open
 *     unreachable = spent                         ; kind 5; the letter or whois of this way met a dead end: %x01 where
 *                                                 ; budget or hops ran out, %x00 where the ring is whole without `to`
 *     stranger    =                               ; kind 6; introduce yourself: send that letter with your record
 *
 * `way` is random, made anew for every attempt, and known to nobody but the peers it passes. The first three
 * kinds are sent out under a new way; the others answer one, under the same.
 * @module
 */
import { ID_BYTES, idFromBytes, idToBytes, type PeerId } from '../id.ts'
import { RECORD_BYTES } from '../record.ts'
import { TAG_BYTES } from '../sealer.ts'
import { MAX_BODY } from '../wire/limits.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'

/** What the receiver must do with it. */
export const Envelope = {
  /** Open it with the known sender's key, deliver it once, answer with RECEIPT if it asks for one. */
  LETTER: 0,
  /** As LETTER; verify the sender's record first. */
  INTRODUCED: 1,
  /** Answer with the record of `to`: `to` itself does, or any of its neighbours on the way. */
  WHOIS: 2,
  /** Settle the letter of this way. */
  RECEIPT: 3,
  /** Verify the record, keep it if it is newer than the known one, and send again what waits for it. */
  ANSWER: 4,
  /** Try again by another first hop, a little later; search where the walk was spent. */
  UNREACHABLE: 5,
  /** Send the letter of this way again, introduced. */
  STRANGER: 6,
} as const
export type EnvelopeKind = (typeof Envelope)[keyof typeof Envelope]

/** Bytes before the content. */
export const ADDRESS_BYTES = 1 + ID_BYTES + 6
/** The least content of a box: one byte of letter kind and flags. */
const MIN_BOX = TAG_BYTES + 1
const MAX_BOX = MIN_BOX + MAX_BODY
/** Least and most bytes of the content, by kind. */
const CONTENT: readonly (readonly [min: number, max: number])[] = [
  [ID_BYTES + 6 + MIN_BOX, ID_BYTES + 6 + MAX_BOX],
  [RECORD_BYTES + 6 + MIN_BOX, RECORD_BYTES + 6 + MAX_BOX],
  [ID_BYTES, ID_BYTES],
  [6 + TAG_BYTES, 6 + TAG_BYTES],
  [RECORD_BYTES, RECORD_BYTES],
  [1, 1],
  [0, 0],
]

/** What a relay reads of an envelope. */
export interface Address {
  readonly kind: EnvelopeKind
  readonly to: PeerId
  /** 48 random bits. */
  readonly way: number
}

/** Whether an envelope answers another one, and so goes back the way of that. */
export function isAnswer(kind: EnvelopeKind): boolean {
  return kind >= Envelope.RECEIPT
}

/** Checks kind and lengths and reads the address; `undefined` for what no encoder here writes. */
export function readAddress(bytes: Uint8Array): Address | undefined {
  const reader = new Reader(bytes)
  const kind = reader.u8()
  const to = reader.bytes(ID_BYTES)
  const way = reader.u48()
  const bounds = CONTENT[kind]
  if (!reader.ok || bounds === undefined) return undefined
  if (reader.left < bounds[0] || reader.left > bounds[1]) return undefined
  return { kind: kind as EnvelopeKind, to: idFromBytes(to), way }
}

/** A reader of the content, for an envelope that {@link readAddress} has accepted. */
function contentOf(bytes: Uint8Array): Reader {
  return new Reader(bytes, ADDRESS_BYTES)
}

export interface Sealed {
  readonly number: number
  readonly box: Uint8Array
}

/** Of LETTER: the sender's id; of INTRODUCED: its record. */
export interface LetterContent extends Sealed {
  readonly from: PeerId | undefined
  readonly record: Uint8Array | undefined
}

export function readLetter(kind: EnvelopeKind, bytes: Uint8Array): LetterContent {
  const reader = contentOf(bytes)
  const record = kind === Envelope.INTRODUCED ? reader.bytes(RECORD_BYTES) : undefined
  const from = kind === Envelope.INTRODUCED ? undefined : idFromBytes(reader.bytes(ID_BYTES))
  return { from, record, number: reader.u48(), box: reader.rest() }
}

export function readWhois(bytes: Uint8Array): PeerId {
  return idFromBytes(contentOf(bytes).bytes(ID_BYTES))
}

export function readReceipt(bytes: Uint8Array): Sealed {
  const reader = contentOf(bytes)
  return { number: reader.u48(), box: reader.rest() }
}

export function readAnswer(bytes: Uint8Array): Uint8Array {
  return contentOf(bytes).bytes(RECORD_BYTES)
}

/** Whether the walk ran out of budget or hops: there may be a way all the same. */
export function readUnreachable(bytes: Uint8Array): boolean {
  return contentOf(bytes).u8() === 1
}

const writer = new Writer(512)

function addressed(kind: EnvelopeKind, to: PeerId, way: number): Writer {
  return writer.u8(kind).bytes(idToBytes(to)).u48(way)
}

/** `sender` is the 32 bytes of an id, or the 134 of a record: the kind follows from it. */
export function writeLetter(
  to: PeerId,
  way: number,
  sender: Uint8Array,
  number: number,
  box: Uint8Array,
): Uint8Array {
  const kind = sender.length === RECORD_BYTES ? Envelope.INTRODUCED : Envelope.LETTER
  return addressed(kind, to, way).bytes(sender).u48(number).bytes(box).finish()
}

export function writeWhois(to: PeerId, way: number, from: Uint8Array): Uint8Array {
  return addressed(Envelope.WHOIS, to, way).bytes(from).finish()
}

export function writeReceipt(to: PeerId, way: number, number: number, box: Uint8Array): Uint8Array {
  return addressed(Envelope.RECEIPT, to, way).u48(number).bytes(box).finish()
}

export function writeAnswer(to: PeerId, way: number, record: Uint8Array): Uint8Array {
  return addressed(Envelope.ANSWER, to, way).bytes(record).finish()
}

export function writeUnreachable(to: PeerId, way: number, spent: boolean): Uint8Array {
  return addressed(Envelope.UNREACHABLE, to, way)
    .u8(spent ? 1 : 0)
    .finish()
}

export function writeStranger(to: PeerId, way: number): Uint8Array {
  return addressed(Envelope.STRANGER, to, way).finish()
}
