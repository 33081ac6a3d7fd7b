/**
 * One link in place of another to the same peer, which is a neighbour all the while: a direct one for a relayed one
 * (upgrade.ts), a new one for one that fell silent when this peer or the other changed networks.
 *
 *     asked → opening → up: it takes the place           (the one before ends when this one is up)
 *                     ↘ failed: the one before goes on, or ends
 *
 * The new one is made beside the old, while there is a place for both. Where the table is full a silent link is retired
 * when the other side has said yes: its channel, which carries nothing, is closed to make room, and its peer stays a neighbour
 * until it is known what becomes of the new one. One that works is never retired.
 *
 * Invariant: a link outlives its channel only while its `next` is asked for or opening; both have deadlines.
 * @module
 */
import { isInitiator } from '../id.ts'
import type { LinkEnd } from '../input.ts'
import type { Out } from './effect.ts'
import type { Ground } from './ground.ts'
import { type Ask, encodeAsk, LETTER, REFUSAL } from './letters.ts'
import { type Moves, newSession } from './moves.ts'
import type { Slot } from './slot.ts'

/** A silent link is waited for so long after a change of networks, ms: the server is reached again, signals cross, ICE checks. */
export const RENEW = 5000
/** The ring's part of the plan asks others beside it for the last so many ms of that. */
export const RENEW_LAST = 2000

const OTHER = { mesh: 'signaling', signaling: 'mesh' } as const

/** Asks for a link to take the place of this one; where that has been asked, it is said again, by the other road if there is one. */
export function askNext(ground: Ground, slot: Slot, now: number, out: Out): void {
  const { config, slots } = ground
  const { peer, ring, relayed } = slot
  const session = slot.next?.session ?? newSession(config.random)
  // To a peer whose links are silent only the server knows the way, or a router that it has a new link to.
  const road = relayed || ground.linkedRouters().length > 0 ? 'mesh' : 'signaling'
  const next = slots.create({ peer, session, ring, outgoing: true }, now)
  next.via = slot.next?.via === road && slots.sound > 0 ? OTHER[road] : road
  slot.next = next
  const body = encodeAsk({ session, ring, degree: slots.up().length, anew: !relayed })
  out.push({ kind: 'tell', to: peer, letter: LETTER.ASK, body, via: next.via, aside: !relayed })
}

/** The other side wants a link in place of this one. Where both do, the lower id's session is the one that counts. */
export function acceptNext(ground: Ground, moves: Moves, slot: Slot, ask: Ask, now: number, out: Out): void {
  const { slots, config } = ground
  const { next, peer, relayed, link } = slot
  const { session, ring } = ask
  if (next?.session === session) return
  if (next?.phase === 'asked' && isInitiator(config.id, peer)) return
  if (next !== undefined) moves.giveUp(next, 'closed', out)
  if (!moves.makePlace(slot, out)) return moves.refuse(peer, session, REFUSAL.FULL, out)
  slot.next = slots.create({ peer, session, ring, outgoing: false }, now)
  slot.next.via = moves.road
  moves.agree(slot.next, undefined, now, out)
  // It is silent for the other side: nothing of this side's should wait for it.
  if (!relayed && !slot.retired) out.push({ kind: 'doubt', link })
}

/** Whether the peer of a link that has ended stays a neighbour: another one is to take its place. The other side may have closed it for that. */
export function outlives({ phase, relayed, next }: Slot, reason: LinkEnd): boolean {
  const isSilence = reason === 'closed' || reason === 'failed' || reason === 'timeout'
  return phase === 'up' && !relayed && next !== undefined && isSilence
}
