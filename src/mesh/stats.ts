/**
 * `stats()`: what the node and the driver count, as one plain object.
 * @module
 */
import type { Drop } from '../protocol/effect.ts'
import type { Node } from '../protocol/node.ts'
import type { MeshStats } from './api.ts'
import type { Driver } from './driver.ts'

/**
 * @param now on the clock that the node is given
 * @param malformed messages that verified and did not decode
 */
export function statsOf(node: Node, driver: Driver, now: number, malformed: number): MeshStats {
  const { gossip, routing, drops } = node.counters
  const byReason: Partial<Record<Drop, number>> = Object.fromEntries(drops)
  if (malformed > 0) byReason.malformed = (byReason.malformed ?? 0) + malformed
  return {
    links: node.links().map(({ link, peer, slot, roundTrip, since, signaledBy, interests, intents }) => ({
      peer,
      interests,
      intents,
      roundTrip,
      ...driver.links.traffic(link),
      path: driver.links.path(link),
      slot,
      signaledBy,
      age: now - since,
    })),
    opening: node.opening,
    total: { ...driver.links.total },
    gossip: {
      sent: gossip.sent,
      delivered: gossip.delivered,
      duplicates: gossip.duplicates,
      retries: gossip.retries,
      grafts: gossip.grafts,
    },
    routing: {
      sent: routing.sent,
      delivered: routing.delivered,
      forwarded: routing.forwarded,
      bounced: routing.bounced,
    },
    drops: byReason,
    signaling: { ...driver.signaling },
    topology: node.topology(),
  }
}
