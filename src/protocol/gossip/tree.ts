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
import { ESTABLISHED } from './config.ts'
import type { Neighbour } from './neighbour.ts'
import { graft, prune } from './notices.ts'
import { RangeSet } from './ranges.ts'
import type { GossipState } from './state.ts'
import type { Edge, Message, Stream } from './stream.ts'

const NOTHING = new RangeSet()
/** A stream silent for longer is not used as a hint while a livelier one is there. */
const HINT_FRESH = 60_000
/** A graft that worked is over within two or three rounds of announcements. */
const HURRY = 3000

function hasEager(state: GossipState, stream: Stream): boolean {
  for (const edge of stream.edges.values()) {
    if (edge.eager && state.neighbours.has(edge.link)) return true
  }
  return false
}

/** The stream whose tree is the best to begin with, if there is one. */
export function chooseHint(state: GossipState, besides: Stream): Stream | undefined {
  let best: Stream | undefined
  let bestRank = -1
  for (const stream of state.streams.byId.values()) {
    if (stream === besides || stream.received === 0 || !hasEager(state, stream)) continue
    const fresh = state.now - stream.activeAt < HINT_FRESH ? 1 : 0
    const rank = fresh * 16 + Math.min(stream.received, ESTABLISHED)
    if (rank > bestRank || (rank === bestRank && stream.activeAt > (best as Stream).activeAt)) {
      best = stream
      bestRank = rank
    }
  }
  return best
}

/** Every neighbour has told its neighbours, and they are ours. */
function isFullMesh(state: GossipState): boolean {
  const peers = new Set<string>([state.config.id])
  for (const neighbour of state.neighbours.values()) peers.add(neighbour.peer)
  for (const neighbour of state.neighbours.values()) {
    if (neighbour.peers === undefined) return false
    for (const peer of neighbour.peers) if (!peers.has(peer)) return false
  }
  return true
}

/** Begins the tree of this peer's own stream. Returns the hint to send along, or 0. */
export function seedOwn(state: GossipState): number {
  const own = state.own
  own.seeded = true
  const hint = isFullMesh(state) ? undefined : chooseHint(state, own)
  for (const neighbour of state.neighbours.values()) {
    if (hint === undefined || hint.edges.get(neighbour.link)?.eager === true) {
      own.edge(neighbour.link).eager = true
    }
  }
  return hint?.id ?? 0
}

/** Begins the tree of a stream whose first message came from `from`, with the eager edges of `hint` if it is known. */
export function seed(
  state: GossipState,
  stream: Stream,
  from: Neighbour | undefined,
  hint: Stream | undefined,
): void {
  stream.seeded = true
  for (const neighbour of state.neighbours.values()) {
    if (neighbour === from || neighbour.peer === stream.origin) continue
    const edge = stream.edges.get(neighbour.link)
    // It has heard of the stream: it has a parent of its own, or has asked this peer to be one.
    if (edge?.knows === true) continue
    const eager =
      hint !== undefined
        ? hint.edges.get(neighbour.link)?.eager === true
        : from?.peers === undefined || !from.peers.has(neighbour.peer)
    if (eager) stream.edge(neighbour.link).eager = true
  }
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
  const gain = message.at - edge.toldAt
  // What came before the last change is measured against the parent of today, not the one of then.
  const known = seq <= stream.swapSeq ? stream.swapGain : 0
  if (gain - known < state.settings.optimizationThreshold) return
  stream.swapSeq = stream.highest
  stream.swapGain = gain
  adopt(state, stream, neighbour)
  stream.edge(parent.link).eager = false
  prune(state, parent, stream)
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
