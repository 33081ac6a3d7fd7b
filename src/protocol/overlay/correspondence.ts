/**
 * What two peers without a link write to each other (letters.ts), and what is done about it.
 * @module
 */
import type { Drop } from '../effect.ts'
import { isInitiator, type PeerId } from '../id.ts'
import type { Out } from './effect.ts'
import type { Ground } from './ground.ts'
import { type Ask, decodeAccept, decodeAsk, decodeRefuse, decodeSignal, LETTER, REFUSAL } from './letters.ts'
import type { Moves } from './moves.ts'
import type { Plan } from './plan.ts'
import { chooseRelay, RELAY_AFTER } from './relayed.ts'
import { acceptNext, RENEW } from './replace.ts'
import type { Road, Slot } from './slot.ts'

export class Correspondence {
  private readonly ground: Ground
  private readonly moves: Moves
  private readonly plan: Plan

  constructor(ground: Ground, moves: Moves, plan: Plan) {
    this.ground = ground
    this.moves = moves
    this.plan = plan
  }

  /** A letter of routing's; `via`: what it came by. */
  take(from: PeerId, kind: number, body: Uint8Array, now: number, out: Out, via: Road): Drop | undefined {
    if (!this.plan.running) return undefined
    this.moves.road = via
    const slot = this.moves.of(from)
    // An ask may come twice, by both roads: what counts is which was taken (moves.ts, accept).
    const open = slot?.phase === 'up' ? slot.next : slot
    if (via === 'signaling' && kind !== LETTER.ASK && open !== undefined) open.via = via
    const drop = this.read(from, kind, body, now, out)
    this.moves.road = 'mesh'
    return drop
  }

  private read(from: PeerId, kind: number, body: Uint8Array, now: number, out: Out): Drop | undefined {
    const silent = this.ground.heard(from)
    if (silent && (kind === LETTER.ACCEPT || kind === LETTER.REFUSE)) this.ground.slots.late()
    switch (kind) {
      case LETTER.ASK:
        return this.onAsk(from, body, now, out)
      case LETTER.ACCEPT:
        return this.onAccept(from, body, now, out)
      case LETTER.REFUSE:
        return this.onRefuse(from, body, now, out)
      case LETTER.SIGNAL:
        return this.onSignal(from, body, now, out)
      default:
        return 'unexpected'
    }
  }

  private onAsk(from: PeerId, body: Uint8Array, now: number, out: Out): Drop | undefined {
    const ask = decodeAsk(body)
    if (ask === undefined) return 'malformed'
    this.plan.asked(ask.degree, now)
    if (this.ground.backoff.shuns(from, now)) {
      this.moves.refuse(from, ask.session, REFUSAL.POLICY, out)
      return undefined
    }
    const slot = this.moves.of(from)
    if (slot !== undefined) {
      if (slot.session === ask.session) return undefined
      if (slot.phase === 'up' && (slot.relayed ? ask.relays === undefined : ask.anew || slot.retired)) {
        acceptNext(this.ground, this.moves, slot, ask, now, out)
        return undefined
      }
      // It has lost the link, or its ask was under way while the link came up: the link itself is asked which.
      if (slot.phase === 'up') {
        out.push({ kind: 'doubt', link: slot.link })
        this.moves.refuse(from, ask.session, REFUSAL.ALREADY, out)
        return undefined
      }
      // Both asked: the lower id's session is the one that counts, so one link comes of it.
      if (slot.phase === 'asked' && isInitiator(this.ground.config.id, from)) {
        slot.needed ||= ask.needed === true
        return undefined
      }
      // It has given the older attempt up.
      this.moves.giveUp(slot, 'closed', out)
    }
    const { relays } = ask
    const { slots: table, barriers } = this.ground
    const usable = relays?.filter(id => !barriers.spoils(from, id))
    const carrier = usable && chooseRelay(table, usable)
    if (relays !== undefined && carrier === undefined) {
      this.ground.view.add(from)
      this.moves.refuse(from, ask.session, REFUSAL.NO_RELAY, out)
      this.plan.askRelay(relays, now, out)
    } else if (this.admit(from, ask, carrier, now, out)) this.moves.accept(from, ask, carrier, now, out)
    else {
      this.ground.view.add(from)
      this.moves.refuse(from, ask.session, REFUSAL.FULL, out)
    }
    return undefined
  }

  private admit(from: PeerId, ask: Ask, carrier: Slot | undefined, now: number, out: Out): boolean {
    const { slots } = this.ground
    slots.reserved = carrier
    const admitted = this.moves.admit(from, ask, now, out)
    slots.reserved = undefined
    return admitted
  }

  private onAccept(from: PeerId, body: Uint8Array, now: number, out: Out): Drop | undefined {
    const accept = decodeAccept(body)
    if (accept === undefined) return 'malformed'
    const { session, relay } = accept
    const slot = this.moves.of(from, session)
    if (slot?.session !== session) this.moves.refuse(from, session, REFUSAL.STALE, out)
    else if (slot.phase === 'asked' && !this.moves.accepted(slot, relay, now, out)) {
      this.moves.refuse(from, session, REFUSAL.FULL, out)
    }
    return undefined
  }

  private onRefuse(from: PeerId, body: Uint8Array, now: number, out: Out): Drop | undefined {
    const refusal = decodeRefuse(body)
    if (refusal === undefined) return 'malformed'
    const slot = this.moves.of(from, refusal.session)
    // Only who was asked may name others: a stranger's list would crowd out what is known.
    if (slot?.session !== refusal.session || slot.phase === 'up') return undefined
    if (refusal.reason === REFUSAL.NO_RELAY) {
      this.ground.barriers.noRelay(from)
      this.plan.askRelay(refusal.alternatives, now, out)
    } else this.plan.suggested(refusal.alternatives, now)
    if (slot.phase === 'asked') this.ground.slots.answered(slot, now)
    const before = this.ground.slots.before(slot)
    this.moves.refused(slot, refusal.reason, now, out)
    // There is no link that could be replaced, at the other end.
    if (before !== undefined && !before.relayed) this.moves.bereave(before, 'closed', now, out)
    this.plan.refused(slot.ring, now)
    return undefined
  }

  private onSignal(from: PeerId, body: Uint8Array, now: number, out: Out): Drop | undefined {
    const signal = decodeSignal(body)
    if (signal === undefined) return 'malformed'
    const slot = this.moves.of(from, signal.session)
    if (slot?.session !== signal.session) return undefined
    // The yes has been overtaken, or was lost.
    if (slot.relayed || (slot.phase === 'asked' && !this.moves.accepted(slot, undefined, now, out)))
      return undefined
    slot.signaled = true
    // Of a link that is up it finds the path anew.
    if (slot.phase === 'up') {
      slot.aside = this.moves.road === 'signaling'
      if (slot.aside) {
        slot.renewUntil = now + RENEW
        out.push({ kind: 'wait', link: slot.link, milliseconds: RENEW })
      }
    } else {
      // The ring does not wait for ICE to give up where a neighbour may carry the link, nor a neighbour whose link is silent.
      const { slots, config } = this.ground
      const { connectTimeout } = config
      const onRing = slot.ring && slots.sound > 0 ? RELAY_AFTER + 3 * slots.patience() : connectTimeout
      const soon = slots.goesAside(slot) ? RELAY_AFTER : onRing
      slot.deadline = slot.since + Math.min(connectTimeout, soon)
    }
    out.push({ kind: 'link-signal', link: slot.link, data: signal.data })
    return undefined
  }
}
