/**
 * Whom to ask next: pure choices over what is known.
 * @module
 */
import { bucketOf, type PeerId, RING } from '../id.ts'
import { below, type Random } from '../random.ts'

/** Peers by id, each with where it stands: steps clockwise from this peer. */
export type Known = ReadonlyMap<PeerId, number>

/** Steps from one place to another, clockwise or not; as `clockwise` of id.ts, half a step where ids share a place. */
export function stepsOf(from: number, to: number, forward: boolean): number {
  const steps = forward ? to - from : from - to
  return steps === 0 || steps === RING ? 0.5 : steps < 0 ? steps + RING : steps
}

/** The nearest eligible ids on both sides of a place, clockwise first; one id where both are the same. */
export function nearestKnown(from: number, known: Known, eligible: (peer: PeerId) => boolean): PeerId[] {
  let successor: PeerId | undefined
  let predecessor: PeerId | undefined
  let after = Number.POSITIVE_INFINITY
  let before = Number.POSITIVE_INFINITY
  for (const [peer, at] of known) {
    const forward = stepsOf(from, at, true)
    const backward = stepsOf(from, at, false)
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

/** A known peer and how far it is on the side that was asked about. */
export interface Step {
  readonly peer: PeerId
  readonly distance: number
}

/** The nearest known peer farther than `beyond` on one side of this peer. */
export function nextKnown(known: Known, beyond: number, forward: boolean): Step | undefined {
  let nearest: PeerId | undefined
  let distance = Number.POSITIVE_INFINITY
  for (const [peer, at] of known) {
    const steps = forward ? at : RING - at
    if (steps <= beyond || steps >= distance) continue
    distance = steps
    nearest = peer
  }
  return nearest === undefined ? undefined : { peer: nearest, distance }
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
