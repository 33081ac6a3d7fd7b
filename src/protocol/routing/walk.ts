/**
 * The walk of an envelope: greedy by the compass; at a dead end depth-first, within the budget that the frame carries.
 *
 * An envelope goes on for nothing while it comes nearer. Everything else (the first step away from the
 * target, every further try after a bounce) costs one of its budget, but for a search with the largest one. A peer with nothing left to try bounces the
 * envelope to where it came from; a peer at which the budget or the hops run out, or which sees that the ring is
 * whole without the target, tells the sender UNREACHABLE.
 * @module
 */
import type { PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import type { Random } from '../random.ts'
import { idOfKey } from '../record.ts'
import { Frame } from '../wire/frame.ts'
import { Course, choose, distance, isClosedOver, markOf, type Place, placeOf, turned } from './compass.ts'
import { type Address, Envelope, isAnswer, readLetter, readWhois, writeUnreachable } from './envelope.ts'
import {
  crossed,
  isTentative,
  MAX_BUDGET,
  MAX_MARKS,
  moved,
  NO_MARKS,
  TENTATIVE,
  type Transit,
} from './frames.ts'
import { Hops } from './hops.ts'
import type { RoutingOutbox as Outbox } from './letter.ts'
import type { RoutingLimits } from './limits.ts'
import { Lost } from './lost.ts'
import { Neighbourhood } from './neighbourhood.ts'
import { isCopy, NEAREST_BUDGET } from './retry.ts'
import { leaveBy, SELF, type Way, Ways } from './ways.ts'

/** Turns against the gradient that an answer may take: its way back is known, this is for when that broke. */
const ANSWER_BUDGET = NEAREST_BUDGET
/**
 * Questions in a row that a neighbour may owe a sign that it passes anything on until others are taken before it. Letters that
 * want no receipt count, too: below 16 joins alone cast doubt on honest neighbours. A copy (retry.ts) is sent because
 * somebody is silent, and others are out beside it: it may be wrong about one.
 */
const DOUBT = 16
const COPY_DOUBT = 4

/** What a step comes to: `spent` when budget or hops ran out, `nowhere` when there is nobody to go to. */
export type Step = 'out' | 'spent' | 'nowhere'

/** The tables that walks are decided by, and the steps. relay.ts has envelopes come in and out. */
export class Walk {
  /** Envelopes sent back to be tried elsewhere. */
  bounced = 0
  readonly neighbours = new Neighbourhood()
  readonly ways: Ways
  readonly hops: Hops
  readonly lost = new Lost()
  protected readonly place: Place
  protected readonly limits: RoutingLimits
  private readonly random: Random

  constructor(place: Place, limits: RoutingLimits, random: Random) {
    this.place = place
    this.limits = limits
    this.random = random
    this.ways = new Ways(limits.maxWays, limits.wayLife)
    this.hops = new Hops(limits, random)
  }

  clear(): void {
    this.neighbours.clear()
    this.ways.clear()
    this.hops.clear()
    this.lost.clear()
  }

  private choose(target: Place, course: Course, way: Way, transit: Transit, retried: boolean) {
    const visited = way.back === SELF ? way.tried : [way.back, ...way.tried]
    // Retries draw lots among equals, so that they do not all meet the same bad relay.
    const random = course === Course.NEAREST ? undefined : this.random
    const marks = course === Course.LAST ? new Set(transit.marks) : undefined
    const doubt = isCopy(course, transit.budget) ? COPY_DOUBT : DOUBT
    const misled = retried || transit.budget < NEAREST_BUDGET
    return choose(
      this.neighbours.values(),
      this.place.id,
      target,
      course,
      visited,
      random,
      marks,
      doubt,
      misled,
    )
  }

  /** One step of another's envelope; its sender is told when that ends its walk. */
  protected goOn(way: Way, address: Address, transit: Transit, now: number, out: Outbox): void {
    const step = this.step(way, address, transit, false, now, out)
    if (step !== 'out') this.giveUp(address, transit, step === 'spent', now, out)
  }

  /** One step of the walk, which ends here when it is out of hops, out of budget, or has nowhere to go. */
  protected step(
    way: Way,
    address: Address,
    transit: Transit,
    retried: boolean,
    now: number,
    out: Outbox,
  ): Step {
    const isSearch = transit.course === Course.LAST
    if (transit.hops >= (isSearch ? this.limits.maxSearchHops : this.limits.maxHops)) return 'spent'
    const target = this.neighbours.of(address.to)
    if (target !== undefined && !target.suspect && !way.tried.includes(target.link)) {
      this.emit(way, target.link, crossed(transit, 1), now, out)
      return 'out'
    }
    let { course, budget } = transit
    const tentative = isTentative(transit)
    if (tentative && (target?.suspect || this.lost.has(address.to, now))) return 'nowhere'
    const at = placeOf(address.to)
    let choice = this.choose(at, course, way, transit, retried)
    const isNearer = choice !== undefined && choice.reach < distance(course, this.place, at)
    if (choice !== undefined && (retried || !isNearer)) {
      if (budget === (tentative ? TENTATIVE : 0)) return 'spent'
      if (
        !isNearer &&
        course !== Course.LAST &&
        isClosedOver([...this.neighbours.values()], this.place, at, course)
      )
        return 'nowhere'
      if (course !== Course.LAST || budget < MAX_BUDGET) budget--
      if (!isNearer && course !== Course.LAST) {
        course = turned(course, this.place, at)
        choice = this.choose(at, course, way, transit, retried)
      }
    }
    const onward = this.onward(transit, course, budget)
    if (choice !== undefined) {
      if (!isAnswer(address.kind) && !tentative) choice.neighbour.owing++
      this.emit(way, choice.neighbour.link, onward, now, out)
      return 'out'
    }
    if (way.back === SELF) return 'nowhere'
    if (!this.neighbours.has(way.back)) return 'spent'
    this.sendBack(way.back, onward, now, out)
    return 'out'
  }

  /** A link further, with this peer in the visited set where the course has one. */
  protected onward(transit: Transit, course: Course, budget: number): Transit {
    let { marks } = transit
    if (course === Course.LAST && marks.length < MAX_MARKS) {
      const own = markOf(this.place)
      if (!marks.includes(own)) marks = [...marks, own]
    }
    return moved(transit, transit.hops + 1, course, budget, marks)
  }

  /** An answer goes where its question came from, once that is known to be open; elsewhere it walks. */
  protected goBack(way: Way, address: Address, transit: Transit, now: number, out: Outbox): void {
    const asked = this.ways.asked(address.way)
    const back = asked?.back
    if (asked !== undefined && address.kind <= Envelope.ANSWER) asked.answered = true
    const isOpen = back !== undefined && back !== SELF && back !== way.back && this.neighbours.has(back)
    if (isOpen && transit.hops < this.limits.maxSearchHops)
      this.emit(way, back, crossed(transit, 1), now, out)
    else this.goOn(way, address, transit, now, out)
  }

  /**
   * Tells the sender of a letter or whois; answers are left to their fate, the sender retries. So are tentative letters: who writes
   * one does not wait for it.
   */
  protected giveUp(address: Address, transit: Transit, spent: boolean, now: number, out: Outbox): void {
    if (isAnswer(address.kind) || isTentative(transit)) return
    const to = senderOf(address, transit.envelope)
    this.answer(
      writeUnreachable(to, address.way, spent),
      { kind: Envelope.UNREACHABLE, to, way: address.way },
      now,
      out,
    )
  }

  /** Sends an answer back the way its question came, or towards `address.to` where that way is broken. */
  answer(envelope: Uint8Array, address: Address, now: number, out: Outbox): void {
    const way = this.ways.add(address, SELF, [], now)
    const budget = ANSWER_BUDGET
    const transit = { hops: 0, course: Course.NEAREST, budget, marks: NO_MARKS, envelope }
    this.goBack(way, address, transit, now, out)
  }

  /** An envelope goes back over the link that it came by, to be tried elsewhere. */
  protected sendBack(link: LinkId, transit: Transit, now: number, out: Outbox): void {
    this.bounced++
    this.hops.send(link, Frame.BOUNCED, transit, now, out)
  }

  protected emit(way: Way, link: LinkId, transit: Transit, now: number, out: Outbox): void {
    leaveBy(way, link)
    this.hops.send(link, Frame.ROUTED, transit, now, out)
  }
}

function senderOf(address: Address, envelope: Uint8Array): PeerId {
  if (address.kind === Envelope.WHOIS) return readWhois(envelope)
  const letter = readLetter(address.kind, envelope)
  return letter.from ?? idOfKey((letter.record as Uint8Array).subarray(0, 32))
}
