/**
 * Causal order: a message names the last deliveries its origin had from each other stream since its own causal message before,
 * and waits until they are delivered here, `gapTimeout` at most. Those it names waited for theirs, so that naming the
 * direct ones is enough.
 *
 * At most `MAX_DEPS` streams are named, the most recently heard. Of more than that between two causal messages, the
 * older ones may be overtaken; what is named still waits for what it named itself.
 * @module
 */
import { MAX_DEPS } from './push.ts'
import type { GossipState } from './state.ts'
import type { Message, Stream } from './stream.ts'

/** Notes what this peer has been given, for its own next causal message. */
export function noteDelivered(state: GossipState, stream: Stream, seq: number): void {
  stream.deliveredAs = state.counters.delivered
  if (seq > stream.deliveredSeq) stream.deliveredSeq = seq
}

/** What a causal message of this peer comes after. Each is named once. */
export function takeDeps(state: GossipState): number[] {
  const fresh: Stream[] = []
  for (const stream of state.streams.byId.values()) if (stream.deliveredAs > state.named) fresh.push(stream)
  state.named = state.counters.delivered
  fresh.sort((a, b) => b.deliveredAs - a.deliveredAs)
  return fresh.slice(0, MAX_DEPS).flatMap(stream => [stream.id, stream.deliveredSeq])
}

/** Whether it has been delivered here, or never will be. */
function isPast(state: GossipState, id: number, seq: number): boolean {
  const stream = state.streams.byId.get(id)
  if (stream === undefined) return seq <= (state.streams.tombstones.get(id) ?? 0)
  return (
    seq < stream.base || stream.skips?.has(seq) === true || (stream.above.has(seq) && !stream.held.has(seq))
  )
}

/** Whether a message must wait for one of another origin. */
export function isEarly(state: GossipState, { deps, at }: Message): boolean {
  if (state.now - at >= state.settings.gapTimeout) return false
  for (let i = 0; i < deps.length; i += 2) {
    if (!isPast(state, deps[i] as number, deps[i + 1] as number)) return true
  }
  return false
}

/** The stream that the first message held here waits for; what nobody spoke of yet is spoken of now. */
export function awaitedBy(state: GossipState, stream: Stream): Stream {
  const { deps } = stream.held.get(stream.next) ?? { deps: [] }
  for (let i = 0; i < deps.length; i += 2) {
    const id = deps[i] as number
    if (!isPast(state, id, deps[i + 1] as number)) return state.streams.rumour(id, state.now)
  }
  return stream
}
