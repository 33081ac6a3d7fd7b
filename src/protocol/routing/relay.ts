/**
 * The relay: moves envelopes one link further, its own and those of others. Greedy by the compass; at a dead
 * end depth-first, within the budget that the frame carries.
 *
 * An envelope goes on for nothing while it comes nearer. Everything else (the first step away from the
 * target, every further try after a bounce) costs one of its budget, but for a search with the largest one. A peer with nothing left to try bounces the
 * envelope to where it came from; a peer at which the budget or the hops run out, or which sees that the ring is
 * whole without the target, tells the sender UNREACHABLE.
 * @module
 */
import type { Drop } from '../effect.ts'
import type { PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import type { Random } from '../random.ts'
import { idOfKey, type PeerRecord } from '../record.ts'
import { Frame } from '../wire/frame.ts'
import { MAX_HOPS } from '../wire/limits.ts'
import { Reader } from '../wire/reader.ts'
import {
  Course,
  choose,
  distance,
  isClosedOver,
  markOf,
  type Neighbour,
  type Place,
  placeOf,
  turned,
} from './compass.ts'
import {
  type Address,
  Envelope,
  isAnswer,
  readAddress,
  readLetter,
  readWhois,
  writeAnswer,
  writeUnreachable,
} from './envelope.ts'
import {
  isTentative,
  MAX_BUDGET,
  MAX_MARKS,
  NO_MARKS,
  readTransit,
  TENTATIVE,
  type Transit,
} from './frames.ts'
import { Hops } from './hops.ts'
import { Horizon } from './horizon.ts'
import type { RoutingOutbox as Outbox } from './letter.ts'
import type { RoutingLimits } from './limits.ts'
import { Lost } from './lost.ts'
import { Neighbourhood } from './neighbourhood.ts'
import { FAN_BUDGET, isCopy, NEAREST_BUDGET } from './retry.ts'
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

/** An envelope for this peer. */
export interface Arrival {
  readonly is: 'arrival'
  readonly address: Address
  readonly envelope: Uint8Array
  readonly hops: number
}

/** This peer's own envelope came back and has nowhere left to go, or nothing left to go on with. */
export interface DeadEnd {
  readonly is: 'dead-end'
  readonly address: Address
  readonly spent: boolean
}

/** What a step comes to: `spent` when budget or hops ran out, `nowhere` when there is nobody to go to. */
type Step = 'out' | 'spent' | 'nowhere'

export class Relay {
  forwarded = 0
  bounced = 0
  readonly neighbours = new Neighbourhood()
  readonly ways: Ways
  readonly hops: Hops
  readonly horizon: Horizon
  readonly lost = new Lost()
  private readonly place: Place
  private readonly limits: RoutingLimits
  private readonly random: Random

  constructor(id: PeerId, limits: RoutingLimits, random: Random) {
    this.place = placeOf(id)
    this.limits = limits
    this.random = random
    this.ways = new Ways(limits.maxWays, limits.wayLife)
    this.hops = new Hops(limits, random)
    this.horizon = new Horizon(this.place.at, this.neighbours, random)
  }

  // ── links ──────────────────────────────────────────────────────────────────────────────────────────────

  linkUp(link: LinkId, record: PeerRecord, now: number): void {
    this.hops.linkUp(this.neighbours.linkUp(link, record))
    this.lost.found(record.id)
    this.horizon.linkUp(link, now)
  }

  /** What the link had not taken stays with `hops` until {@link rescue}. */
  linkDown(link: LinkId, now: number): Neighbour | undefined {
    this.horizon.linkDown(link)
    const gone = this.neighbours.linkDown(link)
    if (gone?.suspect && this.neighbours.of(gone.id) === undefined) this.lost.add(gone.id, now)
    return gone
  }

  clear(): void {
    this.neighbours.clear()
    this.ways.clear()
    this.hops.clear()
    this.horizon.clear()
    this.lost.clear()
  }

  // ── out ────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Sends an envelope of this peer on its way, past the first hops in `avoid` where there are others, or over the link
   * `first`. Returns the link it went over; for a dead end right here, what kind it is.
   */
  launch(
    envelope: Uint8Array,
    address: Address,
    course: Course,
    budget: number,
    avoid: readonly LinkId[],
    first: LinkId | undefined,
    now: number,
    out: Outbox,
  ): LinkId | Exclude<Step, 'out'> {
    let hasOther = false
    for (const link of this.neighbours.keys()) if (!avoid.includes(link)) hasOther = true
    const tried = hasOther ? [...avoid] : []
    const way = this.ways.add(address, SELF, tried, now)
    const transit: Transit = { hops: 0, course, budget, marks: NO_MARKS, envelope }
    if (first !== undefined) {
      this.emit(way, first, moved(transit, 1, course, budget, this.marks(transit, course)), now, out)
      return first
    }
    const step = this.step(way, address, transit, false, now, out)
    return step === 'out' ? (way.tried.at(-1) as LinkId) : step
  }

  /**
   * Sends copies of one envelope over up to `most` links at once, from both sides of the ring; false where that would be
   * one. A peer passes on the first and sends the others back to be tried elsewhere: their paths have no honest peer in common.
   */
  fan(
    envelope: Uint8Array,
    address: Address,
    aside: LinkId | undefined,
    most: number,
    now: number,
    out: Outbox,
  ): boolean {
    const open = [...this.neighbours.values()].filter(({ link }) => link !== aside)
    if (Math.min(most, open.length) < 2) return false
    open.sort((a, b) => Number(a.suspect) - Number(b.suspect) || a.owing - b.owing)
    const way = this.ways.add(address, SELF, [], now)
    let course: Course = Course.BEYOND
    for (const neighbour of open.slice(0, most)) {
      neighbour.owing++
      const transit = { hops: 1, course, budget: FAN_BUDGET, marks: NO_MARKS, envelope }
      this.emit(way, neighbour.link, transit, now, out)
      course = course === Course.BEYOND ? Course.BEFORE : Course.BEYOND
    }
    // It is out on none of them alone: one that comes back, or whose link dies, is no dead end of the others.
    leaveBy(way, SELF)
    return true
  }

  /** Sends an answer back the way its question came, or towards `address.to` where that way is broken. */
  answer(envelope: Uint8Array, address: Address, now: number, out: Outbox): void {
    const way = this.ways.add(address, SELF, [], now)
    const budget = ANSWER_BUDGET
    const transit = { hops: 0, course: Course.NEAREST, budget, marks: NO_MARKS, envelope }
    this.goBack(way, address, transit, now, out)
  }

  // ── in ─────────────────────────────────────────────────────────────────────────────────────────────────

  routed(link: LinkId, reader: Reader, now: number, out: Outbox): Drop | Arrival | undefined {
    const transit = readTransit(reader)
    const address = transit === undefined ? undefined : readAddress(transit.envelope)
    if (transit === undefined || address === undefined) return 'malformed'
    if (!this.hops.arrived(link, transit.number, now, out)) return undefined
    this.heard(link, address, transit)
    const met = this.ways.get(address)
    if (address.to === this.place.id) {
      // The latest way in is the best way back.
      if (!isAnswer(address.kind)) this.ways.add(address, link, [], now)
      return { is: 'arrival', address, envelope: transit.envelope, hops: transit.hops }
    }
    if (transit.hops >= MAX_HOPS) return 'hop-limit'
    if (met !== undefined) {
      if (met.answered) return undefined
      this.bounced++
      this.hops.send(
        link,
        Frame.BOUNCED,
        moved(transit, transit.hops + 1, transit.course, transit.budget, this.marks(transit, transit.course)),
        now,
        out,
      )
      return undefined
    }
    const way = this.ways.add(address, link, [], now)
    const asked = address.kind === Envelope.WHOIS ? this.neighbours.of(address.to) : undefined
    if (asked !== undefined && !asked.suspect) {
      this.answerFor(asked, address, transit.envelope, now, out)
      return undefined
    }
    this.forwarded++
    if (isAnswer(address.kind)) this.goBack(way, address, transit, now, out)
    else this.walk(way, address, transit, now, out)
    return undefined
  }

  bounce(link: LinkId, reader: Reader, now: number, out: Outbox): Drop | DeadEnd | undefined {
    const transit = readTransit(reader)
    const address = transit === undefined ? undefined : readAddress(transit.envelope)
    if (transit === undefined || address === undefined) return 'malformed'
    if (!this.hops.arrived(link, transit.number, now, out)) return undefined
    this.heard(link, address, transit)
    const way = this.ways.get(address)
    // A full table forgets ways that are still open.
    if (way === undefined && this.ways.size >= this.limits.maxWays) return 'table-full'
    if (!way?.tried.includes(link)) return 'unexpected'
    // It went another way already, when this link was silent.
    if (way.tried.at(-1) !== link || way.answered) return undefined
    const step = this.step(way, address, transit, true, now, out)
    if (step === 'out') return undefined
    const spent = step === 'spent'
    if (way.back === SELF) return { is: 'dead-end', address, spent }
    this.giveUp(address, transit, spent, now, out)
    return undefined
  }

  /** Who passes on what is not its own is not silent; its own answer tells neither way. */
  private heard(link: LinkId, address: Address, { hops }: Transit): void {
    const neighbour = this.neighbours.get(link)
    if (neighbour === undefined) return
    if (hops > 1) neighbour.owing = 0
    else if (isAnswer(address.kind) && neighbour.owing > 0) neighbour.owing--
  }

  // ── frames that a link did not take ────────────────────────────────────────────────────────────────────

  /** Sends again what was not taken, and past silent neighbours what can go past them. */
  tick(now: number, out: Outbox): void {
    this.horizon.tick(now, out)
    this.hops.tick(now, (link, frame) => this.detour(link, frame, now, out), out)
  }

  /** A link is gone: what it had not taken goes another way. Returns what of this peer's own has none. */
  rescue(link: LinkId, now: number, out: Outbox): DeadEnd[] {
    const lost: DeadEnd[] = []
    for (const frame of this.hops.linkDown(link)) {
      const held = this.held(link, frame)
      if (held === undefined) continue
      const { way, address, transit } = held
      if (way.back !== SELF) this.walk(way, address, transit, now, out)
      else {
        const step = this.step(way, address, transit, false, now, out)
        if (step !== 'out') lost.push({ is: 'dead-end', address, spent: step === 'spent' })
      }
    }
    return lost
  }

  /** True when a frame goes to another neighbour now, or need not go at all. */
  private detour(link: LinkId, frame: Uint8Array, now: number, out: Outbox): boolean {
    const held = this.held(link, frame)
    if (held === undefined) return true
    const { way, address, transit } = held
    // A bounce has one way to go.
    if (frame[0] === Frame.BOUNCED) return false
    for (const other of this.neighbours.values())
      if (!other.suspect && other.link !== way.back && !way.tried.includes(other.link))
        return this.step(way, address, transit, false, now, out) === 'out'
    return false
  }

  /** What a kept frame is about; `undefined` when its walk has gone on, or is forgotten. */
  private held(link: LinkId, frame: Uint8Array) {
    const transit = readTransit(new Reader(frame, 1)) as Transit
    const address = readAddress(transit.envelope) as Address
    const way = this.ways.get(address)
    const isHere = frame[0] === Frame.BOUNCED ? way?.back === link : way?.tried.at(-1) === link
    // The link that failed has not been crossed.
    return way !== undefined && isHere && !way.answered
      ? { way, address, transit: crossed(transit, -1) }
      : undefined
  }

  // ── the walk ───────────────────────────────────────────────────────────────────────────────────────────

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

  /** One step of the walk of another's envelope; its sender is told when that ends it. */
  private walk(way: Way, address: Address, transit: Transit, now: number, out: Outbox): void {
    const step = this.step(way, address, transit, false, now, out)
    if (step !== 'out') this.giveUp(address, transit, step === 'spent', now, out)
  }

  /** One step of the walk, which ends here when it is out of hops, out of budget, or has nowhere to go. */
  private step(
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
      if (!isNearer && course !== Course.LAST && this.isClosedOver(at, course)) return 'nowhere'
      if (course !== Course.LAST || budget < MAX_BUDGET) budget--
      if (!isNearer && course !== Course.LAST) {
        course = turned(course, this.place, at)
        choice = this.choose(at, course, way, transit, retried)
      }
    }
    const onward = moved(transit, transit.hops + 1, course, budget, this.marks(transit, course))
    if (choice !== undefined) {
      if (!isAnswer(address.kind) && !tentative) choice.neighbour.owing++
      this.emit(way, choice.neighbour.link, onward, now, out)
      return 'out'
    }
    if (way.back === SELF) return 'nowhere'
    if (!this.neighbours.has(way.back)) return 'spent'
    this.bounced++
    this.hops.send(way.back, Frame.BOUNCED, onward, now, out)
    return 'out'
  }

  /** The visited set with this peer in it, where the course has one. */
  private marks({ marks }: Transit, course: Course): readonly number[] {
    if (course !== Course.LAST || marks.length >= MAX_MARKS) return marks
    const own = markOf(this.place)
    return marks.includes(own) ? marks : [...marks, own]
  }

  private isClosedOver(target: Place, course: Course): boolean {
    return isClosedOver([...this.neighbours.values()], this.place, target, course)
  }

  private goBack(way: Way, address: Address, transit: Transit, now: number, out: Outbox): void {
    const asked = this.ways.asked(address.way)
    const back = asked?.back
    if (asked !== undefined && address.kind <= Envelope.ANSWER) asked.answered = true
    const isOpen = back !== undefined && back !== SELF && back !== way.back && this.neighbours.has(back)
    if (isOpen && transit.hops < this.limits.maxSearchHops)
      this.emit(way, back, crossed(transit, 1), now, out)
    else this.walk(way, address, transit, now, out)
  }

  /**
   * Tells the sender of a letter or whois; answers are left to their fate, the sender retries. So are tentative letters: who writes
   * one does not wait for it.
   */
  private giveUp(address: Address, transit: Transit, spent: boolean, now: number, out: Outbox): void {
    if (isAnswer(address.kind) || isTentative(transit)) return
    const to = senderOf(address, transit.envelope)
    this.answer(
      writeUnreachable(to, address.way, spent),
      { kind: Envelope.UNREACHABLE, to, way: address.way },
      now,
      out,
    )
  }

  private answerFor(
    asked: Neighbour,
    address: Address,
    envelope: Uint8Array,
    now: number,
    out: Outbox,
  ): void {
    const to = readWhois(envelope)
    const bytes = writeAnswer(to, address.way, asked.record.bytes)
    this.answer(bytes, { kind: Envelope.ANSWER, to, way: address.way }, now, out)
  }

  private emit(way: Way, link: LinkId, transit: Transit, now: number, out: Outbox): void {
    leaveBy(way, link)
    this.hops.send(link, Frame.ROUTED, transit, now, out)
  }
}

/** Written out, field by field: every envelope under way has one shape, which is what keeps the hot path quick. */
function moved(
  { envelope }: Transit,
  hops: number,
  course: Course,
  budget: number,
  marks: readonly number[],
): Transit {
  return { hops, course, budget, marks, envelope }
}

function crossed(transit: Transit, links: number): Transit {
  return moved(transit, transit.hops + links, transit.course, transit.budget, transit.marks)
}

function senderOf(address: Address, envelope: Uint8Array): PeerId {
  if (address.kind === Envelope.WHOIS) return readWhois(envelope)
  const letter = readLetter(address.kind, envelope)
  return letter.from ?? idOfKey((letter.record as Uint8Array).subarray(0, 32))
}
