/**
 * The passive view: peers this one knows of and is not linked to (HyParView; Leitão, Pereira & Rodrigues,
 * DSN 2007, §4.1), with the twelve nearest on the ring kept for the ring slots.
 *
 * Invariant: at most {@link VIEW_SIZE} ids, the {@link NEAREST} nearest clockwise and counter-clockwise among
 * them; when it is full a random other id makes room.
 * @module
 */
import { clockwise, type PeerId } from '../id.ts'
import { below, type Random } from '../random.ts'

/** HyParView's passive view is a small multiple of log n: 64 serves 10⁶ peers. */
export const VIEW_SIZE = 64
/** Kept nearest ids on each side: half the ring neighbourhood may die and one of six still lives with 98 %. */
export const NEAREST = 6

export class PassiveView {
  private readonly self: PeerId
  private readonly random: Random
  private readonly ids = new Set<PeerId>()
  /** Grows with every change. */
  version = 0

  constructor(self: PeerId, random: Random) {
    this.self = self
    this.random = random
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
    if (this.ids.size > VIEW_SIZE) this.evict()
  }

  remove(id: PeerId): void {
    if (this.ids.delete(id)) this.version++
  }

  clear(): void {
    this.ids.clear()
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

  private evict(): void {
    const byRing = [...this.ids].sort((a, b) => clockwise(this.self, a) - clockwise(this.self, b))
    const rest = byRing.slice(NEAREST, byRing.length - NEAREST)
    const victim = rest[below(this.random, rest.length)]
    if (victim !== undefined) this.ids.delete(victim)
  }
}
