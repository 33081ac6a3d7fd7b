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

/** Refusals for want of a common neighbour after which a direct link is tried again: the barrier may have been a slow minute. */
const MOST_REFUSALS = 6

interface Barrier {
  readonly until: number
  refusals: number
}

export class Barriers {
  private readonly entries = new Map<PeerId, Barrier>()

  get size(): number {
    return this.entries.size
  }

  has(peer: PeerId, now: number): boolean {
    return (this.entries.get(peer)?.until ?? 0) > now
  }

  /** A dial that was answered came to nothing. True when that is news. */
  raise(peer: PeerId, now: number): boolean {
    const isNews = !this.has(peer, now)
    this.entries.delete(peer)
    this.entries.set(peer, { until: now + BARRED_FOR, refusals: 0 })
    if (this.entries.size > MAX_BARRIERS) this.entries.delete(this.entries.keys().next().value as PeerId)
    return isNews
  }

  /** A direct link is up, or this peer's own network has changed. */
  lower(peer: PeerId): void {
    this.entries.delete(peer)
  }

  /** There is no relay that both could use. */
  noRelay(peer: PeerId): void {
    const barrier = this.entries.get(peer)
    if (barrier !== undefined && ++barrier.refusals >= MOST_REFUSALS) this.entries.delete(peer)
  }

  clear(): void {
    this.entries.clear()
  }
}
