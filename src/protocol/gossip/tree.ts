/**
 * Trees: who gets pushes of a stream and who announcements (Leitão, Pereira & Rodrigues, "Epidemic Broadcast
 * Trees", SRDS 2007). Eager edges are the same in both directions, so that one stream's tree can start another's.
 *
 * A stream nobody has sent before has no tree. It is not flooded: the origin pushes to all its neighbours, which are
 * everybody in a full mesh, and whoever gets it passes it on along the ground tree (ground.ts), leaving out those its
 * sender has pushed to as well. Far from the root, where the ground tree makes detours, the first few links flood instead.
 * Who is left out is announced to, so a wrong guess costs a GRAFT and never a message.
 * @module
 */
import type { LinkId } from '../input.ts'
import { grounded } from './ground.ts'
import type { Neighbour } from './neighbour.ts'
import { graft, prune } from './notices.ts'
import { RangeSet } from './ranges.ts'
import type { GossipState } from './state.ts'
import { type Edge, type Stream, UNTOLD } from './stream.ts'

/**
 * A first message floods the links near its origin, as far as the origin is farther than this from the root: 7 or 42 entries
 * to a tree of 1,000 peers, 42 or 250 to one of 10,000. With 2 arrivals are 5 % sooner and a sender at the rim exceeds
 * 0.3 duplicates per delivery (docs/DECISIONS.md).
 */
const SPREAD_BELOW = 3
/**
 * However far the root is: 250 entries. A graph model of 10,000 peers has duplicates of 0.48 per delivery for senders at the rim
 * with up to seven links flooded, and 0.06 with three; the mean last hop and arrival are the same (docs/DECISIONS.md).
 */
const SPREAD_MOST = 3
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
  return Math.min(SPREAD_MOST, Math.max(1, (ground.beacon?.hops ?? 0) - SPREAD_BELOW))
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
  const edge = stream.edge(link)
  edge.eager = true
  edge.upstream = true
  edge.pruneAfter = 0
}

/**
 * Whether a push comes from somebody who has been asked to stop, sent before it heard that. It is no parent: nothing
 * more will come from there.
 */
export function partedFrom(state: GossipState, stream: Stream, edge: Edge): boolean {
  const parent = stream.parent === undefined ? undefined : state.neighbours.get(stream.parent)
  return state.now < edge.pruneAfter && parent !== undefined && state.usable(parent)
}

function part(state: GossipState, stream: Stream, neighbour: Neighbour): void {
  const edge = stream.edge(neighbour.link)
  edge.eager = false
  edge.upstream = false
  if (state.now < edge.pruneAfter) return
  edge.pruneAfter = state.now + 2 * (neighbour.roundTrip ?? 0) + 10
  prune(state, neighbour, stream)
}

/** Asks a neighbour to be the parent. */
export function adopt(state: GossipState, stream: Stream, neighbour: Neighbour): void {
  setParent(stream, neighbour.link)
  const ranges = new RangeSet()
  // What it passes on before it hears of this, and the parent of before does not pass on any more, would be lost.
  // What others lack as well is asked for by one of them, when it is its turn (heal.ts).
  const backlog = neighbour.offering ? stream.edge(neighbour.link).told.last : undefined
  const first = 1 + Math.max(stream.highest, backlog ?? 0)
  if (stream.received > 0) ranges.add(first, first + state.settings.maxGraft - 1)
  graft(state, neighbour, { stream: stream.id, tree: true, ranges })
}

/** Announcements of this stream go out fast for a while: its tree changes. */
export function hurry(state: GossipState, stream: Stream): void {
  stream.hurryUntil = state.now + HURRY
}

/** How good a parent would be: its hops; unknown counts as a little worse than what this peer had. */
function rank(stream: Stream, edge: Edge | undefined): number {
  return edge === undefined || edge.hops === UNTOLD ? stream.hops + 1.5 : edge.hops
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
  if (stream.parent !== neighbour.link) part(state, stream, neighbour)
}

/** The neighbour takes this peer out of a tree. Another parent, if it was one, is found by its announcements. */
export function pruned(stream: Stream, neighbour: Neighbour): void {
  const edge = stream.edge(neighbour.link)
  edge.eager = false
  edge.upstream = false
  edge.knows = true
  if (stream.parent === neighbour.link) stream.parent = undefined
}

/** The neighbour wants this peer's pushes. If it was the parent, it has lost its own: look elsewhere. */
export function grafted(state: GossipState, stream: Stream, neighbour: Neighbour): void {
  const edge = stream.edge(neighbour.link)
  edge.eager = true
  edge.upstream = false
  edge.knows = true
  if (stream.parent === neighbour.link) orphan(state, stream)
}

/** The parent need not push any more. */
export function leaveParent(state: GossipState, stream: Stream): void {
  const parent = stream.parent === undefined ? undefined : state.neighbours.get(stream.parent)
  stream.parent = undefined
  if (parent !== undefined) part(state, stream, parent)
}
