/**
 * What goes to a neighbour in batches: acks for what it pushed, announcements (IHAVE) of what it may lack,
 * prunes. Acks and ripe announcements travel with any other frame of the turn, because the driver puts the
 * frames of a turn into one packet.
 * @module
 */
import { jitter } from '../random.ts'
import { MAX_DIGEST } from '../wire/limits.ts'
import { ASSUMED_ROUND_TRIP } from './config.ts'
import {
  type Entry,
  encodeAck,
  encodeGraft,
  encodeIhave,
  encodePrune,
  type GraftEntry,
  type TallyEntry,
  writeTally,
} from './control.ts'
import { flushTells, reconsider, tell as tellDeclines, unsettled } from './declines.ts'
import type { Neighbour } from './neighbour.ts'
import { RangeSet } from './ranges.ts'
import type { GossipState } from './state.ts'
import type { Message, Stream } from './stream.ts'
import { withhold } from './withhold.ts'

/** Acks that do not wait for company any longer: a third of a packet. */
const MAX_ACKS = 256
/** Bytes of reports that do not wait any longer: the same. */
const MAX_REPORTS = 4096
const NEVER = Number.POSITIVE_INFINITY

export function ackLater(
  state: GossipState,
  neighbour: Neighbour,
  stream: number,
  seq: number,
  hops: number,
): void {
  neighbour.ackStreams.push(stream)
  neighbour.ackSeqs.push(seq)
  const { promptAckDelay, ackDelay } = state.settings
  const at = state.now + (hops === 1 ? promptAckDelay : ackDelay)
  if (at < neighbour.ackAt) {
    neighbour.ackAt = at
    state.wake(at)
  }
  if (neighbour.ackStreams.length >= MAX_ACKS) flushAcks(state, neighbour)
}

export function flushAcks(state: GossipState, neighbour: Neighbour): void {
  neighbour.ackAt = NEVER
  if (neighbour.ackStreams.length === 0) return
  // Of one or two streams as a rule: no map.
  const entries: Entry[] = []
  for (let i = 0; i < neighbour.ackStreams.length; i++) {
    const stream = neighbour.ackStreams[i] as number
    let at = 0
    while (at < entries.length && entries[at]?.stream !== stream) at++
    if (at === entries.length) entries.push({ stream, ranges: new RangeSet() })
    addAround((entries[at] as Entry).ranges, state.streams.byId.get(stream), neighbour.ackSeqs[i] as number)
  }
  shorten(neighbour.ackStreams, 0)
  shorten(neighbour.ackSeqs, 0)
  state.counters.acks++
  state.send(neighbour, encodeAck(entries))
}

/** Everything without a gap around `seq`: an ack that was lost is made good by the next one. */
function addAround(ranges: RangeSet, stream: Stream | undefined, seq: number): void {
  if (stream === undefined || !stream.seen(seq)) ranges.add(seq)
  else if (seq < stream.next) ranges.add(...stream.around(seq))
  else {
    const index = stream.above.at(seq)
    ranges.add(stream.above.start(index), stream.above.end(index))
  }
}

/** Acks at the end of this turn. */
export function ackNow(state: GossipState, neighbour: Neighbour, stream: number, seq: number): void {
  ackLater(state, neighbour, stream, seq, 1)
  touch(state, neighbour)
}

/** Reports receipts of a message at `at`, or with whatever goes to the neighbour before. */
export function reportLater(
  state: GossipState,
  neighbour: Neighbour,
  { stream, hops, seq }: Pick<TallyEntry, 'stream' | 'hops' | 'seq'>,
  count: number,
  kind: number,
  at = state.now + state.settings.promptAckDelay,
): void {
  const { tallies } = neighbour
  writeTally(tallies, stream, hops, seq, count, kind)
  if (at < neighbour.tallyAt) {
    neighbour.tallyAt = at
    state.wake(at)
  }
  if (at <= state.now) touch(state, neighbour)
  if (tallies.length > MAX_REPORTS) flushTallies(state, neighbour)
}

export function flushTallies(state: GossipState, neighbour: Neighbour): void {
  neighbour.tallyAt = NEVER
  if (neighbour.tallies.length > 0) state.send(neighbour, neighbour.tallies.finish())
}

/** Announces a message in time: soon while its tree is young or in trouble, at leisure while it works. */
export function announceLater(state: GossipState, neighbour: Neighbour, message: Message, at?: number): void {
  if (message.hops >= state.settings.maxHops || withhold(state, neighbour, message)) return
  neighbour.digest.push(message)
  const { digestDelay, calmDigestDelay } = state.settings
  const { stream } = message
  const hurry = stream.received <= 1 || state.now < Math.max(stream.hurryUntil, state.hurryUntil)
  // Spread, so that of two lazy neighbours one speaks first and the other need not.
  const delay = hurry ? digestDelay : calmDigestDelay
  // While a cut heals, everybody on this side should know at once what has come.
  if (message.late && state.healing.pending) at = state.now
  const due = at ?? state.now + jitter(state.config.random, delay, 0.5)
  neighbour.digestDue.push(due)
  const ripe = at ?? state.now + delay * 0.35
  neighbour.digestRipe.push(ripe)
  if (ripe < neighbour.ripeAt) neighbour.ripeAt = ripe
  if (due < neighbour.digestAt) {
    neighbour.digestAt = due
    state.wake(due)
  }
  if (neighbour.digest.length >= MAX_DIGEST) flushDigest(state, neighbour, NEVER)
}

