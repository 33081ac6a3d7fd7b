/**
 * What a peer does with its slots: ask for one, take or refuse who asks, open a link, give one up for a better.
 *
 * Slots are taken by `ask` and `accept` only; `admit`, or the plan, sees to a free one first. Links are given up by
 * `giveUp` only, with a good-bye and, for a better link, alternatives.
 * @module
 */
import { clockwise, isInitiator, type PeerId } from '../id.ts'
import type { LinkEnd } from '../input.ts'
import type { Random } from '../random.ts'
import { nearestKnown } from './candidate.ts'
import type { Out } from './effect.ts'
import type { Ground } from './ground.ts'
import { type Ask, encodeAccept, encodeAsk, encodeRefuse, LETTER, REFUSAL } from './letters.ts'
import { CIRCUIT_TIMEOUT, chooseRelay, relaysOf } from './relayed.ts'
import { isNearer, isRenewing, type Road, type Slot } from './slot.ts'

/** A peer that would not give a ring slot is asked again after this, ms: the ring repairs itself within seconds. */
const RING_WAIT = 1000
/** A peer that said "full", or whose link was given up for a better one, is not asked again before this, ms. */
const FULL_WAIT = 4000
/** A neighbour whose link broke is not asked again before this, ms: what SETTLE of plan.ts gives a ring to settle. */
const LOST_WAIT = 250
/** An ask is said again by the other road after this at the latest, ms: a third of the time that an ask has. */
const AGAIN = 1000
/** After a neighbour was lost others may be gone as well, and letters with them: for so long, ms, the server introduces. */
export const WOUNDED = 30_000
/** Alternatives in a refusal or a good-bye. */
export const ALTERNATIVES = 6

export function newSession(random: Random): number {
  return random.u32() * 0x10000 + (random.u32() & 0xffff)
}

export class Moves {
  private readonly ground: Ground
  /**
   * An ask that stands beside a full table: it takes a place only if the answer is yes. Two full meshes that meet
   * would find no room for each other otherwise, and a place freed for a peer that is gone costs a living link.
   */
  beside: Slot | undefined = undefined

  /** What the letter that is being answered came by. */
  road: Road = 'mesh'
  /** Until then letters over the mesh may well meet the dead. */
  woundedUntil = 0
  /** Until then many join at once (plan.ts). */
  rushUntil = 0

  constructor(ground: Ground) {
    this.ground = ground
  }

  // ── taking a slot ──────────────────────────────────────────────────────────────────────────────────────

  /** Asks for a link: a relayed one where `relays` are named. Returns until when an answer is waited for. */
  ask(
    peer: PeerId,
    ring: boolean,
    now: number,
    out: Out,
    relays?: readonly PeerId[],
    asRelay = false,
  ): number {
    const { config, slots, barriers, backoff } = this.ground
    const session = newSession(config.random)
    const degree = slots.up().length
    const isDoubtful =
      (now < this.rushUntil || now < this.woundedUntil) && this.ground.linkedRouters().length === 0
    const road = isDoubtful ? 'signaling' : 'mesh'
    const doubtful = backoff.failing(peer, now)
    const relayed = relays !== undefined
    const asked = slots.create({ peer, session, ring, outgoing: true, relayed, doubtful, road }, now)
    if (slots.full) this.beside = asked
    else slots.add(asked)
    const needed = asRelay || (slots.sound === 0 && barriers.size > 0 && config.maxPeers > 3)
    const body = encodeAsk({ session, ring, degree, needed, ...(relays && { relays }) })
    out.push({
      kind: 'tell',
      to: peer,
      letter: LETTER.ASK,
      body,
      via: road,
      tentative: now < this.woundedUntil,
    })
    const patience = slots.patience(asked)
    const other = isDoubtful ? 'mesh' : 'signaling'
    asked.again = { body, via: other, at: now + Math.min(patience, AGAIN) }
    return now + patience
  }

  /**
   * Whether there is, or can be made, a place beside a link for the one that is to replace it: where the table is full, a link that
   * has fallen silent gives its own.
   */
  makePlace(slot: Slot, out: Out): boolean {
    if (!this.ground.slots.full || slot.retired) return true
    if (slot.relayed) return false
    slot.retired = slot.suspect = true
    out.push({ kind: 'retire', link: slot.link })
    return true
  }

