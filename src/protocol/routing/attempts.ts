/**
 * One attempt after the other: seals a letter anew, sends it by the road, course and first hop whose turn it
 * is, says how long to wait for the answer, and keeps count of dead ends.
 * @module
 */
import type { Effect } from '../effect.ts'
import { idToBytes, type PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import { jitter, type Random } from '../random.ts'
import { Course, SETTLED_LINKS } from './compass.ts'
import type { Directory, Known } from './directory.ts'
import { type Address, type EnvelopeKind, writeLetter, writeWhois } from './envelope.ts'
import { MAX_BUDGET, writeHead } from './frames.ts'
import type { Flight, Sending } from './lane.ts'
import type { RoutingLimits } from './limits.ts'
import type { Relay } from './relay.ts'
import { deadEndDelay, nextTurn, type Road, RoundTrip, roadOf, searchInstead, turnOf } from './retry.ts'
import { SELF } from './ways.ts'

/** Ways of one letter by which an answer is still taken: more than its attempts in ten seconds. */
const MAX_LETTER_WAYS = 8
/** Milliseconds until a search follows a walk that was spent. */
const ASTRAY_DELAY = 50
/**
 * Milliseconds until the mesh is tried again, with the signaling server as next resort: a mesh that is forming closes a
 * gap in one dial. Measured on joins of 20 and 100: 120 took longer to close the ring, 350 as long, with more bytes.
 */
const SECOND_DELAY = 200
/** Milliseconds that the mesh has for one attempt while there is a server: as long as a first attempt without measured round trips. */
const MESH_PATIENCE = 1000
/** The share of a letter's time that is left to the server. */
const SERVER_SHARE = 0.7
/** Bytes of all copies of one letter that go out at once: a letter over half of it goes once. */
const FAN_BYTES = 262_144
/** Each wait is spread by this share, so that letters that failed together do not come back together. */
const JITTER = 0.25

export class Attempts {
  retries = 0
  signalingUp = false
  /** Peers that introduce first, where they are linked. */
  routers: ReadonlySet<PeerId> = new Set()
  private readonly byWay = new Map<number, Flight>()
  private readonly roundTrip: RoundTrip
  private readonly own: Uint8Array
  private readonly record: Uint8Array
  private readonly limits: RoutingLimits
  private readonly random: Random
  private readonly directory: Directory
  private readonly relay: Relay

  constructor(
    id: PeerId,
    record: Uint8Array,
    limits: RoutingLimits,
    random: Random,
    directory: Directory,
    relay: Relay,
  ) {
    this.own = idToBytes(id)
    this.record = record
    this.limits = limits
    this.random = random
    this.directory = directory
    this.relay = relay
    this.roundTrip = new RoundTrip(limits)
  }

  /** Open ways: for the statistics and for bounds. */
  get size(): number {
    return this.byWay.size
  }

  /** What is out on a way. */
  of(way: number): Flight | undefined {
    return this.byWay.get(way)
  }

  /** Everything that is out or was; once per way. */
  flights(): IterableIterator<Flight> {
    return this.byWay.values()
  }

  /**
   * Makes an attempt: a letter to `known`, or a whois. Returns the milliseconds to wait for its answer, or
   * `undefined` when the dead end is right here.
   */
  launch(flight: Flight, known: Known | undefined, now: number, out: { push(effect: Effect): unknown }) {
    flight.turn = flight.attempts === 0 ? flight.lane.turn : nextTurn(flight.turn, flight.astray)
    // Nothing came of an attempt, not even a dead end: somebody passes nothing on.
    const isSwallowed = flight.attempts > flight.deadEnds + (flight.introduced ? 1 : 0)
    const isSpent = flight.astray
    flight.astray = false
    flight.attempts++
    if (flight.attempts > 1) this.retries++
    const { to } = flight.lane
    const way = this.open(flight)
    const envelope = known === undefined ? writeWhois(to, way, this.own) : this.seal(flight, known, way)
    const address: Address = { kind: envelope[0] as EnvelopeKind, to, way }
    let isSearch = false
    flight.sentAt = now
    flight.link = undefined
    const road = this.road(flight, flight.attempts, now)
    if (road === 'signaling') {
      this.relay.ways.add(address, SELF, [], now)
      out.push({ kind: 'envelope', to, bytes: envelope })
    } else {
      // Where this peer's own place on the ring is in doubt, so is what it hears of the ring.
      if (this.relay.neighbours.size < SETTLED_LINKS) flight.turn = searchInstead(flight.turn)
      const { course, budget } = turnOf(flight.turn, flight.tentative)
      // The last search is a walk through everything: nothing is left out of it.
      isSearch = budget === MAX_BUDGET
      const own = flight.sending?.aside ? this.relay.neighbours.of(to)?.link : undefined
      const tried = course === Course.LAST ? [] : flight.avoid
      const avoid = own === undefined ? tried : [...tried, own]
      const copies =
        isSwallowed && !isSpent && !flight.tentative ? Math.floor(FAN_BYTES / envelope.length) : 0
      if (this.relay.fan(envelope, address, own, copies, now, out))
        return jitter(this.random, this.roundTrip.timeout(flight.attempts - 1, envelope.length), JITTER)
      const first = this.introducer(flight)
      const link = this.relay.launch(envelope, address, course, budget, avoid, first, now, out)
      if (typeof link !== 'number') {
        if (link === 'spent') this.strayed(flight)
        return undefined
      }
      flight.link = link
      this.avoid(flight, link)
    }
    const hasServer = flight.via === 'any' && this.signalingUp && road === 'mesh'
    const longest = hasServer ? MESH_PATIENCE : Number.POSITIVE_INFINITY
    const patience = Math.min(longest, this.roundTrip.timeout(flight.attempts, envelope.length))
    return jitter(
      this.random,
      isSearch && !hasServer && !isSwallowed ? Math.max(patience, this.limits.searchTime) : patience,
      JITTER,
    )
  }

  /** An attempt has reached the peer: what else goes there begins with the same. */
  reached(flight: Flight): void {
    flight.lane.turn = flight.turn
  }

  /** Whether the latest attempt went over this link, and has not been sent over another one since. */
  isOutOn(flight: Flight, link: LinkId): boolean {
    return flight.link === link && this.relay.ways.asked(flight.ways.at(-1) ?? 0)?.tried.at(-1) === link
  }

  /** A walk was spent: that is news where the ring should have led it, and no answer where it could not. */
  strayed(flight: Flight): void {
    const { course, budget } = turnOf(flight.turn)
    if (course !== Course.LAST) flight.astray = true
    if (course !== Course.LAST || budget === MAX_BUDGET) flight.unsure = true
  }

  /** Takes a receipt's time. Only of letters that were sent once: of the others it cannot be told which time. */
  answered(flight: Flight, now: number): void {
    if (flight.attempts === 1) this.roundTrip.measured(now - flight.sentAt)
  }

  /** Counts the dead end of a way; once each. */
  countDeadEnd(flight: Flight, way: number, now: number): void {
    if (flight.deadWays.includes(way)) return
    flight.deadWays.push(way)
    if (flight.deadWays.length > MAX_LETTER_WAYS) flight.deadWays.shift()
    flight.deadEnds++
    if (flight.deadEnds === 1) flight.firstDeadEnd = now
  }

  /** Whether silence after so many dead ends is answer enough: the last search may be long. */
  isHopeless(flight: Flight, now: number): boolean {
    const { deadEnds, deadEndSpan } = this.limits
    return !flight.unsure && flight.deadEnds >= deadEnds - 1 && now - flight.firstDeadEnd >= deadEndSpan
  }

  /** Milliseconds to rest before the next attempt; `undefined` when there have been enough, for long enough. */
  restAfter(flight: Flight, now: number): number | undefined {
    const { deadEnds, deadEndSpan } = this.limits
    const enough = flight.unsure ? 2 * deadEnds : deadEnds
    if (flight.deadEnds >= enough && now - flight.firstDeadEnd >= deadEndSpan) return undefined
    if (this.road(flight, flight.attempts + 1, now) === 'signaling') return 0
    if (flight.tentative) return undefined
    // A search waits for nothing to mend.
    const hasServer = flight.via === 'any' && this.signalingUp
    const delay = flight.astray
      ? ASTRAY_DELAY
      : hasServer
        ? SECOND_DELAY
        : deadEndDelay(this.limits, flight.deadEnds)
    // Later, never earlier, so that the span is kept.
    return delay + jitter(this.random, (delay * JITTER) / 2, 1)
  }

  /** Forgets every way of a flight. */
  forget(flight: Flight): void {
    for (const way of flight.ways) this.byWay.delete(way)
    flight.ways.length = 0
  }

  private road(flight: Flight, attempt: number, now: number): Road {
    const { via, until, sending } = flight
    // The server needs its time, too: a mesh that is slow to say no is not asked again first.
    const isEarly = sending !== undefined && now < until - sending.timeout * SERVER_SHARE
    return roadOf(
      via,
      attempt,
      this.relay.neighbours.size > 0,
      this.signalingUp,
      isEarly ? flight.deadEnds : 0,
    )
  }

  private seal(flight: Flight, known: Known, way: number): Uint8Array {
    const { kind, receipt, body } = flight.sending as Sending
    const plain = new Uint8Array(1 + body.length)
    plain[0] = writeHead(kind, receipt)
    plain.set(body, 1)
    const box = this.directory.seal(known, flight.number, way, plain)
    const isIntroduced = !known.knowsUs || flight.introduced || flight.attempts > 1
    return writeLetter(known.id, way, isIntroduced ? this.record : this.own, flight.number, box)
  }

  private open(flight: Flight): number {
    // 48 bits of chance do not meet those of the few ways that are open.
    const way = this.random.u32() * 2 ** 16 + (this.random.u32() >>> 16)
    flight.ways.push(way)
    this.byWay.set(way, flight)
    if (flight.ways.length > MAX_LETTER_WAYS) this.byWay.delete(flight.ways.shift() as number)
    return way
  }

  /** The link to a router that has not had this introduction yet; the application's own data has no need of one. */
  private introducer({ sending, avoid }: Flight): LinkId | undefined {
    if (sending?.kind === 0) return undefined
    for (const router of this.routers) {
      const { link, suspect = true } = this.relay.neighbours.of(router) ?? {}
      if (link !== undefined && !suspect && !avoid.includes(link)) return link
    }
    return undefined
  }

  private avoid(flight: Flight, link: LinkId): void {
    if (flight.avoid.includes(link) || flight.avoid.length + 1 >= this.relay.neighbours.size)
      flight.avoid = [link]
    else flight.avoid.push(link)
  }
}
