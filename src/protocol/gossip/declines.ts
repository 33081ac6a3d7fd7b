/**
 * Declining: which topics of a stream this peer wants, for its application or for a branch of the tree behind it,
 * and telling the neighbours. A peer tells all of them the same; they confirm it, or are told again.
 * @module
 */
import type { Neighbour } from './neighbour.ts'
import type { GossipState } from './state.ts'
import type { Stream } from './stream.ts'
import { retryDelay } from './timing.ts'
import { type DeclineEntry, encodeDecline } from './topic-frames.ts'
import { EdgeTopics, MAX_DECLINED, StreamTopics } from './topics.ts'
import { declines } from './withhold.ts'

/** A full table makes room for a new topic this often, ms. */
const MAKE_ROOM = 10_000
/** Streams in one DECLINE: with a few topics each, a packet. */
const MAX_ENTRIES = 64
const NEVER = Number.POSITIVE_INFINITY

export function edgeTopics(stream: Stream, neighbour: Neighbour): EdgeTopics {
  const edge = stream.edge(neighbour.link)
  edge.topics ??= new EdgeTopics()
  return edge.topics
}

/** Whether a topic is wanted here: by the application, or by a branch of the tree. */
export function wants(state: GossipState, stream: Stream, topic: string): boolean {
  if (state.interests.covers(topic)) return true
  for (const edge of stream.edges.values()) {
    const branch = edge.eager || (edge.topics !== undefined && edge.topics.openUntil > state.now)
    if (!branch || edge.upstream || edge.link === stream.parent || declines(state, edge, topic)) continue
    const neighbour = state.neighbours.get(edge.link)
    if (neighbour !== undefined && neighbour.peer !== stream.origin) return true
  }
  return false
}

/** A topic has come on a stream, from a neighbour. */
export function noteTopic(state: GossipState, stream: Stream, topic: string, from?: Neighbour): void {
  // The usual case: everything is wanted.
  if (state.interests.all || stream === state.own) return
  const wanted = wants(state, stream, topic)
  if (wanted && stream.topics?.declined.has(topic)) reconsider(state, stream)
  if (state.interests.covers(topic)) return
  stream.topics ??= new StreamTopics()
  const { topics } = stream
  if (!topics.unwanted.has(topic)) makeRoom(state, topics)
  if (topics.unwanted.size < MAX_DECLINED) topics.unwanted.add(topic)
  if (wanted) return
  if (!topics.declined.has(topic)) decline(state, stream, [topic])
  else if (from !== undefined) remind(state, stream, from)
}

function makeRoom(state: GossipState, topics: StreamTopics): void {
  if (topics.unwanted.size < MAX_DECLINED || state.now < topics.fullUntil) return
  topics.fullUntil = state.now + MAKE_ROOM
  for (const oldest of topics.unwanted) {
    topics.unwanted.delete(oldest)
    topics.declined.delete(oldest)
    return
  }
}

/** Declines those of some topics that are known and nobody wants. */
export function decline(state: GossipState, stream: Stream, candidates: Iterable<string>): void {
  const { topics } = stream
  if (topics === undefined) return
  const before = topics.declined.size
  for (const topic of candidates)
    if (topics.unwanted.has(topic) && !wants(state, stream, topic)) topics.declined.add(topic)
  if (topics.declined.size > before) tellAll(state, stream, 0)
}

/**
 * The application or a branch may want what was declined. From number `since` on (0: from now on) what was missed is
 * asked for.
 */
export function reconsider(state: GossipState, stream: Stream, since = 0): void {
  const { topics } = stream
  if (topics === undefined) return
  // What is below, and not settled here yet, the parent will not speak of again unless asked.
  const from = since > 0 ? Math.min(since, stream.base || since) : 0
  let wanted = false
  for (const topic of topics.declined) if (wants(state, stream, topic)) wanted = topics.declined.delete(topic)
  if (wanted) {
    for (const { topics: each } of stream.edges.values()) {
      topics.staleTo = Math.max(topics.staleTo, each?.skips.last ?? 0)
      if (from > 0) each?.skips.clear()
    }
    topics.shrunkAt = topics.generation + 1
    if (from > 0) topics.soundFrom = topics.shrunkAt
  }
  if (wanted) tellAll(state, stream, from)
  else if (
    from > 0 &&
    Math.max(topics.absent.last ?? 0, topics.staleTo) >= from &&
    stream.parent !== undefined
  ) {
    const parent = state.neighbours.get(stream.parent)
    if (parent !== undefined) tell(state, parent, stream, from)
  }
}

