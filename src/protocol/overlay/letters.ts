/**
 * What two peers say to each other before they have a link: sealed letters that travel over the mesh or
 * through the signaling server (kinds 1 … 4 of routing's letters).
 *
 *     ask    = session flags degree [ids]        ; 6 bytes, byte, varint; flags 1: for a ring slot, 2: for a relayed link,
 *                                                ; by one of the ids, 4: needed (as link to a relay, or as the only one),
 *                                                ; 8: in place of the link that there is
 *     accept = session [relay]                   ; the relay's id, for a relayed link
 *     refuse = session reason ids                ; byte, list of peers to ask instead
 *     signal = session text                      ; an offer, answer or candidate of this session
 *
 * A session is a random number of the asking side: signals of a dial that was given up meet no link.
 * @module
 */
import { ID_BYTES, idFromBytes, idToBytes, type PeerId } from '../id.ts'
import { MAX_IDS } from '../wire/limits.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'

export const LETTER = { ASK: 1, ACCEPT: 2, REFUSE: 3, SIGNAL: 4 } as const

/** Characters of one signal: an SDP with many candidates is about 6 kB. */
export const MAX_SIGNAL = 16_384

export const REFUSAL = { FULL: 0, ALREADY: 1, STALE: 2, POLICY: 3, NO_RELAY: 4 } as const

export interface Ask {
  readonly session: number
  readonly ring: boolean
  readonly degree: number
  /** For a relayed link: neighbours of the asker that could carry it, the best first. */
  readonly relays?: readonly PeerId[]
  /** The asker needs this link: as one to a relay, or as its only one where it cannot link to everybody. */
  readonly needed?: boolean
  /** In place of the link that there is, which has fallen silent. */
  readonly anew?: boolean
}

/** Bits of an ask. */
const RING = 1
const RELAYED = 2
const NEEDED = 4
const ANEW = 8

export interface Refuse {
  readonly session: number
  readonly reason: number
  readonly alternatives: readonly PeerId[]
}

export interface Signal {
  readonly session: number
  readonly data: string
}

const writer = new Writer(1024)

export function encodeAsk({ session, ring, degree, relays, needed, anew }: Ask): Uint8Array {
  const flags = (ring ? RING : 0) | (relays ? RELAYED : 0) | (needed ? NEEDED : 0) | (anew ? ANEW : 0)
  writer.u48(session).u8(flags).varint(degree)
  return (relays ? writeIds(writer, relays) : writer).finish()
}

export function decodeAsk(bytes: Uint8Array): Ask | undefined {
  const reader = new Reader(bytes)
  const session = reader.u48()
  const flags = reader.u8()
  const ask: Ask = {
    session,
    ring: (flags & RING) !== 0,
    degree: reader.varint(255),
    ...((flags & NEEDED) !== 0 && { needed: true }),
    ...((flags & ANEW) !== 0 && { anew: true }),
    ...((flags & RELAYED) !== 0 && { relays: readIds(reader) }),
  }
  return reader.done ? ask : undefined
}

export function encodeAccept(session: number, relay?: PeerId): Uint8Array {
  writer.u48(session)
  return (relay === undefined ? writer : writer.bytes(idToBytes(relay))).finish()
}

export function decodeAccept(bytes: Uint8Array): { session: number; relay: PeerId | undefined } | undefined {
  const reader = new Reader(bytes)
  const session = reader.u48()
  const relay = reader.left === ID_BYTES ? idFromBytes(reader.bytes(ID_BYTES)) : undefined
  return reader.done ? { session, relay } : undefined
}

export function encodeRefuse(refuse: Refuse): Uint8Array {
  writer.u48(refuse.session).u8(refuse.reason)
  return writeIds(writer, refuse.alternatives).finish()
}

export function decodeRefuse(bytes: Uint8Array): Refuse | undefined {
  const reader = new Reader(bytes)
  const session = reader.u48()
  const reason = reader.u8()
  const alternatives = readIds(reader)
  return reader.done ? { session, reason, alternatives } : undefined
}

export function encodeSignal(signal: Signal): Uint8Array {
  return writer.u48(signal.session).text(signal.data).finish()
}

export function decodeSignal(bytes: Uint8Array): Signal | undefined {
  const reader = new Reader(bytes)
  const signal = { session: reader.u48(), data: reader.text(MAX_SIGNAL) }
  return reader.done ? signal : undefined
}

/** A list of ids: `count *id`. */
export function writeIds(to: Writer, ids: readonly PeerId[]): Writer {
  const count = Math.min(ids.length, MAX_IDS)
  to.varint(count)
  for (let i = 0; i < count; i++) to.bytes(idToBytes(ids[i] as PeerId))
  return to
}

export function readIds(reader: Reader): PeerId[] {
  const count = reader.varint(MAX_IDS)
  if (reader.left < count * ID_BYTES) {
    reader.fail()
    return []
  }
  const ids: PeerId[] = []
  for (let i = 0; i < count; i++) ids.push(idFromBytes(reader.bytes(ID_BYTES)))
  return ids
}