/** A neighbour that is known to have a message is told of it only if it would have had it clearly sooner from here. */
export function worthTelling(state: GossipState, neighbour: Neighbour, message: Message): boolean {
  const edge = message.stream.edges.get(neighbour.link)
  if (edge === undefined || !edge.told.has(message.seq)) return true
  if (edge.toldSeq !== message.seq) return false
  // It was there one way earlier than it would have come here; checking it took about as long as it took here.
  const check = message.at - message.came
  const way = neighbour.roundTrip ?? ASSUMED_ROUND_TRIP
  return message.at + check + way + state.settings.optimizationThreshold <= edge.toldAt
}

/** Announces what is ripe at `upTo`. */
export function flushDigest(state: GossipState, neighbour: Neighbour, upTo: number): void {
  // Asked whenever anything goes to the neighbour: mostly for nothing.
  if (upTo < neighbour.ripeAt) return
  const { digest, digestDue, digestRipe } = neighbour
  const entries: Told = new Map()
  let left = 0
  let next = NEVER
  let nextRipe = NEVER
  for (let i = 0; i < digest.length; i++) {
    const message = digest[i] as Message
    const ripe = digestRipe[i] as number
    if (ripe > upTo) {
      const due = digestDue[i] as number
      digest[left] = message
      digestDue[left] = due
      digestRipe[left++] = ripe
      if (due < next) next = due
      if (ripe < nextRipe) nextRipe = ripe
      continue
    }
    if (!worthTelling(state, neighbour, message) || withhold(state, neighbour, message)) continue
    enter(entries, message, state.now)
  }
  shorten(digest, left)
  shorten(digestDue, left)
  shorten(digestRipe, left)
  neighbour.digestAt = next
  neighbour.ripeAt = nextRipe
  tell(state, neighbour, entries)
}

/** What one IHAVE will say, by stream. */
type Told = Map<number, { stream: number; hops: number; lag: number; ranges: RangeSet }>

function enter(entries: Told, message: Message, now: number): void {
  let entry = entries.get(message.stream.id)
  if (entry === undefined) {
    entry = { stream: message.stream.id, hops: 0, lag: 0, ranges: new RangeSet() }
    entries.set(message.stream.id, entry)
  }
  if (message.seq > (entry.ranges.last ?? 0)) {
    entry.hops = message.hops
    entry.lag = Math.max(0, Math.round(now - message.at))
  }
  entry.ranges.add(message.seq)
}

function tell(state: GossipState, neighbour: Neighbour, entries: Told): void {
  if (entries.size === 0) return
  state.counters.announcements++
  state.send(neighbour, encodeIhave([...entries.values()]))
}

/** Asks whether messages that were pushed have come: the answer is an ack or a graft. */
export function question(state: GossipState, neighbour: Neighbour, messages: readonly Message[]): void {
  const entries: Told = new Map()
  for (const message of messages.slice(0, MAX_DIGEST)) enter(entries, message, state.now)
  tell(state, neighbour, entries)
}

function touch(state: GossipState, neighbour: Neighbour): void {
  if (neighbour.touched) return
  neighbour.touched = true
  state.touched.push(neighbour)
}

/** Asks, at the end of the turn, to be taken out of a tree. */
export function prune(state: GossipState, neighbour: Neighbour, stream: Stream): void {
  if (!neighbour.prunes.includes(stream)) neighbour.prunes.push(stream)
  touch(state, neighbour)
}

/** Asks, at the end of the turn, for messages or a place in a tree. */
export function graft(state: GossipState, neighbour: Neighbour, entry: GraftEntry): void {
  neighbour.grafts.push(entry)
  touch(state, neighbour)
  const stream = entry.tree ? state.streams.byId.get(entry.stream) : undefined
  if (stream === undefined) return
  if (stream.topics !== undefined) reconsider(state, stream)
  // A parent may decline what is wanted here, and learns since when.
  if (stream.topics !== undefined || stream.edges.get(neighbour.link)?.topics?.declined.size)
    tellDeclines(state, neighbour, stream, unsettled(stream))
}

/** The end of a turn: prunes and grafts go out, and acks and ripe announcements with whatever else went. */
export function flushTouched(state: GossipState): void {
  for (let i = 0; i < state.touched.length; i++) {
    const neighbour = state.touched[i] as Neighbour
    if (neighbour.prunes.length > 0) {
      state.counters.prunes += neighbour.prunes.length
      state.send(neighbour, encodePrune(neighbour.prunes.map(stream => stream.id)))
      neighbour.prunes.length = 0
    }
    flushTells(state, neighbour)
    if (neighbour.grafts.length > 0) {
      state.counters.grafts += neighbour.grafts.length
      state.send(neighbour, encodeGraft(neighbour.grafts))
      neighbour.grafts.length = 0
    }
    flushAcks(state, neighbour)
    if (neighbour.tallies.length > 0) flushTallies(state, neighbour)
    if (neighbour.digest.length > 0) flushDigest(state, neighbour, state.now)
    neighbour.touched = false
  }
  shorten(state.touched, 0)
}

/** Setting the length of an array calls the engine, and lets its memory go, which the next turn needs again. */
function shorten(list: unknown[], length: number): void {
  while (list.length > length) list.pop()
}
