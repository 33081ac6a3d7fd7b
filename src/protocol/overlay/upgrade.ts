/**
 * From a relayed link to a direct one, which is tried now and then to take its place (replace.ts).
 *
 * The lower id tries, after half a minute and at doubling intervals; the other side only answers. An attempt that was answered takes a place
 * in the table for as long as it lasts.
 * @module
 */
import { isInitiator } from '../id.ts'
import { jitter } from '../random.ts'
import type { Out } from './effect.ts'
import type { Ground } from './ground.ts'
import type { Moves } from './moves.ts'
import { askNext } from './replace.ts'
import type { Slot } from './slot.ts'

/** First attempt after a relayed link came up, ms; doubles up to the second. Each costs an ICE negotiation that may well fail. */
const FIRST_TRY = 30_000
const LAST_TRY = 600_000
/** A full table is looked at again after this, ms. */
const NO_ROOM = 10_000

/** A relayed link has come up. */
export function awaitUpgrade(ground: Ground, slot: Slot, now: number): void {
  slot.tryIn = FIRST_TRY
  slot.tryAt = isInitiator(ground.config.id, slot.peer)
    ? now + jitter(ground.config.random, FIRST_TRY, 0.25)
    : Number.POSITIVE_INFINITY
}

/** The network has changed: every relayed link may be a direct one now. */
export function upgradeSoon(ground: Ground, now: number): void {
  ground.barriers.clear()
  for (const slot of ground.slots)
    if (slot.relayed && slot.phase === 'up' && isInitiator(ground.config.id, slot.peer)) slot.tryAt = now
}

/** Tries what is due, and gives up what has taken too long. True when links are waited for no more. */
export function tickUpgrades(ground: Ground, moves: Moves, now: number, out: Out): boolean {
  const { slots, config } = ground
  let isOver = false
  for (const slot of slots) {
    if (slot.next !== undefined && now >= slot.next.deadline) {
      moves.fail(slot.next, 'timeout', now, out)
      isOver ||= !slot.relayed
    }
    if (slot.renewUntil > 0 && now >= slot.renewUntil) {
      slot.renewUntil = 0
      isOver ||= slot.suspect
    }
    if (now < slot.tryAt) continue
    if (slot.next !== undefined || slots.full) {
      slot.tryAt = now + NO_ROOM
      continue
    }
    slot.tryIn = Math.min(LAST_TRY, slot.tryIn * 2)
    slot.tryAt = now + jitter(config.random, slot.tryIn, 0.25)
    askNext(ground, slot, now, out)
  }
  return isOver
}

export function upgradeDeadline(ground: Ground): number {
  let earliest = Number.POSITIVE_INFINITY
  for (const { next, tryAt, renewUntil } of ground.slots)
    earliest = Math.min(earliest, tryAt, next?.deadline ?? earliest, renewUntil || earliest)
  return earliest
}
