/**
 * `stats()`: what the node and the driver count, as one plain object.
 * @module
 */
import type { Drop } from '../protocol/effect.ts'
import type { Node } from '../protocol/node.ts'
import type { MeshStats } from './api-stats.ts'
import type { Driver } from './driver.ts'

/**
 * @param now on the clock that the node is given
 * @param malformed messages that verified and did not decode
 * @param addressBook peers in the address book
 */
export function statsOf(
  node: Node,
  driver: Driver,
  now: number,
  malformed: number,
  addressBook: number,
): MeshStats {
  const { gossip, routing, circuits, drops } = node.counters
  const byReason: Partial<Record<Drop, number>> = Object.fromEntries(drops)
  if (malformed > 0) byReason.malformed = (byReason.malformed ?? 0) + malformed
  return {
    links: node
      .links()
      .map(({ link, peer, slot, roundTrip, since, relayed, signaledBy, interests, intents }) => ({
        peer,
        interests,
        intents,
        roundTrip,
        ...(node.traffic(link) ?? driver.links.traffic(link)),
        path: relayed ? 'relayed' : driver.links.path(link),
        seen: driver.links.seen(link),
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
    relay: {
      own: circuits.ends,
      carried: circuits.relayed,
      bytes: circuits.relayedBytes,
      refused: circuits.refused,
    },
    drops: byReason,
    signaling: { ...driver.signaling },
    addressBook,
    topology: node.topology(),
  }
}
