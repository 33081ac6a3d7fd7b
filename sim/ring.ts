/**
 * Whether the ring is whole, seen from above: every live peer linked with the live peer that follows it in id
 * order. Links count when both ends call them up, so a whole ring is a symmetric one.
 * @module
 */
import { ringPosition } from '../src/protocol/id.ts'
import { islands, neighbourOver } from './graph.ts'
import { InvariantViolation } from './invariant.ts'
import type { SimOptions } from './options.ts'
import type { Peer } from './peer.ts'

/** A place where the ring is broken: two live peers that follow each other and have no link. */
export interface RingFault {
  readonly peer: Peer
  readonly next: Peer
}

/** Peers in the order of the ring. */
export function inRingOrder(peers: readonly Peer[]): Peer[] {
  const placed = peers.map(peer => ({ peer, at: ringPosition(peer.id) }))
  placed.sort((a, b) => a.at - b.at)
  return placed.map(({ peer }) => peer)
}

/** Where the ring of these live peers is broken; nowhere once they have had time to link and nobody comes or goes. */
export function ringFaults(peers: readonly Peer[]): RingFault[] {
  const ring = inRingOrder(peers)
  const faults: RingFault[] = []
  // Two peers have one link between them, not two.
  const pairs = ring.length < 3 ? ring.length - 1 : ring.length
  for (let i = 0; i < pairs; i++) {
    const peer = ring[i] as Peer
    const next = ring[(i + 1) % ring.length] as Peer
    if (!linked(peer, next)) faults.push({ peer, next })
  }
  return faults
}

/** Whether nothing that a run is made of keeps two peers from linking or packets from arriving. */
export function everybodyReachesEverybody(options: SimOptions): boolean {
  const { nat, unreachable, connectFailure, loss, oneWay, silent, tampering } = options
  return nat + unreachable + connectFailure + loss + oneWay + silent + tampering === 0
}

/** Upholds `ring`, for whoever knows that nothing happens any more. */
export function checkRing(peers: readonly Peer[], now: number): void {
  const apart = peers.some(({ side, frozenUntil }) => side !== peers[0]?.side || frozenUntil > now)
  if (apart || islands(peers) !== 1) return
  const [fault] = ringFaults(peers)
  if (fault === undefined) return
  const detail = `followed by peer ${fault.next.index}, without a link between them`
  throw new InvariantViolation('ring', fault.peer.index, now, detail)
}

/** Neighbours on the ring that `canLink` says cannot be linked directly. */
export function barredPairs(peers: readonly Peer[], canLink: (a: Peer, b: Peer) => boolean): number {
  const ring = inRingOrder(peers)
  const pairs = ring.length < 3 ? ring.length - 1 : ring.length
  let count = 0
  for (let i = 0; i < pairs; i++) if (!canLink(ring[i] as Peer, ring[(i + 1) % ring.length] as Peer)) count++
  return count
}

function linked(a: Peer, b: Peer): boolean {
  for (const endpoint of a.endpoints.values()) if (neighbourOver(endpoint) === b) return true
  return false
}
