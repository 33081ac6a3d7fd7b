/**
 * The numbers this peer gives its letters: ascending by one for each receiver, so that the receiver can tell
 * what it has had (seen.ts). Bounded: a receiver that was forgotten goes on above every forgotten number.
 * @module
 */
import type { PeerId } from '../id.ts'

export class Numbers {
  private readonly last = new Map<PeerId, number>()
  private floor = 0
  private readonly max: number

  constructor(max: number) {
    this.max = max
  }

  get size(): number {
    return this.last.size
  }

  /** The highest number that can have been given to this peer. */
  highest(to: PeerId): number {
    return this.last.get(to) ?? this.floor
  }

  next(to: PeerId): number {
    const number = this.highest(to) + 1
    this.last.delete(to)
    this.last.set(to, number)
    if (this.last.size > this.max)
      for (const [oldest, highest] of this.last) {
        this.floor = Math.max(this.floor, highest)
        this.last.delete(oldest)
        break
      }
    return number
  }
}
