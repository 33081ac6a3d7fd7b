/**
 * Trees: who gets pushes of a stream and who announcements (Leitão, Pereira & Rodrigues, "Epidemic Broadcast
 * Trees", SRDS 2007). Eager edges are the same in both directions, so that one stream's tree can start another's.
 *
 * A stream nobody has sent before has no tree. It is not flooded:
 * 1. In a full mesh, as far as the origin can see, the origin pushes to everyone and nobody passes it on.
 * 2. Otherwise the origin names its most established stream as a hint, and whoever has a tree of that begins
 *    with its eager edges.
 * 3. Without one, links are skipped whose peer is a neighbour of the peer it came from, or the origin.
 * Who is skipped is announced to, so a wrong guess costs a GRAFT and never a message.
 * @module
 */
import type { LinkId } from '../input.ts'
import { grounded } from './ground.ts'
import type { Neighbour } from './neighbour.ts'
import { graft, prune } from './notices.ts'
import { MAX_SPREAD } from './push.ts'
import { RangeSet } from './ranges.ts'
import type { GossipState } from './state.ts'
import type { Edge, Stream } from './stream.ts'

const NOTHING = new RangeSet()
/** A first message floods the links near its origin, as far as the origin is farther than this from the root. */
const SPREAD_BELOW = 3
/** A graft that worked is over within two or three rounds of announcements. */
const HURRY = 3000

/**
 * Begins the tree of this peer's own stream: everybody near gets it at once, those beyond by the ground tree.
 * Returns the `spread` of its first message.
 */
export function seedOwn(state: GossipState): number {
  const { own, ground } = state
  own.seeded = true
  for (const neighbour of state.neighbours.values()) own.edge(neighbour.link).eager = true
  return Math.min(MAX_SPREAD, Math.max(1, (ground.beacon?.hops ?? 0) - SPREAD_BELOW))
}

/** Begins the tree of a stream whose first message came from `from`; `spread` as it had it. Returns it for the next. */
export function seed(
  state: GossipState,
  stream: Stream,
  from: Neighbour | undefined,
  spread: number,
): number {
  stream.seeded = true
  const flood = spread > 1 || !state.ground.stands
  for (const neighbour of state.neighbours.values()) {
    if (neighbour === from || neighbour.peer === stream.origin) continue
    // It has heard of the stream: it has a parent of its own, or has asked this peer to be one.
    if (stream.edges.get(neighbour.link)?.knows === true) continue
    // The sender has pushed to it as well.
    if (spread > 0 && from?.peers?.has(neighbour.peer) === true) continue
    if (flood || grounded(state, neighbour)) stream.edge(neighbour.link).eager = true
  }
  return flood ? Math.max(1, spread - 1) : 0
}

/** Gets the stream over this link from now on. */
export function setParent(stream: Stream, link: LinkId): void {
  if (stream.parent !== link) stream.parentSeq = 0
  stream.parent = link
  stream.edge(link).eager = true
}

/** Asks a neighbour to be the parent. */
export function adopt(state: GossipState, stream: Stream, neighbour: Neighbour): void {
  setParent(stream, neighbour.link)
  graft(state, neighbour, { stream: stream.id, tree: true, ranges: NOTHING })
}

/** Announcements of this stream go out fast for a while: its tree changes. */
export function hurry(state: GossipState, stream: Stream): void {
  stream.hurryUntil = state.now + HURRY
}

/** How good a parent would be: its hops; unknown counts as a little worse than what this peer had. */
function rank(stream: Stream, edge: Edge | undefined): number {
  return edge === undefined || edge.hops === Number.POSITIVE_INFINITY ? stream.hops + 1.5 : edge.hops
}

/**
 * Finds a new parent at once. Children are no candidates: what they have comes from here, and when they find
 * another way they push it back. A candidate at more hops than this peer may be a descendant; it is the last choice,
 * and a wrong one is repaired by the next announcement.
 */
export function orphan(state: GossipState, stream: Stream): void {
  stream.parent = undefined
  if (stream === state.own) return
  let best: Neighbour | undefined
  let bestRank = Number.POSITIVE_INFINITY
  for (const neighbour of state.neighbours.values()) {
    const edge = stream.edges.get(neighbour.link)
    if (!state.usable(neighbour) || edge?.eager === true) continue
    const here = rank(stream, edge)
    if (here < bestRank) {
      best = neighbour
      bestRank = here
    }
  }
  if (best !== undefined) adopt(state, stream, best)
}

/** A duplicate came along the tree: this link is one too many, unless it is the parent's. */
export function redundant(state: GossipState, stream: Stream, neighbour: Neighbour): void {
  if (stream.parent === neighbour.link) return
  const edge = stream.edge(neighbour.link)
  edge.eager = false
  if (state.now < edge.pruneAfter) return
  edge.pruneAfter = state.now + 2 * (neighbour.roundTrip ?? 0) + 10
  prune(state, neighbour, stream)
}

/** The neighbour takes this peer out of a tree. Another parent, if it was one, is found by its announcements. */
export function pruned(stream: Stream, neighbour: Neighbour): void {
  const edge = stream.edge(neighbour.link)
  edge.eager = false
  edge.knows = true
  if (stream.parent === neighbour.link) stream.parent = undefined
}

/** The neighbour wants this peer's pushes. If it was the parent, it has lost its own: look elsewhere. */
export function grafted(state: GossipState, stream: Stream, neighbour: Neighbour): void {
  const edge = stream.edge(neighbour.link)
  edge.eager = true
  edge.knows = true
  if (stream.parent === neighbour.link) orphan(state, stream)
}

/** An announcement shows a way that is clearly shorter than the parent's: take it. */
export function optimize(state: GossipState, stream: Stream, neighbour: Neighbour, hops: number): void {
  const parent = stream.parent === undefined ? undefined : state.neighbours.get(stream.parent)
  const { optimizationThreshold, optimizationPause } = state.settings
  if (parent === undefined || parent === neighbour || state.now < stream.optimizeAfter) return
  if (hops + 1 + optimizationThreshold > stream.hops || !state.usable(neighbour)) return
  stream.optimizeAfter = state.now + optimizationPause
  adopt(state, stream, neighbour)
  // Until the next message shows it, the new depth is what the announcement promised.
  stream.hops = hops + 1
  stream.edge(parent.link).eager = false
  prune(state, parent, stream)
}
