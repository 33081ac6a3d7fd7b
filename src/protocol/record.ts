/**
 * The peer record: what others must know of a peer to write to it, signed by its identity key.
 *
 *     record = key box-key epoch signature     ; 32, 32, 6, 64 bytes
 *
 * `epoch` is the wall-clock millisecond at which the session began: of two records of one peer the higher
 * epoch holds. The signature covers the swarm too, so a record does not carry over to another swarm.
 * @module
 */
import { sha256 } from '../crypto/hash.ts'
import { headOf, idFromBytes, type PeerId, sameBytes } from './id.ts'
import { Reader } from './wire/reader.ts'
import { Writer } from './wire/writer.ts'

export const RECORD_BYTES = 134
const SIGNED_BYTES = 70
const DOMAIN = 'tabmesh record 1'

export interface PeerRecord {
  readonly id: PeerId
  /** Ed25519 public key. */
  readonly key: Uint8Array
  /** X25519 public key of this session. */
  readonly boxKey: Uint8Array
  readonly epoch: number
  readonly signature: Uint8Array
  /** The record as it travels. */
  readonly bytes: Uint8Array
}

/** Ids of keys that were met lately: a memo of a pure function, emptied when full. */
const MEMO = 16_384
const idsOf = new Map<number, { readonly key: Uint8Array; readonly id: PeerId }>()

/** The peer id of a public key. */
export function idOfKey(key: Uint8Array): PeerId {
  const head = headOf(key)
  const found = idsOf.get(head)
  if (found !== undefined && sameBytes(found.key, key)) return found.id
  const id = idFromBytes(sha256(key))
  if (idsOf.size >= MEMO) idsOf.clear()
  idsOf.set(head, { key: key.slice(), id })
  return id
}

/** What the identity key signs. */
export function recordToSign(
  discoveryKey: Uint8Array,
  key: Uint8Array,
  boxKey: Uint8Array,
  epoch: number,
): Uint8Array {
  return new Writer(192).text(DOMAIN).bytes(discoveryKey).bytes(key).bytes(boxKey).u48(epoch).finish()
}

export function encodeRecord(
  key: Uint8Array,
  boxKey: Uint8Array,
  epoch: number,
  signature: Uint8Array,
): Uint8Array {
  return new Writer(RECORD_BYTES).bytes(key).bytes(boxKey).u48(epoch).bytes(signature).finish()
}

/**
 * Records that were parsed lately: the same few come by every neighbour, and one is kept for all who know it. Emptied
 * when full. About 1 kB each; the simulator, which has all peers in one place, keeps more.
 */
const parsed = new Map<number, PeerRecord>()
let mostParsed = 1024

/** Keeps up to so many parsed records. */
export function keepParsed(most: number): void {
  mostParsed = most
}

/** Parses a record. Its signature is not checked here: that is a `verify` effect over {@link recordToVerify}. */
export function decodeRecord(bytes: Uint8Array): PeerRecord | undefined {
  if (bytes.length !== RECORD_BYTES) return undefined
  const head = headOf(bytes)
  const found = parsed.get(head)
  if (found !== undefined && sameBytes(found.bytes, bytes)) return found
  const record = parse(bytes.slice())
  if (parsed.size >= mostParsed) parsed.clear()
  parsed.set(head, record)
  return record
}

function parse(copy: Uint8Array): PeerRecord {
  const reader = new Reader(copy)
  const key = reader.bytes(32)
  const boxKey = reader.bytes(32)
  const epoch = reader.u48()
  const signature = copy.subarray(SIGNED_BYTES)
  return { id: idOfKey(key), key, boxKey, epoch, signature, bytes: copy }
}

/** What the signature of a decoded record must cover. */
export function recordToVerify(discoveryKey: Uint8Array, record: PeerRecord): Uint8Array {
  return recordToSign(discoveryKey, record.key, record.boxKey, record.epoch)
}
