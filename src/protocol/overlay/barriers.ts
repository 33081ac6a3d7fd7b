/**
 * Peers that signal well and that no direct link comes about with: two symmetric NATs, a network without UDP. They are
 * asked for a relayed link instead (relayed.ts).
 *
 * Invariant: at most {@link MAX_BARRIERS} are remembered; the oldest is forgotten, which costs one dial.
 * @module
 */
import type { PeerId } from '../id.ts'

export const MAX_BARRIERS = 128
/** A direct link is tried again after this long without one, ms: networks change. */
const BARRED_FOR = 600_000

export class Barriers {
  private readonly until = new Map<PeerId, number>()

  get size(): number {
    return this.until.size
  }

  has(peer: PeerId, now: number): boolean {
    return (this.until.get(peer) ?? 0) > now
  }

  /** A dial that was answered came to nothing. True when that is news. */
  raise(peer: PeerId, now: number): boolean {
    const isNews = !this.has(peer, now)
    this.until.delete(peer)
    this.until.set(peer, now + BARRED_FOR)
    if (this.until.size > MAX_BARRIERS) this.until.delete(this.until.keys().next().value as PeerId)
    return isNews
  }

  /** A direct link is up, or this peer's own network has changed. */
  lower(peer: PeerId): void {
    this.until.delete(peer)
  }

  clear(): void {
    this.until.clear()
  }
}
