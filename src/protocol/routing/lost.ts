/**
 * Peers whose link has died in silence: for a while, who asks for one of them is told at once that it is not to be had, and no
 * letter walks around the place that it has left.
 *
 * Only what this peer has seen itself counts, so that nobody can slander another. At most {@link MOST_LOST} are remembered, the
 * latest.
 * @module
 */
import type { PeerId } from '../id.ts'

/** Milliseconds; a dial, and the two asks after it (1 and 2 s of backoff), find it out anew. */
const LOST_FOR = 10_000
/** Eight tables of the default size. */
export const MOST_LOST = 64

export class Lost {
  private readonly until = new Map<PeerId, number>()

  get size(): number {
    return this.until.size
  }

  add(peer: PeerId, now: number): void {
    this.until.delete(peer)
    this.until.set(peer, now + LOST_FOR)
    if (this.until.size > MOST_LOST) this.until.delete(this.until.keys().next().value as PeerId)
  }

  has(peer: PeerId, now: number): boolean {
    return (this.until.get(peer) ?? 0) > now
  }

  /** It has shown itself. */
  found(peer: PeerId): void {
    this.until.delete(peer)
  }

  clear(): void {
    this.until.clear()
  }
}
