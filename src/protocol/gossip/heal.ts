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
import { below, type Random, unit } from '../random.ts'
import { ASSUMED_ROUND_TRIP } from './config.ts'
import type { Neighbour } from './neighbour.ts'
import { graft } from './notices.ts'
import { RangeSet } from './ranges.ts'
import { graftSoon, wanted } from './repair.ts'
import type { GossipState } from './state.ts'
import type { Edge, Message, Stream } from './stream.ts'
import type { Verifying } from './verifying.ts'

/** The longest first wait, ms, and how steeply fewer peers draw a shorter one: e⁸ = 3,000 peers, and one has none. */
const SPREAD = 1500
const STEEPNESS = 8
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

/** A neighbour has what this peer lacks, and others may lack it too. */
export function offered(state: GossipState, neighbour: Neighbour): void {
  const { healing } = state
  neighbour.offering = true
  if (!healing.pending) {
    healing.since = state.now
    healing.claim = undefined
    actAt(state, state.now + SPREAD * Math.max(0, 1 - (Math.LN2 * halvings(state.config.random)) / STEEPNESS))
  }
  for (const each of state.neighbours.values()) if (!each.offering && !each.suspect) return
  actAt(state, healing.since - PATIENCE)
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
