/**
 * The passive view: peers this one knows of (HyParView; Leitão, Pereira & Rodrigues, DSN 2007, §4.1), spread over
 * the XOR distance as k-buckets are (Kademlia, §2.2), with the twelve nearest on the ring kept for the ring slots.
 *
 * Invariants
 * 1. At most {@link VIEW_SIZE} ids, and of one XOR bucket at most k besides the {@link NEAREST} nearest
 *    clockwise and counter-clockwise, which always stay; what is too much loses a random id.
 * 2. Entries stand in the order of the ring, clockwise from this peer.
 * @module
 */
import { bucketOf, clockwise, type PeerId } from '../id.ts'
import { below, type Random } from '../random.ts'

/** HyParView's passive view is a small multiple of log n: 64 serves 10⁶ peers. */
export const VIEW_SIZE = 64
/** Kept nearest ids on each side: half the ring neighbourhood may die and one of six still lives with 98 %. */
export const NEAREST = 6

interface Entry {
  readonly id: PeerId
  /** Steps clockwise from this peer. */
  readonly steps: number
  readonly bucket: number
}

export class PassiveView {
  private readonly self: PeerId
  private readonly random: Random
  private readonly k: number
  private readonly entries: Entry[] = []
  private readonly byId = new Map<PeerId, Entry>()
  /** Ids in each bucket, by its number. */
  private readonly counts = new Map<number, number>()
  /** Grows with every change. */
  version = 0

  constructor(self: PeerId, random: Random, k: number) {
    this.self = self
    this.random = random
    this.k = k
  }

  get size(): number {
    return this.byId.size
  }

  has(id: PeerId): boolean {
    return this.byId.has(id)
  }

  [Symbol.iterator](): IterableIterator<Entry> {
    return this.entries.values()
  }

  add(id: PeerId): void {
    if (id === this.self || this.byId.has(id)) return
    const entry = { id, steps: clockwise(this.self, id), bucket: bucketOf(this.self, id) }
    this.byId.set(id, entry)
    this.entries.splice(this.place(entry.steps), 0, entry)
    this.version++
    if (this.count(entry.bucket, 1) > this.k) this.evict(entry.bucket)
    if (this.byId.size > VIEW_SIZE) this.evict(undefined)
  }

  /** Adds an id if it is among the nearest: what neighbours tell of their neighbours fills the ring's reserve only. */
  addNear(id: PeerId): void {
    const at = this.place(clockwise(this.self, id))
    if (at < NEAREST || at > this.entries.length - NEAREST) this.add(id)
  }

  remove(id: PeerId): void {
    const entry = this.byId.get(id)
    if (entry === undefined) return
    this.byId.delete(id)
    this.entries.splice(this.entries.indexOf(entry), 1)
    this.version++
    this.count(entry.bucket, -1)
  }

  clear(): void {
    this.byId.clear()
    this.entries.length = 0
    this.counts.clear()
    this.version++
  }

  /** Up to `count` different ids at random. */
  sample(count: number): PeerId[] {
    const all = this.entries.map(entry => entry.id)
    const chosen = Math.min(count, all.length)
    for (let i = 0; i < chosen; i++) {
      const j = i + below(this.random, all.length - i)
      const swapped = all[i] as PeerId
      all[i] = all[j] as PeerId
      all[j] = swapped
    }
    return all.slice(0, chosen)
  }

  /** How many entries stand before `steps`. */
  private place(steps: number): number {
    let low = 0
    let high = this.entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.entries[middle] as Entry).steps < steps) low = middle + 1
      else high = middle
    }
    return low
  }

  private count(bucket: number, change: number): number {
    const count = (this.counts.get(bucket) ?? 0) + change
    this.counts.set(bucket, count)
    return count
  }

  /** Removes a random id, of one bucket or of any, that is not among the nearest. */
  private evict(bucket: number | undefined): void {
    let from = this.entries.slice(NEAREST, -NEAREST)
    if (bucket !== undefined) from = from.filter(entry => entry.bucket === bucket)
    const victim = from[below(this.random, Math.max(1, from.length))]
    if (victim !== undefined) this.remove(victim.id)
  }
}
