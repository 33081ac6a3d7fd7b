/**
 * Comparing what two neighbours have (RANGES): when a link comes up or can be used again, when a stream shows up
 * nobody told of, and now and then with a random neighbour while streams are active. Nothing is sent when
 * nothing happens.
 * @module
 */
import { below, jitter } from '../random.ts'
import { ASSUMED_ROUND_TRIP } from './config.ts'
import { encodeRanges, Purpose, type RangesEntry } from './control.ts'
import type { Neighbour } from './neighbour.ts'
import { RangeSet } from './ranges.ts'
import type { GossipState } from './state.ts'
import type { Stream } from './stream.ts'
import { tellAbsent, tellSkips } from './withhold.ts'

/** Ranges above the first gap that a comparison tells of. */
const MAX_ABOVE = 3
/** Streams in one comparison: with their ranges they fit the bound of a frame. */
const MAX_ENTRIES = 256
/** Answers that may be under way from one neighbour. */
const MAX_ANSWERS = 32

/** What this peer has of a stream, as far as it was received since `since`. */
export function entryOf(stream: Stream, since: number): RangesEntry {
  const ranges = new RangeSet()
  const { above } = stream
  for (let i = Math.max(0, above.count - MAX_ABOVE); i < above.count; i++)
    ranges.add(above.start(i), above.end(i))
  const next = stream.base
  const from = stream.next === 0 ? next : stream.supplyFrom(since)
  return { stream: stream.id, hops: stream.hops, from, next, ranges }
}

function compare(
  state: GossipState,
  neighbour: Neighbour,
  purpose: number,
  entries: readonly RangesEntry[],
): void {
  if (purpose !== Purpose.ANSWER) neighbour.answersDue = Math.min(MAX_ANSWERS, neighbour.answersDue + 1)
  state.counters.comparisons++
  const age = Math.max(0, Math.round(state.now - (state.joinedAt ?? state.now)))
  for (const entry of entries) {
    const stream = state.streams.byId.get(entry.stream)
    if (stream !== undefined) tellSkips(state, neighbour, stream, purpose === Purpose.ANSWER)
  }
  state.send(neighbour, encodeRanges({ purpose, age, entries }))
  for (const { stream, from } of entries) tellAbsent(state, neighbour, stream, from)
}

/** Whether there is anything to tell of a stream. */
function worthListing(state: GossipState, stream: Stream): boolean {
  return stream === state.own ? stream.next > 1 : stream.base > 0
}

/** Tells a neighbour everything this peer has, most active streams first. */
export function compareAll(state: GossipState, neighbour: Neighbour): void {
  neighbour.owed = false
  neighbour.comparedAt = state.now
  const streams = [...state.streams.byId.values()].filter(stream => worthListing(state, stream))
  if (streams.length > MAX_ENTRIES) streams.sort((a, b) => b.activeAt - a.activeAt)
  const entries = streams.slice(0, MAX_ENTRIES).map(stream => entryOf(stream, Number.NEGATIVE_INFINITY))
  compare(state, neighbour, Purpose.ALL, entries)
}

/** A neighbour that was passed over is told everything as soon as it can be used again. */
export function catchUp(state: GossipState, neighbour: Neighbour): void {
  const half = state.settings.maxUnacked / 2
  if (neighbour.owed && state.usable(neighbour) && neighbour.unacked.size <= half)
    compareAll(state, neighbour)
}

/** Asks where to begin with a stream. */
export function askWhere(state: GossipState, neighbour: Neighbour, stream: Stream): void {
  compare(state, neighbour, Purpose.COMPARE, [entryOf(stream, Number.NEGATIVE_INFINITY)])
}

/** Answers for these streams; `since` bounds what is offered where the neighbour does not know where to begin. */
export function answer(state: GossipState, neighbour: Neighbour, entries: readonly RangesEntry[]): void {
  for (let i = 0; i < entries.length; i += MAX_ENTRIES) {
    compare(state, neighbour, Purpose.ANSWER, entries.slice(i, i + MAX_ENTRIES))
  }
}

/**
 * The moment a neighbour joined, on this peer's clock. Its age was true when it was sent: what may have passed
 * on the way is allowed for, so that it misses nothing and gets at most a moment too much.
 */
export function joinTime(state: GossipState, neighbour: Neighbour, age: number): number {
  return state.now - age - 2 * (neighbour.roundTrip ?? ASSUMED_ROUND_TRIP)
}

/** Keeps the comparisons going while there is something to compare. */
export function noteActivity(state: GossipState): void {
  state.activeAt = state.now
  if (state.antiEntropyAt === Number.POSITIVE_INFINITY) scheduleAntiEntropy(state)
}

function scheduleAntiEntropy(state: GossipState): void {
  state.antiEntropyAt = state.now + jitter(state.config.random, state.settings.antiEntropyInterval, 0.25)
  state.wake(state.antiEntropyAt)
}

/** Compares the streams that were active lately with one random neighbour. */
export function antiEntropyDue(state: GossipState): void {
  const since = state.now - state.settings.activeFor
  if (state.activeAt < since) {
    state.antiEntropyAt = Number.POSITIVE_INFINITY
    return
  }
  scheduleAntiEntropy(state)
  const candidates = [...state.neighbours.values()].filter(neighbour => state.usable(neighbour))
  const neighbour = candidates[below(state.config.random, Math.max(1, candidates.length))]
  if (neighbour === undefined) return
  const entries: RangesEntry[] = []
  for (const stream of state.streams.byId.values()) {
    if (stream.activeAt < since || (stream === state.own && stream.next === 1)) continue
    if (entries.length < MAX_ENTRIES) entries.push(entryOf(stream, Number.NEGATIVE_INFINITY))
  }
  if (entries.length > 0) compare(state, neighbour, Purpose.COMPARE, entries)
}
