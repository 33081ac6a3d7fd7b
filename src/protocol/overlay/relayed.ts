/**
 * Relayed links: who can carry one, and which are still needed.
 *
 * Only the ring is closed by relayed links: buckets have others to choose from. A relay is a direct, living neighbour of
 * both ends; the asker names its own, the other side takes one that it has too.
 * @module
 */
import type { PeerId } from '../id.ts'
import { MAX_IDS } from '../wire/limits.ts'
import { isRingOf, type Slot } from './slot.ts'
import type { Slots } from './slots.ts'

/**
 * A direct link that ICE has not brought about in this time and three times what an answer takes (slots.ts) is given up for a
 * relayed one, ms: a slow phone takes three seconds, a busy machine with two browsers six.
 */
export const RELAY_AFTER = 6000
/** A circuit is set up or refused within this, ms (circuit/end.ts has five seconds for it). */
export const CIRCUIT_TIMEOUT = 6000

function canCarry(slot: Slot | undefined): slot is Slot {
  return slot?.phase === 'up' && !slot.relayed && !slot.suspect
}

/** Neighbours that could relay, routers first. */
export function relaysOf(slots: Slots, routers: ReadonlySet<PeerId>): PeerId[] {
  const ids: PeerId[] = []
  for (const slot of slots) if (canCarry(slot)) ids.push(slot.peer)
  ids.sort((a, b) => Number(routers.has(b)) - Number(routers.has(a)))
  return ids.slice(0, MAX_IDS)
}

/** The first of the relays that can carry a link from here. */
export function chooseRelay(slots: Slots, relays: readonly PeerId[]): Slot | undefined {
  return relays.map(id => slots.of(id)).find(canCarry)
}

/** A relayed link that neither end's ring wants any more. */
export function idleCircuit(self: PeerId, slots: Slots): Slot | undefined {
  const ring = slots.ring()
  for (const slot of slots)
    if (slot.relayed && slot.phase === 'up' && slot !== ring.successor && slot !== ring.predecessor)
      if (!isRingOf(slot, self)) return slot
  return undefined
}
