/**
 * Whom to ask for the past: first who has been in the swarm longest, as newcomers agree on what they have all missed.
 * @module
 */
import { below, type Random } from '../random.ts'
import type { Inquiry } from './inquiry.ts'
import type { Neighbour } from './neighbour.ts'
import type { GossipState } from './state.ts'

const NEVER = Number.POSITIVE_INFINITY
/** Within this of its own join, ms, a peer counts on links to others than newcomers: a link is made in one or two seconds. */
const SETTLING = 3000

/** Who has not been asked yet. */
export function askable(state: GossipState, { asked }: Inquiry): Neighbour[] {
  return [...state.neighbours.values()].filter(({ suspect, link }) => !suspect && !asked.has(link))
}

/**
 * In which order: from who has been here longest on, if that is longer than anybody who answered, or there is known to be
 * more than was found; else from one by lot.
 */
export function inOrder(free: readonly Neighbour[], inquiry: Inquiry, random: Random): Neighbour[] {
  let first = below(random, Math.max(1, free.length))
  let reach = inquiry.found.size < inquiry.most ? NEVER : inquiry.reach
  for (const [i, { since = NEVER }] of free.entries()) {
    if (since >= reach) continue
    reach = since
    first = i
  }
  return [...free.slice(first), ...free.slice(0, first)]
}

/** Whether one of them may have been here before everybody who answered. */
export function hasElder(free: readonly Neighbour[], { reach }: Inquiry): boolean {
  return free.some(({ since = -NEVER }) => since < reach)
}

/** When this peer counts as one of the swarm. */
export function settledAt(state: GossipState): number {
  return (state.joinedAt ?? NEVER) + SETTLING
}

/** Newcomers have answered, who have links to others: this peer is about to have such, too. */
export function expectsElders(state: GossipState, { reach }: Inquiry): boolean {
  const settled = settledAt(state)
  if (state.now >= settled || reach < settled - 2 * SETTLING) return false
  const met = new Set([state.config.id])
  for (const { peer } of state.neighbours.values()) met.add(peer)
  return [...state.neighbours.values()].some(({ peers = [] }) => [...peers].some(peer => !met.has(peer)))
}
