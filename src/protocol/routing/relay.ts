/**
 * The relay: has envelopes go one link further, this peer's own and those of others (walk.ts says where), and keeps what
 * a link has not taken until another one does.
 * @module
 */
import type { Drop } from '../effect.ts'
import type { PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import type { Random } from '../random.ts'
import type { PeerRecord } from '../record.ts'
import { Frame } from '../wire/frame.ts'
import { MAX_HOPS } from '../wire/limits.ts'
import { Reader } from '../wire/reader.ts'
import { Course, type Neighbour, placeOf } from './compass.ts'
import { type Address, Envelope, isAnswer, readAddress, readWhois, writeAnswer } from './envelope.ts'
import { crossed, NO_MARKS, readTransit, type Transit } from './frames.ts'
import { Horizon } from './horizon.ts'
import type { RoutingOutbox as Outbox } from './letter.ts'
import type { RoutingLimits } from './limits.ts'
import { FAN_BUDGET } from './retry.ts'
import { type Step, Walk } from './walk.ts'
import { leaveBy, SELF } from './ways.ts'

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

export class Relay extends Walk {
  forwarded = 0
  readonly horizon: Horizon

  constructor(id: PeerId, limits: RoutingLimits, random: Random) {
    super(placeOf(id), limits, random)
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

  override clear(): void {
    super.clear()
    this.horizon.clear()
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
      this.emit(way, first, this.onward(transit, course, budget), now, out)
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
      this.sendBack(link, this.onward(transit, transit.course, transit.budget), now, out)
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
    else this.goOn(way, address, transit, now, out)
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
      if (way.back !== SELF) this.goOn(way, address, transit, now, out)
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
}
