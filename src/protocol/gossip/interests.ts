/**
 * This peer's own interests and intents: told to a neighbour when the link comes up, and when they change.
 * @module
 */
import { TopicSet } from '../topic.ts'
import { reconsider, tellEverything } from './declines.ts'
import type { Neighbour } from './neighbour.ts'
import type { GossipState } from './state.ts'
import { encodeInterests } from './topic-frames.ts'

/** Between two tellings of changed interests, ms. */
const PAUSE = 2000
const NEVER = Number.POSITIVE_INFINITY

export function changeInterests(
  state: GossipState,
  interests: readonly string[],
  intents: readonly string[],
): void {
  state.interests = new TopicSet(interests)
  state.intents = intents
  for (const stream of state.streams.byId.values()) reconsider(state, stream)
  if (state.joinedAt === undefined) return
  state.interestsAt = Math.max(state.now, state.interestsAfter)
  if (state.interestsAt <= state.now) tellInterests(state)
  else state.wake(state.interestsAt)
}

/** Tells all neighbours. */
export function tellInterests(state: GossipState): void {
  state.interestsAt = NEVER
  state.interestsAfter = state.now + PAUSE
  for (const neighbour of state.neighbours.values()) tellTo(state, neighbour)
}

/** A neighbour that says nothing is interested in everything and has no intents. */
function tellTo(state: GossipState, neighbour: Neighbour): void {
  const { interests, intents } = state
  if (!neighbour.knowsInterests && interests.all && intents.length === 0) return
  neighbour.knowsInterests = true
  state.send(neighbour, encodeInterests(interests.patterns, intents))
}

/** A link is new, or can be used again. */
export function greet(state: GossipState, neighbour: Neighbour): void {
  tellTo(state, neighbour)
  tellEverything(state, neighbour)
}
