/**
 * The directory: verified records of other peers, and what comes with knowing one: the key shared with it,
 * and the numbers of its letters that have arrived. Bounded; the least recently used goes first, neighbours
 * never.
 * @module
 */
import { sha256 } from '../../crypto/hash.ts'
import { idToBytes, type PeerId } from '../id.ts'
import type { PeerRecord } from '../record.ts'
import { NONCE_BYTES, type Sealer, type SharedKey } from '../sealer.ts'
import { Writer } from '../wire/writer.ts'
import { Seen } from './seen.ts'

const DOMAIN = 'tabmesh letter 1'
const NONE = new Uint8Array(0)
/** Number and way; the rest of a nonce is the {@link directionOf direction}. */
const COUNTED_BYTES = 12

export interface Known {
  readonly id: PeerId
  readonly record: PeerRecord
  readonly seen: Seen
  /** It has shown that it has this peer's record: letters to it need not carry it. */
  knowsUs: boolean
  /** Made when first needed: it costs 1 ms. */
  shared: SharedKey | undefined
  outward: Uint8Array
  inward: Uint8Array
}

/** What {@link Directory.put} did. */
export type Entered = 'new' | 'newer' | 'same' | 'stale'

export class Directory {
  private readonly known = new Map<PeerId, Known>()
  private readonly pinned = new Map<PeerId, number>()
  private readonly own: Uint8Array
  private readonly sealer: Sealer
  private readonly max: number

  constructor(id: PeerId, sealer: Sealer, max: number) {
    this.own = idToBytes(id)
    this.sealer = sealer
    this.max = max
  }

  get size(): number {
    return this.known.size
  }

  get(id: PeerId): Known | undefined {
    return this.known.get(id)
  }

  /** As {@link get}, and counts as a use. */
  use(id: PeerId): Known | undefined {
    const known = this.known.get(id)
    if (known === undefined) return undefined
    this.known.delete(id)
    this.known.set(id, known)
    return known
  }

  /** How a record stands to the one that is known of its peer. */
  compare(record: PeerRecord): Entered {
    const known = this.known.get(record.id)
    if (known === undefined) return 'new'
    if (isSame(known.record.bytes, record.bytes)) return 'same'
    // Two records of one epoch: the first holds, whoever sent the second.
    return record.epoch > known.record.epoch ? 'newer' : 'stale'
  }

  /** Enters a verified record. A newer one begins anew: its session has another box key and its own numbers. */
  put(record: PeerRecord): Known {
    const old = this.known.get(record.id)
    if (old !== undefined && isSame(old.record.bytes, record.bytes)) return this.use(record.id) ?? old
    const known: Known = {
      id: record.id,
      record,
      seen: new Seen(),
      knowsUs: false,
      shared: undefined,
      outward: NONE,
      inward: NONE,
    }
    this.known.delete(record.id)
    this.known.set(record.id, known)
    if (this.known.size > this.max) this.evict()
    return known
  }

  /** Keeps a peer from eviction, once per call. */
  pin(id: PeerId): void {
    this.pinned.set(id, (this.pinned.get(id) ?? 0) + 1)
  }

  unpin(id: PeerId): void {
    const times = (this.pinned.get(id) ?? 0) - 1
    if (times > 0) this.pinned.set(id, times)
    else this.pinned.delete(id)
  }

  /** Seals for a peer. A number and a way are used together once: the nonce holds both, and the direction. */
  seal(known: Known, number: number, way: number, plain: Uint8Array): Uint8Array {
    const shared = this.sharedWith(known)
    return this.sealer.seal(shared, nonceOf(number, way, known.outward), plain)
  }

  /** Opens what a peer sealed for this one. */
  open(known: Known, number: number, way: number, box: Uint8Array): Uint8Array | undefined {
    const shared = this.sharedWith(known)
    return this.sealer.open(shared, nonceOf(number, way, known.inward), box)
  }

  private sharedWith(known: Known): SharedKey {
    if (known.shared !== undefined) return known.shared
    const other = idToBytes(known.id)
    known.shared = this.sealer.shared(known.record.boxKey)
    known.outward = directionOf(this.own, other)
    known.inward = directionOf(other, this.own)
    return known.shared
  }

  private evict(): void {
    for (const id of this.known.keys()) {
      if (this.pinned.has(id)) continue
      this.known.delete(id)
      return
    }
  }
}

/**
 * Who seals for whom, in the nonce: the two directions of one shared key never meet, and a peer that
 * announces another's box key as its own cannot pass that one's letters off as its own.
 */
function directionOf(from: Uint8Array, to: Uint8Array): Uint8Array {
  const signed = new Writer(96).text(DOMAIN).bytes(from).bytes(to).finish()
  return sha256(signed).subarray(0, NONCE_BYTES - COUNTED_BYTES)
}

function nonceOf(number: number, way: number, direction: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES)
  let high = number
  let low = way
  for (let i = 5; i >= 0; i--) {
    nonce[i] = high % 256
    high = Math.floor(high / 256)
    nonce[i + 6] = low % 256
    low = Math.floor(low / 256)
  }
  nonce.set(direction, COUNTED_BYTES)
  return nonce
}

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