  /** An ask that no answer has come to is said again by the other road: hops die with what they carry, and a server may be deaf. */
  sayAgain(slot: Slot, now: number, out: Out): void {
    if (slot.again === undefined || now < slot.again.at) return
    const { body, via } = slot.again
    slot.again = undefined
    const tentative = now < this.woundedUntil
    if (slot.phase === 'asked')
      out.push({ kind: 'tell', to: slot.peer, letter: LETTER.ASK, body, via, tentative })
  }

  /** What is under way with a peer; in a session, what belongs to it. */
  of(peer: PeerId, session?: number): Slot | undefined {
    const slot = this.ground.slots.of(peer) ?? (this.beside?.peer === peer ? this.beside : undefined)
    return session !== undefined && slot?.next?.session === session ? slot.next : slot
  }

  /** A peer that was asked has said yes. False where there is no place, or no such relay, for it after all. */
  accepted(slot: Slot, relay: PeerId | undefined, now: number, out: Out): boolean {
    const { slots } = this.ground
    const carrier = relay === undefined ? undefined : chooseRelay(slots, [relay])
    if (slot.relayed && carrier === undefined) return false
    slots.answered(slot, now)
    if (slot === this.beside) {
      this.beside = undefined
      slots.reserved = carrier
      const hasRoom = !slots.full || this.makeRoom(true, now, out)
      slots.reserved = undefined
      if (!hasRoom) return false
      slots.add(slot)
    }
    const before = slots.before(slot)
    if (before !== undefined && !this.makePlace(before, out)) return false
    this.open(slot, carrier, now, out)
    return true
  }

  /** Whether there is, or can be made, room for a peer that asks. */
  admit(from: PeerId, { ring, degree, needed }: Ask, now: number, out: Out): boolean {
    const { config, slots, target } = this.ground
    const { id, maxPeers } = config
    // Who asks is there; whom this peer has asked may not be: an ask that should have been answered holds no place.
    const isRing = ring && isNearer(id, slots.comingRing(now, now < this.woundedUntil), from)
    const wanted = slots.held(target, now) < target || isRing || needed === true
    if (wanted) return !slots.full || this.makeRoom(true, now, out)
    // The rich give to the poor: accepted into the spare slot, and a link to a rich neighbour is given up later.
    if (slots.full || degree > maxPeers / 2) return false
    return slots.evictable(true, degree + 2) !== undefined
  }

  /** Takes a peer that was admitted. */
  accept(
    from: PeerId,
    { session, ring, needed }: Ask,
    carrier: Slot | undefined,
    now: number,
    out: Out,
  ): void {
    const { slots } = this.ground
    const relayed = carrier !== undefined
    const slot = slots.create(
      { peer: from, session, ring, outgoing: false, relayed, needed: needed === true },
      now,
    )
    slot.via = this.road
    slots.add(slot)
    this.agree(slot, carrier, now, out)
  }

  agree(slot: Slot, carrier: Slot | undefined, now: number, out: Out): void {
    out.push({
      kind: 'tell',
      to: slot.peer,
      letter: LETTER.ACCEPT,
      body: encodeAccept(slot.session, carrier?.peer),
      via: this.road,
      aside: this.ground.slots.goesAside(slot),
    })
    this.open(slot, carrier, now, out)
  }

  refuse(to: PeerId, session: number, reason: number, out: Out): void {
    const { slots, routers } = this.ground
    const alternatives = reason === REFUSAL.NO_RELAY ? relaysOf(slots, routers) : this.alternativesFor(to)
    const body = encodeRefuse({ session, reason, alternatives })
    out.push({ kind: 'tell', to, letter: LETTER.REFUSE, body, via: this.road })
  }

