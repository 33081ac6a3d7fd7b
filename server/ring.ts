/**
 * The members of a swarm in ring order, kept in one sorted array: an insertion moves pointers (5 µs among
 * 10,000), a look-up is a binary search, and the peers of an XOR bucket stand side by side, because they share
 * a prefix. So a sample costs O(log² n + sample), with nothing sorted and nothing scanned.
 *
 * Invariant: `places` ascends by (position, id); no id stands there twice.
 * @module
 */
import { type PeerId, RING } from '../src/signaling/message.ts'

/** Something that stands on the ring. */
export interface Placed {
  readonly id: PeerId
  /** `ringPosition(id)`, computed once. */
  readonly position: number
}

/** Rounds over the buckets before the ring fills what is left of a sample. */
const BUCKET_ROUNDS = 3

export class Ring<T extends Placed> {
  private readonly places: T[] = []

  get size(): number {
    return this.places.length
  }

  /** Adds a member; one of the same id must have been removed before. */
  add(member: T): void {
    this.places.splice(this.indexOf(member), 0, member)
  }

  remove(member: T): void {
    const index = this.indexOf(member)
    if (this.places[index] === member) this.places.splice(index, 1)
  }

  /**
   * At most `limit` members for `self`, who is one: a quarter of them the next on the one side of the ring, a
   * quarter the next on the other, the rest drawn from XOR buckets in random order, one of each in turn.
   * Everybody, when there are no more than that. `random` is uniform in [0, 1).
   */
  sample(self: T, limit: number, random: () => number): T[] {
    const { length } = this.places
    if (length - 1 <= limit) return this.places.filter(member => member !== self)
    const chosen = new Set<T>()
    const at = this.indexOf(self)
    const side = Math.floor(limit / 4)
    for (let step = 1; step <= side; step++) this.addAround(chosen, at, step, limit)
    const buckets = shuffled(this.buckets(self), random)
    for (let round = 0; round < BUCKET_ROUNDS; round++) {
      for (const [from, to] of buckets) {
        const drawn = this.places[from + Math.floor(random() * (to - from))]
        if (drawn !== undefined && chosen.size < limit) chosen.add(drawn)
      }
    }
    for (let step = side + 1; chosen.size < limit; step++) this.addAround(chosen, at, step, limit)
    return [...chosen]
  }

  /** Adds the members `step` places before and after `at`, while there is room. */
  private addAround(chosen: Set<T>, at: number, step: number, limit: number): void {
    const { length } = this.places
    for (const index of [(at + step) % length, (at - step + length) % length]) {
      const member = this.places[index]
      if (member !== undefined && index !== at && chosen.size < limit) chosen.add(member)
    }
  }

  /** The ranges of indexes of each XOR bucket of `self` that has members, the widest first. */
  private buckets(self: T): [number, number][] {
    const ranges: [number, number][] = []
    let base = 0
    let low = 0
    let high = this.places.length
    for (let half = RING / 2; half >= 1 && high - low > 1; half /= 2) {
      const middle = this.lowerBound(base + half, low, high)
      if (self.position >= base + half) {
        if (middle > low) ranges.push([low, middle])
        low = middle
        base += half
      } else {
        if (high > middle) ranges.push([middle, high])
        high = middle
      }
    }
    return ranges
  }

  /** Where a member stands, or would. */
  private indexOf(member: T): number {
    let index = this.lowerBound(member.position, 0, this.places.length)
    for (; index < this.places.length; index++) {
      const place = this.places[index]
      if (place === undefined || place.position !== member.position || place.id >= member.id) break
    }
    return index
  }

  private lowerBound(position: number, low: number, high: number): number {
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.places[middle]?.position ?? RING) < position) low = middle + 1
      else high = middle
    }
    return low
  }
}

function shuffled<E>(entries: E[], random: () => number): E[] {
  for (let i = entries.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const [a, b] = [entries[i], entries[j]]
    if (a !== undefined && b !== undefined) {
      entries[i] = b
      entries[j] = a
    }
  }
  return entries
}