function tellAll(state: GossipState, stream: Stream, from: number): void {
  ;(stream.topics as StreamTopics).generation++
  for (const neighbour of state.neighbours.values())
    tell(state, neighbour, stream, neighbour.link === stream.parent ? from : 0)
}

/** From here on a new parent has something to say: what is missing here, and what a branch waits to hear of. */
export function unsettled(stream: Stream): number {
  let from = stream.base
  const absent = stream.topics?.absent
  for (const { eager, upstream, told, topics: branch } of stream.edges.values()) {
    if (!eager || upstream || branch === undefined || branch.from === 0 || absent === undefined) continue
    for (let i = absent.at(branch.from); i < absent.count && absent.start(i) < from; i++) {
      const seq = Math.max(branch.from, absent.start(i))
      if (!branch.withheld.has(seq) && !told.has(seq)) from = seq
    }
  }
  return from
}

/** Tells a neighbour, at the end of the turn, what is declined of a stream. */
export function tell(state: GossipState, neighbour: Neighbour, stream: Stream, from: number): void {
  const known = stream.edges.get(neighbour.link)?.topics
  if (from === 0 && !(known?.told ?? 0) && !stream.topics?.declined.size) return
  const topics = edgeTopics(stream, neighbour)
  if (from > 0 && (topics.askFrom === 0 || from < topics.askFrom)) topics.askFrom = from
  topics.attempts = 0
  neighbour.tells.add(stream)
  if (neighbour.touched) return
  neighbour.touched = true
  state.touched.push(neighbour)
}

/** It sent what was declined: it did not hear, or has forgotten. */
function remind(state: GossipState, stream: Stream, neighbour: Neighbour): void {
  const { told, confirmed, toldAt } = edgeTopics(stream, neighbour)
  const patience = confirmed < told ? 200 + 2 * (neighbour.roundTrip ?? 0) : MAKE_ROOM
  if (told === 0 || state.now - toldAt > patience) tell(state, neighbour, stream, 0)
}

/** A link is new, or can be used again: its neighbour learns what is declined. */
export function tellEverything(state: GossipState, neighbour: Neighbour): void {
  for (const stream of state.streams.byId.values()) tell(state, neighbour, stream, 0)
  flushTells(state, neighbour)
}

export function flushTells(state: GossipState, neighbour: Neighbour): void {
  if (neighbour.tells.size === 0) return
  let entries: DeclineEntry[] = []
  let attempts = 1
  for (const stream of neighbour.tells) {
    stream.topics ??= new StreamTopics()
    const { generation, declined } = stream.topics
    const topics = edgeTopics(stream, neighbour)
    if (generation === 0) stream.topics.generation = 1
    topics.told = stream.topics.generation
    topics.toldAt = state.now
    attempts = Math.max(attempts, ++topics.attempts)
    neighbour.unsure.add(stream)
    entries.push({ stream: stream.id, generation: topics.told, from: topics.askFrom, topics: [...declined] })
    if (entries.length < MAX_ENTRIES) continue
    state.send(neighbour, encodeDecline(entries))
    entries = []
  }
  neighbour.tells.clear()
  state.counters.declines++
  if (entries.length > 0) state.send(neighbour, encodeDecline(entries))
  const at = state.now + retryDelay(attempts, neighbour.roundTrip, state.settings, state.config.random)
  neighbour.tellAt = Math.min(neighbour.tellAt, at)
  state.wake(at)
}

/** Tells again what was not confirmed. */
export function tellDue(state: GossipState, neighbour: Neighbour): void {
  neighbour.tellAt = NEVER
  for (const stream of neighbour.unsure) {
    const topics = stream.edges.get(neighbour.link)?.topics
    const settled = topics === undefined || topics.confirmed === topics.told
    if (settled || topics.attempts > state.settings.maxRetries || !state.streams.byId.has(stream.id))
      neighbour.unsure.delete(stream)
    else neighbour.tells.add(stream)
  }
  flushTells(state, neighbour)
}