  /** Takes a link that was made outside of any ask, as invites make them. Undefined where there is one. */
  adopt(peer: PeerId, patience: number, now: number, out: Out): Slot | undefined {
    const { slots, exchange } = this.ground
    const old = this.of(peer)
    if (old?.phase === 'up') return undefined
    if (old !== undefined) this.giveUp(old, 'closed', out)
    if (slots.full && !this.makeRoom(true, now, out)) {
      // People have agreed on this one: any link but the ring's goes for it.
      const { successor, predecessor } = slots.ring()
      const last = [...slots].findLast(slot => slot !== successor && slot !== predecessor)
      if (last === undefined) return undefined
      this.giveUp(last, 'evicted', out)
      exchange.changed(now)
    }
    const slot = slots.create({ peer, session: 0, ring: false, outgoing: true }, now)
    slots.add(slot)
    slots.open(slot, patience, now)
    slot.deadline = now + patience
    return slot
  }

  private open(slot: Slot, carrier: Slot | undefined, now: number, out: Out): void {
    const { config, slots } = this.ground
    slots.open(slot, config.connectTimeout, now)
    if (carrier !== undefined) {
      slot.deadline = now + CIRCUIT_TIMEOUT
      slot.carrier = carrier.peer
      const { link, peer, session, outgoing } = slot
      out.push({ kind: 'open-circuit', link, peer, session, carrier: carrier.link, asks: outgoing })
      return
    }
    out.push({
      kind: 'open-link',
      link: slot.link,
      peer: slot.peer,
      initiator: isInitiator(config.id, slot.peer),
    })
  }

  // ── freeing a slot ─────────────────────────────────────────────────────────────────────────────────────

  /**
   * Frees a slot: of an ask that was not answered, or of a suspect; for somebody who is there, of a bucket ask or a
   * link that can be spared as well.
   */
  makeRoom(isThere: boolean, now: number, out: Out): boolean {
    const { slots } = this.ground
    let suspect: Slot | undefined
    let asked: Slot | undefined
    for (const slot of slots) {
      if (slots.isSilent(slot, now)) {
        this.expire(slot, now, out)
        return true
      }
      if (slot.phase === 'asked' && !slot.sought && (!slot.ring || slot.doubtful || now < this.woundedUntil))
        asked = slot
      // The one that has been a neighbour for longest, as tables go in order of age.
      if (slot.phase === 'up' && slot.suspect && !isRenewing(slot)) suspect ??= slot
    }
    if (suspect !== undefined) {
      this.expire(suspect, now, out)
      return true
    }
    if (!isThere) return false
    if (asked === undefined) return this.spare(true, now, out)
    slots.drop(asked)
    return true
  }

  /** Gives up the link that can best be spared. False when every one is needed, here or, unless `must`, at the other end. */
  spare(must: boolean, now: number, out: Out): boolean {
    const { slots, backoff, exchange } = this.ground
    const slot =
      slots.evictable(true, 0) ??
      slots.evictable(false, 0) ??
      (must ? slots.evictable(false, 0, true) : undefined)
    if (slot === undefined) return false
    if (slot.suspect) {
      this.expire(slot, now, out)
      return true
    }
    this.giveUp(slot, 'evicted', out)
    backoff.defer(slot.peer, FULL_WAIT, false, now)
    exchange.changed(now)
    return true
  }

  /** Nothing was heard from a peer for too long, or for long enough where its slot is needed. */
  expire(slot: Slot, now: number, out: Out): void {
    out.push({ kind: 'peer-timeout', peer: slot.peer })
    this.fail(slot, 'timeout', now, out)
  }

  /** A slot ends by this side's will: good-bye with alternatives where there is a neighbour, then close. */
  giveUp(slot: Slot, reason: LinkEnd, out: Out): void {
    if (slot.next !== undefined) this.giveUp(slot.next, 'closed', out)
    this.ground.slots.drop(slot)
    if (slot === this.beside) this.beside = undefined
    if (slot.link === 0) return
    const wasUp = slot.phase === 'up'
    if (wasUp && !slot.retired) {
      const ids = reason === 'evicted' ? this.alternativesFor(slot.peer) : []
      out.push({ kind: 'send', link: slot.link, frame: this.ground.exchange.farewell(reason, ids) })
    }
    out.push({ kind: 'dropped', link: slot.link, peer: slot.peer, wasUp, reason })
  }

