/**
 * Peers that signal well and that no direct link comes about with: two symmetric NATs, a network without UDP. They are
 * asked for a relayed link instead (relayed.ts).
 *
 * Invariants: at most {@link MAX_BARRIERS} are remembered, of each {@link MOST_SPOILED} relays; the oldest is forgotten, which costs
 * one dial.
 * @module
 */
import type { PeerId } from '../id.ts'

export const MAX_BARRIERS = 128
/** A direct link is tried again after this long without one, ms: networks change. */
const BARRED_FOR = 600_000

/** Refusals for want of a common neighbour after which a direct link is tried again: the barrier may have been a slow minute. */
const MOST_REFUSALS = 6

/** Relays that are passed over for a peer: as many as a table of the default size has. */
const MOST_SPOILED = 8

interface Barrier {
  readonly until: number
  refusals: number
  /** Relays by which a link to the peer came to nothing or fell silent. */
  readonly spoiled: PeerId[]
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
    const before = this.entries.get(peer)
    const isNews = !this.has(peer, now)
    this.entries.delete(peer)
    const spoiled = isNews || before === undefined ? [] : before.spoiled
    this.entries.set(peer, { until: now + BARRED_FOR, refusals: 0, spoiled })
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

  /** A link to the peer by this relay was none. True where there is a barrier. */
  spoil(peer: PeerId, relay: PeerId): boolean {
    const spoiled = this.entries.get(peer)?.spoiled
    if (spoiled === undefined) return false
    if (!spoiled.includes(relay) && spoiled.push(relay) > MOST_SPOILED) spoiled.shift()
    return true
  }

  spoils(peer: PeerId, relay: PeerId): boolean {
    return this.entries.get(peer)?.spoiled.includes(relay) === true
  }

  clear(): void {
    this.entries.clear()
  }
}
