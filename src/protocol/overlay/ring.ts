/**
 * The ring's part of the plan: the nearest living peer on each side should be a neighbour.
 *
 * Each side is walked outwards from this peer until somebody is a neighbour or about to be one. One answer is waited
 * for at a time; behind everybody who is silent, or has failed before, one more is asked at once, and those who have failed
 * take what places are left. So a gap of dead peers costs about the root of its length in waits, once, and a ring whose peers
 * live costs no ask too many.
 * @module
 */
import type { PeerId } from '../id.ts'
import { nextKnown } from './candidate.ts'
import type { Out } from './effect.ts'
import type { Ground } from './ground.ts'
import type { Moves } from './moves.ts'
import { RENEW_LAST } from './replace.ts'
import { isRenewing } from './slot.ts'
import { ASK_TIMEOUT } from './slots.ts'

/** Silent peers on one side behind which nobody is asked: half the peers dead, one of 2¹² gaps is longer. */
const DEEPEST = 12
/** Pause where no slot could be freed for the ring, ms: links to spare are found as neighbours tell of theirs. */
const NO_ROOM = 400

/** Asks who is to be asked now, `inTurn` one before there is a link; says when to look again, Infinity when both sides are as they should be. */
export function planRing(ground: Ground, moves: Moves, now: number, out: Out, inTurn = false): number {
  const after = planSide(ground, moves, true, now, out)
  if (inTurn && ground.slots.sound === 0 && ground.slots.hedgedAt() > now) return after
  return Math.min(after, planSide(ground, moves, false, now, out))
}

function planSide(ground: Ground, moves: Moves, forward: boolean, now: number, out: Out): number {
  const { slots, backoff, barriers } = ground
  const relaysTo = (peer: PeerId) =>
    barriers.has(peer, now) && ground.relays().length > 0 ? ground.relays(peer) : undefined
  let again = Number.POSITIVE_INFINITY
  let silent = 0
  let waiting = 0
  let reached = 0
  const failed: PeerId[] = []
  while (waiting <= silent && silent < DEEPEST) {
    const next = nextKnown(ground.known(), reached, forward)
    if (next === undefined) break
    reached = next.distance
    const { peer } = next
    const slot = moves.of(peer)
    if (slot?.phase === 'up') {
      if (!slot.suspect) break
      if (!isRenewing(slot)) continue
    }
    if (slot !== undefined) {
      const patience =
        slot.phase === 'up'
          ? slot.renewUntil - RENEW_LAST
          : slot.since + (slot.phase === 'asked' ? slots.patience(slot) : ASK_TIMEOUT)
      if (now < patience) again = Math.min(again, patience)
      if (now >= patience || (slot.phase === 'asked' && slot.doubtful)) silent++
      else waiting++
      continue
    }
    const ready = backoff.readyAt(peer, true)
    if (ready > now) {
      again = Math.min(again, ready)
      // Who refused lives and is worth the wait; who failed is passed over until then.
      if (backoff.failing(peer, now)) silent++
      else waiting++
      continue
    }
    if (backoff.failing(peer, now)) {
      silent++
      failed.push(peer)
      continue
    }
    if (slots.full && !moves.makeRoom(false, now, out)) {
      if (moves.beside !== undefined || slots.pending(now) > 0) return Math.min(again, now + NO_ROOM)
    }
    again = Math.min(again, moves.ask(peer, true, now, out, relaysTo(peer)))
    waiting++
  }
  // Who has failed before takes a place that nobody else needs.
  for (const peer of failed) {
    if (slots.full && (waiting > 0 || moves.beside !== undefined)) return Math.min(again, now + NO_ROOM)
    again = Math.min(again, moves.ask(peer, true, now, out, relaysTo(peer)))
  }
  return again
}