  /** An ask or an opening link came to nothing, or a neighbour is not to be one. */
  fail(slot: Slot, reason: LinkEnd, now: number, out: Out): void {
    const { view, backoff, exchange, barriers } = this.ground
    const silent = slot.phase !== 'opening'
    this.giveUp(slot, reason, out)
    const beside = this.ground.slots.of(slot.peer)
    if (beside !== undefined) {
      if (beside.relayed || (!silent && slot.signaled && reason === 'timeout')) barriers.raise(slot.peer, now)
      if (beside.retired) {
        out.push({ kind: 'peer-timeout', peer: slot.peer })
        this.bereave(beside, 'failed', now, out)
      }
      return
    }
    // By another relay it may be had at once.
    const { peer, carrier } = slot
    if (carrier !== undefined && barriers.spoil(peer, carrier) && this.ground.relays(peer).length > 0) return
    // It is asked again at once, for a relayed link.
    // What the other side has closed was no fault of ICE's.
    const barred = !silent && slot.signaled && reason === 'timeout' && barriers.raise(slot.peer, now)
    if (barred && this.ground.relays().length > 0) return
    if (reason === 'misbehaved') {
      backoff.shun(slot.peer, now)
      view.remove(slot.peer)
    } else if (backoff.failed(slot.peer, silent, now)) {
      // Who answers nobody is gone; who answers and cannot be linked to may be well for others.
      if (silent) this.ground.depart([slot.peer], 0, now, out)
      else view.remove(slot.peer)
    }
    if (slot.phase === 'up') exchange.changed(now)
  }

  /** Nothing has come of what was to take the place of a link. */
  bereave(slot: Slot, reason: LinkEnd, now: number, out: Out): void {
    this.giveUp(slot, reason, out)
    this.lost(slot, reason, now, out)
  }

  /** The peer that was asked has refused. */
  refused(slot: Slot, reason: number, now: number, out: Out): void {
    const { view, backoff } = this.ground
    this.giveUp(slot, 'refused', out)
    view.add(slot.peer)
    // Where it believes in an old link, that one is being probed: a second later it knows better.
    const soon = slot.ring || reason === REFUSAL.ALREADY
    backoff.defer(slot.peer, soon ? RING_WAIT : FULL_WAIT, slot.ring, now)
  }

  /** A neighbour's link is gone. */
  lost(slot: Slot, reason: LinkEnd, now: number, out: Out): void {
    const { slots, view, backoff, exchange, barriers } = this.ground
    const evicted = reason === 'evicted'
    const { peer, carrier } = slot
    if (carrier !== undefined && (reason === 'timeout' || reason === 'failed')) barriers.spoil(peer, carrier)
    if (!evicted) this.woundedUntil = now + WOUNDED
    slots.drop(slot)
    // Who stood behind it on the ring stands before this peer now.
    for (const id of slot.neighbours ?? []) view.addNear(id)
    if (reason === 'bye' || reason === 'timeout') this.ground.depart([slot.peer], 0, now, out)
    else if (!evicted && reason !== 'closed') view.remove(slot.peer)
    backoff.defer(slot.peer, evicted ? FULL_WAIT : LOST_WAIT, !evicted, now)
    exchange.changed(now)
  }

  /** Peers to ask instead: the two nearest to the asker on the ring, then neighbours with the fewest links. */
  private alternativesFor(peer: PeerId): PeerId[] {
    const { config, backoff, slots } = this.ground
    const useful = (id: PeerId) =>
      id !== peer && !backoff.failing(id) && slots.of(id)?.suspect !== true && slots.of(id)?.silent !== true
    const chosen = nearestKnown(clockwise(config.id, peer), this.ground.known(), useful)
    const poor = slots
      .up()
      .filter(
        slot => slot.peer !== peer && !slot.suspect && slot.silent !== true && !chosen.includes(slot.peer),
      )
    poor.sort((a, b) => (a.neighbours?.size ?? 0) - (b.neighbours?.size ?? 0))
    for (const slot of poor) {
      if (chosen.length === ALTERNATIVES) break
      chosen.push(slot.peer)
    }
    return chosen
  }
}
