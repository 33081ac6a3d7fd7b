/**
 * Peers that have left lately. What others still tell of them is old news for a while; a peer that shows itself
 * again is welcome at once.
 *
 * Invariant: at most {@link MOST_DEPARTED} peers, the longest gone forgotten first.
 * @module
 */
import type { PeerId } from '../id.ts'

/** How long hearsay about a departed peer is not believed, ms: two shuffles, in which the others have heard as well. */
export const GONE_FOR = 60_000
/** Four views: half of a swarm may go at once, and each of it be heard of. */
export const MOST_DEPARTED = 256

export class Departed {
  private readonly until = new Map<PeerId, number>()

  get size(): number {
    return this.until.size
  }

  add(peer: PeerId, now: number): void {
    this.until.delete(peer)
    this.until.set(peer, now + GONE_FOR)
    if (this.until.size <= MOST_DEPARTED) return
    for (const first of this.until.keys()) {
      this.until.delete(first)
      return
    }
  }

  has(peer: PeerId, now: number): boolean {
    const until = this.until.get(peer)
    if (until === undefined) return false
    if (until > now) return true
    this.until.delete(peer)
    return false
  }

  returned(peer: PeerId): void {
    this.until.delete(peer)
  }

  clear(): void {
    this.until.clear()
  }
}
