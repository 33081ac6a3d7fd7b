/**
 * From a relayed link to a direct one: it is tried beside the relayed link now and then, which is closed once the direct
 * one is up.
 *
 * The lower id tries, after half a minute and at doubling intervals; the other side only answers. An attempt takes a place
 * in the table for as long as it lasts.
 * @module
 */
import { isInitiator } from '../id.ts'
import { jitter } from '../random.ts'
import type { Out } from './effect.ts'
import type { Ground } from './ground.ts'
import type { Moves } from './moves.ts'
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

/** Tries what is due, and gives up what has taken too long. */
export function tickUpgrades(ground: Ground, moves: Moves, now: number, out: Out): void {
  const { slots, config } = ground
  for (const slot of slots) {
    if (!slot.relayed) continue
    if (slot.direct !== undefined && now >= slot.direct.deadline) moves.fail(slot.direct, 'timeout', now, out)
    if (now < slot.tryAt) continue
    if (slot.direct !== undefined || slots.full) {
      slot.tryAt = now + NO_ROOM
      continue
    }
    slot.tryIn = Math.min(LAST_TRY, slot.tryIn * 2)
    slot.tryAt = now + jitter(config.random, slot.tryIn, 0.25)
    moves.askDirect(slot, now, out)
  }
}

export function upgradeDeadline(ground: Ground): number {
  let earliest = Number.POSITIVE_INFINITY
  for (const { relayed, direct, tryAt } of ground.slots)
    if (relayed) earliest = Math.min(earliest, tryAt, direct?.deadline ?? earliest)
  return earliest
}
