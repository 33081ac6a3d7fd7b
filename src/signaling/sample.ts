/**
 * Which peers of a swarm a newcomer is told of, where the whole swarm is known: the nearest on both sides of the ring, then
 * one of each XOR bucket, the widest first, then whoever is left.
 * @module
 */
import { bucketOf, clockwise, type PeerId } from '../protocol/id.ts'

/** Peers of one sample: as the server's default. */
const SAMPLE = 16
/** Of them, the nearest on each side of the ring. */
const RING_SIDE = 4

/** At most 16 of `peers`, of which none is `self`; they are put in ring order. */
export function sampleOf<P extends { readonly id: PeerId }>(self: PeerId, peers: P[]): P[] {
  peers.sort((a, b) => clockwise(self, a.id) - clockwise(self, b.id))
  const chosen = new Set([...peers.slice(0, RING_SIDE), ...peers.slice(-RING_SIDE)])
  const byBucket = [...peers].sort((a, b) => bucketOf(self, a.id) - bucketOf(self, b.id))
  let bucket = -1
  for (const peer of byBucket) {
    if (chosen.size >= SAMPLE) break
    if (bucketOf(self, peer.id) === bucket) continue
    bucket = bucketOf(self, peer.id)
    chosen.add(peer)
  }
  for (const peer of peers) if (chosen.size < SAMPLE) chosen.add(peer)
  return [...chosen]
}
