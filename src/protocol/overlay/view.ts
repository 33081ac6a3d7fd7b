/**
 * The passive view: peers this one knows of (HyParView; Leitão, Pereira & Rodrigues, DSN 2007, §4.1), spread over
 * the XOR distance as k-buckets are (Kademlia, §2.2), with the twelve nearest on the ring kept for the ring slots.
 *
 * Invariant: at most {@link VIEW_SIZE} ids, and of one XOR bucket at most k besides the {@link NEAREST} nearest
 * clockwise and counter-clockwise, which always stay; what is too much loses a random id.
 * @module
 */
import { bucketOf, clockwise, type PeerId } from '../id.ts'
import { below, type Random } from '../random.ts'

/** HyParView's passive view is a small multiple of log n: 64 serves 10⁶ peers. */
export const VIEW_SIZE = 64
/** Kept nearest ids on each side: half the ring neighbourhood may die and one of six still lives with 98 %. */
export const NEAREST = 6

export class PassiveView {
  private readonly self: PeerId
  private readonly random: Random
  private readonly k: number
  private readonly ids = new Set<PeerId>()
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
    return this.ids.size
  }

  has(id: PeerId): boolean {
    return this.ids.has(id)
  }

  [Symbol.iterator](): IterableIterator<PeerId> {
    return this.ids.values()
  }

  add(id: PeerId): void {
    if (id === this.self || this.ids.has(id)) return
    this.ids.add(id)
    this.version++
    const bucket = bucketOf(this.self, id)
    const count = this.count(bucket, 1)
    if (count > this.k) this.evict(bucket)
    if (this.ids.size > VIEW_SIZE) this.evict(undefined)
  }

  remove(id: PeerId): void {
    if (!this.ids.delete(id)) return
    this.version++
    this.count(bucketOf(this.self, id), -1)
  }

  clear(): void {
    this.ids.clear()
    this.counts.clear()
    this.version++
  }

  /** Up to `count` different ids at random. */
  sample(count: number): PeerId[] {
    const all = [...this.ids]
    const chosen = Math.min(count, all.length)
    for (let i = 0; i < chosen; i++) {
      const j = i + below(this.random, all.length - i)
      const swapped = all[i] as PeerId
      all[i] = all[j] as PeerId
      all[j] = swapped
    }
    return all.slice(0, chosen)
  }

  private count(bucket: number, change: number): number {
    const count = (this.counts.get(bucket) ?? 0) + change
    this.counts.set(bucket, count)
    return count
  }

  /** Removes a random id, of one bucket or of any, that is not among the nearest. */
  private evict(bucket: number | undefined): void {
    const byRing = [...this.ids].map(id => ({ id, steps: clockwise(this.self, id) }))
    byRing.sort((a, b) => a.steps - b.steps)
    const rest = byRing.slice(NEAREST, byRing.length - NEAREST)
    const from = bucket === undefined ? rest : rest.filter(({ id }) => bucketOf(this.self, id) === bucket)
    const victim = from[below(this.random, Math.max(1, from.length))]
    if (victim !== undefined) this.remove(victim.id)
  }
}
