/**
 * A backlog that many peers lack: after a partition thousands of peers along the healing cut are offered the same
 * messages within a second, and each message should cross the cut once.
 *
 * 1. Who is offered a backlog waits, for a time that few draw short (after Nonnenmacher & Biersack, "Scalable feedback
 *    for large groups", 1999: the number of the first does not depend on how many there are).
 * 2. Whose time is over asks for one of the messages, at random: its claim. It spreads along the trees of this side.
 * 3. Of several claims, all heard by everyone a moment later, the lowest wins; its peer asks for the rest.
 * 4. Who hears repaired messages pass puts its own turn off, but not for ever.
 *
 * A peer to which all its neighbours offer something is behind alone, and asks at once.
 * @module
 */
import { type PeerId, RING, ringDistance } from '../id.ts'
import { below, type Random, unit } from '../random.ts'
import { ASSUMED_ROUND_TRIP } from './config.ts'
import type { Neighbour } from './neighbour.ts'
import { graft } from './notices.ts'
import { RangeSet } from './ranges.ts'
import { graftSoon, wanted } from './repair.ts'
import type { GossipState } from './state.ts'
import type { Edge, Message, Stream } from './stream.ts'
import type { Verifying } from './verifying.ts'

/** The first wait, ms for each power of e of the swarm: of 3,000 = e⁸ peers the last wait 1.5 s, and one does not wait. */
const SPREAD = 190
/** In a swarm no larger everybody asks at once: the few crossings that a claim could save are not worth a wait. */
const FEW = 16
/** In powers of e, how far to go above the estimate of the swarm: so it is seldom that two begin at once. */
const MARGIN = 1
/** So soon after its join a peer has little to catch up with, ms, and the swarm may be as young: it asks at once. */
const YOUNG = 10_000
/** So many ids, the nearest known, tell how dense the ring is. */
const NEAREST = 4
/** No swarm is taken for larger: a neighbour may tell of any ids, and must not make anybody wait for ever. */
const LARGEST = 2 ** 20
/** Until a claim has been heard on its whole side, ms: a flood of 10,000 peers takes 200, and announcements three times that. */
const CLAIM = 600
/** A side is quiet, and somebody else's turn, this long after the last repaired message, ms. */
const QUIET = 500
/** Nobody waits for others any longer than this, ms. */
const PATIENCE = 4000
const NEVER = Number.POSITIVE_INFINITY

/** How often a random share of one halves it: −log2 of it, straight between powers of two, to the same digit everywhere. */
function halvings(random: Random): number {
  const word = random.u32()
  const zeros = Math.clz32(word)
  return zeros + 2 - word / 2 ** (31 - zeros)
}

/** How often one doubles to a number, straight between powers of two as well. */
function doublings(size: number): number {
  const whole = 31 - Math.clz32(size)
  return whole + size / 2 ** whole - 1
}

/** How many peers there are, by how near on the ring the nearest are that this peer knows of. */
function swarmSize({ neighbours, config }: GossipState): number {
  const known = new Map<PeerId, number>()
  for (const { peer, peers } of neighbours.values()) {
    known.set(peer, 0)
    for (const id of peers ?? []) known.set(id, 0)
  }
  known.delete(config.id)
  const distances = [...known.keys()].map(id => ringDistance(config.id, id)).sort((a, b) => a - b)
  const farthest = distances[NEAREST - 1]
  return farthest === undefined ? known.size + 1 : Math.min(LARGEST, (NEAREST * RING) / (2 * farthest))
}

/** A neighbour has what this peer lacks, and others may lack it too. */
export function offered(state: GossipState, neighbour: Neighbour): void {
  const { healing } = state
  neighbour.offering = true
  if (!healing.pending) {
    healing.since = state.now
    healing.claim = undefined
    const size = swarmSize(state)
    const young = state.now - (state.joinedAt ?? state.now) < YOUNG
    if (young || size <= FEW) return askNow(state)
    const wait = SPREAD * (MARGIN + Math.LN2 * (doublings(size) - halvings(state.config.random)))
    actAt(state, state.now + Math.max(0, wait))
  }
  for (const each of state.neighbours.values()) if (!each.offering && !each.suspect) return
  actAt(state, state.now)
}

/** Nobody is waited for. */
function askNow(state: GossipState): void {
  state.healing.since = state.now - PATIENCE
  actAt(state, state.now)
}

function actAt(state: GossipState, at: number): void {
  state.healing.at = at
  state.wake(at)
}

/** A message came that was repaired on its way: somebody is at work. */
export function overheard(state: GossipState, message: Message): void {
  const { healing } = state
  const { claim } = healing
  if (!healing.pending) return
  const { seq, stream } = message
  if (claim === undefined) {
    actAt(state, Math.max(healing.at, Math.min(state.now + QUIET, healing.since + PATIENCE)))
  } else if (stream.id < claim.stream || (stream.id === claim.stream && seq < claim.seq))
    healing.outbid = true
}

/** The timer: a claim, or all the rest, or it is others' turn. */
export function healDue(state: GossipState, verifying: Verifying): void {
  const { healing } = state
  const { random } = state.config
  healing.at = NEVER
  const offers: { readonly stream: Stream; readonly edge: Edge; readonly neighbour: Neighbour }[] = []
  for (const neighbour of state.neighbours.values()) {
    if (!neighbour.offering) continue
    for (const stream of state.streams.byId.values()) {
      const edge = stream.edges.get(neighbour.link)
      if (edge === undefined || stream === state.own) continue
      if (wanted(stream, edge, 1, verifying).count > 0) offers.push({ stream, edge, neighbour })
    }
  }
  const won = healing.claim !== undefined && !healing.outbid
  if (offers.length === 0 || won || state.now - healing.since >= PATIENCE) {
    for (const neighbour of state.neighbours.values()) neighbour.offering = false
    for (const { stream } of offers) graftSoon(state, stream, 0)
    return
  }
  if (healing.claim !== undefined) {
    healing.claim = undefined
    actAt(state, state.now + QUIET * (1 + unit(random)))
    return
  }
  const offer = offers[below(random, offers.length)]
  if (offer === undefined) return
  const { stream, edge, neighbour } = offer
  const wants = wanted(stream, edge, state.settings.maxHeld / 2, verifying)
  const range = below(random, wants.count)
  const seq = wants.start(range) + below(random, wants.end(range) - wants.start(range) + 1)
  const one = new RangeSet()
  one.add(seq)
  graft(state, neighbour, { stream: stream.id, tree: false, ranges: one })
  healing.claim = { stream: stream.id, seq }
  healing.outbid = false
  actAt(state, state.now + CLAIM + 2 * (neighbour.roundTrip ?? ASSUMED_ROUND_TRIP))
}
