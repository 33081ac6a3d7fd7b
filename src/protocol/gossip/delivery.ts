/**
 * From verified to delivered: exactly once, in the order that the origin wants. A message that came too early waits, under
 * bounds; a gap is given up when its time is over, when too much waits behind it, or when nobody has it.
 * @module
 */
import type { LinkId } from '../input.ts'
import { below } from '../random.ts'
import { awaitedBy, isEarly, noteDelivered } from './causal.ts'
import { askWhere } from './compare.ts'
import { MAX_RANGES } from './config.ts'
import { ORDER, RECEIPT, UNORDERED } from './push.ts'
import { arrived } from './receipts.ts'
import type { GossipState } from './state.ts'
import { type Message, Stream } from './stream.ts'

const NEVER = Number.POSITIVE_INFINITY
/** Neighbours asked about a gap, evenly over its timeout: with a fifth of all packets lost, one in 300 gets no answer. */
export const GAP_PROBES = 5

function deliver(state: GossipState, message: Message): void {
  if ((message.options & RECEIPT) !== 0) arrived(state, message)
  const from = message.stream.origin
  // A session of this peer before its reload comes back by repair: it is passed on, not delivered.
  if (from === undefined || from === state.config.id || !state.interests.covers(message.topic)) return
  state.counters.delivered++
  noteDelivered(state, message.stream, message.seq)
  state.emit({ kind: 'deliver', from, topic: message.topic, body: message.body, hops: message.hops })
}

/** Takes a verified message, new to its stream. */
export function arrive(state: GossipState, message: Message): void {
  const { stream, seq } = message
  if (stream.next === 0) {
    // Where to begin: at the first message, or where a neighbour said; otherwise the asked one will say.
    if (seq === 1) stream.next = 1
    else if (stream.floor > 0) stream.next = Math.min(stream.floor, seq)
  }
  const unordered = (message.options & ORDER) === UNORDERED
  if (seq === stream.next && stream.above.count === 0 && !isEarly(state, message)) {
    stream.next++
    deliver(state, message)
    return
  }
  stream.above.add(seq)
  if (unordered) deliver(state, message)
  else {
    stream.hold(message)
    state.held++
  }
  advance(state, stream)
  const { maxHeld } = state.settings
  while (stream.held.size > maxHeld || stream.above.count > MAX_RANGES) skipGap(state, stream)
  if (stream.above.count > 0 && stream.gapAt === NEVER) watchGap(state, stream)
}

export function watchGap(state: GossipState, stream: Stream): void {
  stream.gapAt = state.now + state.settings.gapTimeout / (GAP_PROBES + 1)
  state.wakeStream(stream, stream.gapAt)
}

/** The gap timer: asks a neighbour what it has, and after some of them gives the gap up. Where nobody can be asked, it waits. */
export function gapDue(state: GossipState, stream: Stream): void {
  const neighbours = [...state.neighbours.values()].filter(neighbour => !neighbour.suspect)
  if (neighbours.length === 0) {
    watchGap(state, stream)
    return
  }
  if (stream.gapProbes >= GAP_PROBES) {
    skipGap(state, stream)
    return
  }
  stream.gapProbes++
  watchGap(state, stream)
  const neighbour = neighbours[below(state.config.random, Math.max(1, neighbours.length))]
  const late = awaitedBy(state, stream)
  // What was held back, the parent knows best.
  const parent =
    late.skips && stream.gapProbes % 2 === 1 ? state.neighbours.get(late.parent as LinkId) : undefined
  if (neighbour !== undefined) askWhere(state, parent ?? neighbour, late)
}

/** Delivers what waits no longer; with `force`, also a first one that waits for another origin. */
export function advance(state: GossipState, stream: Stream, force = false): void {
  stream.bridge()
  if (stream.next === 0 || stream.above.first !== stream.next) return
  const end = stream.above.end(0)
  let patient = !force
  let seq = stream.next
  for (; seq <= end; seq++) {
    const message = stream.held.get(seq)
    if (message === undefined) continue
    if (patient && isEarly(state, message)) break
    patient = true
    stream.letGo(seq)
    state.held--
    deliver(state, message)
  }
  if (seq <= end) state.early.add(stream)
  if (seq === stream.next) {
    if (stream.gapAt === NEVER) watchGap(state, stream)
    return
  }
  stream.next = seq
  stream.above.dropBelow(seq)
  stream.gapAt = NEVER
  stream.gapProbes = 0
  if (stream.above.count === 0) return
  watchGap(state, stream)
  if (stream.topics !== undefined) advance(state, stream)
}

/** The end of a turn: what waited for another origin, and may not need to any more. */
export function deliverEarly(state: GossipState): void {
  for (let delivered = -1; delivered !== state.counters.delivered; ) {
    delivered = state.counters.delivered
    for (const stream of [...state.early]) {
      state.early.delete(stream)
      advance(state, stream)
    }
  }
}

/** Gives up everything below `seq`; nothing at or above it. */
export function skipTo(state: GossipState, stream: Stream, seq: number): void {
  if (seq <= stream.next) return
  if (stream.next > 0) state.counters.skipped += seq - stream.next
  stream.next = seq
  advance(state, stream)
}

/** Gives up the gap before the first message that waits, or what that one waits for. */
export function skipGap(state: GossipState, stream: Stream): void {
  stream.gapAt = NEVER
  const { first } = stream.above
  if (first !== undefined && first === stream.next) advance(state, stream, true)
  else if (first !== undefined) skipTo(state, stream, first)
}

/** Puts a message into history and lets the oldest go, delivering first what still waits among them. */
export function remember(state: GossipState, message: Message): void {
  state.history.add(message)
  for (;;) {
    const oldest = state.history.surplus
    if (oldest === undefined) return
    const { stream, seq } = oldest
    if (stream instanceof Stream) while (stream.held.has(seq)) skipGap(state, stream)
    state.history.remove(oldest)
  }
}

/** Before a stream is forgotten: what waits is delivered. */
export function forget(state: GossipState, stream: Stream): void {
  while (stream.held.size > 0) skipGap(state, stream)
  state.early.delete(stream)
  state.history.retire(stream)
  if (stream.key !== undefined) state.counters.forgotten++
}
