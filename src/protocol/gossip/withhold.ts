/**
 * Holding messages back from neighbours that declined their topics, and telling of it before whatever follows.
 * @module
 */
import { MAX_DIGEST } from '../wire/limits.ts'
import type { Neighbour } from './neighbour.ts'
import { RangeSet } from './ranges.ts'
import type { GossipState } from './state.ts'
import type { Edge, Message, Stream } from './stream.ts'
import { encodeSkip } from './topic-frames.ts'

/** Whether a neighbour declines a topic. In the tree that comes to an end by itself. */
export function declines(state: GossipState, edge: Edge, topic: string): boolean {
  const { topics } = edge
  return topics?.declined.has(topic) === true && (!edge.eager || state.now < topics.until)
}

/** Whether a message is not for this neighbour. Notes it. */
export function withhold(state: GossipState, neighbour: Neighbour, message: Message): boolean {
  const edge = message.stream.edges.get(neighbour.link)
  if (edge?.topics === undefined || !declines(state, edge, message.topic)) return false
  edge.topics.hold(message.seq, message.seq)
  return true
}

/** Tells a neighbour what was held back from it since it was last told; with `again`, the rest too. False for nothing. */
export function tellSkips(state: GossipState, neighbour: Neighbour, stream: Stream, again = false): boolean {
  const topics = stream.edges.get(neighbour.link)?.topics
  const last = topics?.withheld.last
  if (topics === undefined || last === undefined || (!again && last <= topics.toldTo)) return false
  const ranges = new RangeSet()
  ranges.addAll(topics.withheld, Number.POSITIVE_INFINITY)
  if (!again) ranges.dropBelow(topics.toldTo + 1)
  topics.toldTo = last
  state.send(neighbour, encodeSkip(stream.id, topics.generation, ranges))
  return true
}

/** Takes back what RANGES claims too much: there may be holes between `from` and the next number. */
export function tellAbsent(state: GossipState, neighbour: Neighbour, id: number, from: number): void {
  const absent = state.streams.byId.get(id)?.topics?.absent
  if (absent === undefined || (absent.last ?? 0) < from) return
  const holes = new RangeSet()
  holes.addAll(absent, MAX_DIGEST)
  holes.dropBelow(from)
  state.send(neighbour, encodeSkip(id, 0, holes))
}

/** A neighbour asks for what this peer does not have, or holds back from it. False when it is neither. */
export function refuse(stream: Stream, edge: Edge, seq: number, notHere: RangeSet): boolean {
  const skipped = stream.skips?.has(seq)
  if (skipped && stream.agrees(edge) && seq > (edge.topics?.staleTo ?? 0)) edge.topics?.hold(seq, seq)
  else if (skipped || stream.isAbsent(seq)) notHere.add(seq)
  else return false
  return true
}
