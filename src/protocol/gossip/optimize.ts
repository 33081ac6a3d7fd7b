/**
 * Trees improve: a neighbour that would have brought a message clearly sooner takes the parent's place.
 *
 * The change waits for its moment. PRUNE is a way long under way to the present parent, and what that pushes before it
 * hears of it takes another: a message that comes within this round trip comes from the new parent as well. So parents
 * are changed right after a message has come, when the next is farther off than that, or when the stream has paused.
 * Meanwhile a better candidate may come, and spares a change.
 * @module
 */

import type { LinkId } from '../input.ts'
import { ASSUMED_ROUND_TRIP } from './config.ts'
import type { Neighbour } from './neighbour.ts'
import type { GossipState } from './state.ts'
import type { Edge, Message, Stream, Swap } from './stream.ts'
import { adopt, leaveParent } from './tree.ts'

const NEVER = Number.POSITIVE_INFINITY
/**
 * Links jitter. Each change of parent doubles what the next must gain, from so small a part of the threshold that a young
 * tree has its few changes for nothing; less so with every message, and not at all any more after so many.
 */
const FREE = 1 / 8
const RESTED = 64

/** A stream pauses when nothing came for this long, and for twice as long as between its last messages, ms. */
const QUIET = 150
/**
 * A stream that is too quick and does not pause gets its better parent after this, ms, at a duplicate for each message under
 * way. With a second, 200 peers had messages 30 ms apart a quarter later (docs/DECISIONS.md); a file's worth of a burst is over.
 */
const PATIENCE = 150
/** Messages so close that this many fit into a round trip wait for a pause; one to three duplicates are worth being quicker. */
const TOO_MANY = 4

/**
 * A neighbour has announced a message that is here: would it have come clearly sooner from there? Then that
 * neighbour is the better parent. What came here by repair is no measure of the parent.
 *
 * Who is fed by this peer has everything later than this peer and never qualifies, so there are no loops.
 */
export function optimize(state: GossipState, message: Message, neighbour: Neighbour, edge: Edge): void {
  const { stream, seq } = message
  const parent = stream.parent === undefined ? undefined : state.neighbours.get(stream.parent)
  if (message.late || parent === undefined || parent === neighbour || !state.usable(neighbour)) return
  const gain = message.came - edge.toldAt
  // What came before the last change is measured against the parent of today, not the one of then.
  const known = seq <= stream.swapSeq ? stream.swapGain : 0
  // Where checks wait for each other, which copy came first says as little.
  const check = message.at - message.came
  if (gain - known < check + Math.max(state.settings.optimizationThreshold, needed(stream))) return
  const { swap } = stream
  if (swap?.from === parent.link && swap.gain >= gain) return
  stream.swap = { from: parent.link, to: neighbour.link, gain, since: swap?.since ?? state.now }
  swapDue(state, stream)
}

function needed(stream: Stream): number {
  return stream.swapNeeds * Math.max(0, 1 - (stream.highest - stream.swapSeq) / RESTED)
}

function roundTripTo({ neighbours }: GossipState, link: LinkId): number {
  return neighbours.get(link)?.roundTrip ?? ASSUMED_ROUND_TRIP
}

/** Changes the parent now if nothing is expected from it within a round trip, or looks again later. */
export function swapDue(state: GossipState, stream: Stream): void {
  const { swap, cameAt, pace } = stream
  stream.swapAt = NEVER
  if (swap === undefined) return
  const quietAt = cameAt + Math.max(QUIET, 2 * pace)
  if (state.now >= quietAt || state.now + roundTripTo(state, swap.from) < cameAt + 0.75 * pace) {
    change(state, stream, swap)
    return
  }
  stream.swapAt = quietAt
  state.wakeStream(stream, quietAt)
}

/** A message has come along the tree: most of the time until the next one lies ahead. */
export function keptPace(state: GossipState, { stream, came }: Message): void {
  const gap = came - stream.cameAt
  // Of a sender that speaks up again after a pause more may follow as fast as before it.
  stream.pace = Math.min(gap, stream.gap)
  stream.gap = gap
  stream.cameAt = came
  const { swap } = stream
  if (swap === undefined) return
  if (TOO_MANY * stream.pace > roundTripTo(state, swap.from) || state.now >= swap.since + PATIENCE)
    change(state, stream, swap)
}

function change(state: GossipState, stream: Stream, { from, to, gain }: Swap): void {
  stream.swap = undefined
  const neighbour = state.neighbours.get(to)
  if (stream.parent !== from || neighbour === undefined || !state.usable(neighbour)) return
  // It has come to be fed from here.
  if (stream.edges.get(to)?.eager === true) return
  const needs = needed(stream)
  stream.swapSeq = stream.highest
  stream.swapGain = gain
  stream.swapNeeds = 2 * Math.max(state.settings.optimizationThreshold * FREE, needs)
  leaveParent(state, stream)
  adopt(state, stream, neighbour)
}

/** A message comes that neighbours had announced before: the first of them would have been the quickest. */
export function announcedBefore(state: GossipState, message: Message): void {
  const { stream, seq } = message
  let best: Edge | undefined
  for (const edge of stream.edges.values()) {
    if (edge.toldSeq === seq && !edge.eager && (best === undefined || edge.toldAt < best.toldAt)) best = edge
  }
  const neighbour = best && state.neighbours.get(best.link)
  if (best !== undefined && neighbour !== undefined) optimize(state, message, neighbour, best)
}
