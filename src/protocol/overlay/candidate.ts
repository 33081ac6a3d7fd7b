/**
 * Whom to ask next: pure choices over what is known.
 * @module
 */
import { bucketOf, clockwise, type PeerId } from '../id.ts'
import { below, type Random } from '../random.ts'

/** The nearest eligible ids clockwise and counter-clockwise; one id where both are the same. */
export function nearestKnown(
  self: PeerId,
  known: Iterable<PeerId>,
  eligible: (peer: PeerId) => boolean,
): PeerId[] {
  let successor: PeerId | undefined
  let predecessor: PeerId | undefined
  let after = Number.POSITIVE_INFINITY
  let before = Number.POSITIVE_INFINITY
  for (const peer of known) {
    const forward = clockwise(self, peer)
    const backward = clockwise(peer, self)
    if (forward >= after && backward >= before) continue
    if (!eligible(peer)) continue
    if (forward < after) {
      after = forward
      successor = peer
    }
    if (backward < before) {
      before = backward
      predecessor = peer
    }
  }
  const chosen: PeerId[] = []
  if (successor !== undefined) chosen.push(successor)
  if (predecessor !== undefined && predecessor !== successor) chosen.push(predecessor)
  return chosen
}

/** A peer of a uniformly drawn XOR bucket that has no link yet; of any bucket where all have one. */
export function chooseBucketPeer(
  self: PeerId,
  known: Iterable<PeerId>,
  free: (peer: PeerId) => boolean,
  occupied: ReadonlySet<number>,
  random: Random,
): PeerId | undefined {
  const buckets = new Map<number, PeerId[]>()
  for (const peer of known) {
    if (!free(peer)) continue
    const bucket = bucketOf(self, peer)
    const held = buckets.get(bucket)
    if (held === undefined) buckets.set(bucket, [peer])
    else held.push(peer)
  }
  const empty = [...buckets].filter(([bucket]) => !occupied.has(bucket))
  const from = empty.length > 0 ? empty : [...buckets]
  const drawn = from[below(random, Math.max(1, from.length))]
  if (drawn === undefined) return undefined
  return drawn[1][below(random, drawn[1].length)]
}
