/**
 * The letters of this peer until they are settled: as DATA to a neighbour, over several hops, or through the
 * signaling server; again and again by other ways, until the receipt comes, the time is up, or the mesh has
 * said often enough that there is no route.
 * @module
 */
import type { Drop, Outcome } from '../effect.ts'
import type { PeerId } from '../id.ts'
import type { LinkId, RequestId } from '../input.ts'
import { Alarms, NO_ALARM } from './alarms.ts'
import type { Attempts } from './attempts.ts'
import type { Directory } from './directory.ts'
import { type Address, readReceipt } from './envelope.ts'
import { writeData } from './frames.ts'
import { busyUntil, patience } from './hops.ts'
import { enter, type Flight, type Lane, newFlight, newLane, type Sending } from './lane.ts'
import type { RoutingOutbox as Outbox } from './letter.ts'
import type { RoutingLimits } from './limits.ts'
import { Numbers } from './numbers.ts'
import type { Relay } from './relay.ts'
import { SELF } from './ways.ts'

export class Outbound {
  sent = 0
  readonly attempts: Attempts
  private readonly lanes = new Map<PeerId, Lane>()
  private readonly requests = new Map<RequestId, Flight>()
  private readonly alarms = new Alarms<Flight>()
  private count = 0
  private bytes = 0
  private readonly numbers: Numbers
  private readonly limits: RoutingLimits
  private readonly directory: Directory
  private readonly relay: Relay

  constructor(attempts: Attempts, limits: RoutingLimits, directory: Directory, relay: Relay) {
    this.attempts = attempts
    this.limits = limits
    this.directory = directory
    this.relay = relay
    this.numbers = new Numbers(limits.maxRecords)
  }

  get deadline(): number {
    return this.alarms.next
  }

  get sizes() {
    return {
      requests: this.count,
      requestBytes: this.bytes,
      lanes: this.lanes.size,
      open: this.attempts.size,
    }
  }

  // ── the caller ─────────────────────────────────────────────────────────────────────────────────────────

  send(sending: Sending, now: number, out: Outbox): void {
    const { to, body, request } = sending
    const { maxRequests, maxRequestBytes } = this.limits
    if (this.count >= maxRequests || this.bytes + body.length > maxRequestBytes) {
      if (request !== undefined) out.push({ kind: 'settle', request, outcome: 'busy' })
      return
    }
    let lane = this.lanes.get(to)
    if (lane === undefined) {
      lane = newLane(to)
      this.lanes.set(to, lane)
    }
    const flight = newFlight(lane, sending, this.numbers.next(to), now + sending.timeout)
    this.sent++
    this.count++
    this.bytes += body.length
    lane.flights.set(flight.number, flight)
    if (request !== undefined) this.requests.set(request, flight)
    enter(flight, 'queued')
    this.alarms.set(flight, flight.until)
    this.pump(lane, now, out)
  }

  cancel(request: RequestId, out: Outbox): void {
    const flight = this.requests.get(request)
    if (flight !== undefined) this.settle(flight, 'aborted', out)
  }

  stop(out: Outbox): void {
    for (const lane of [...this.lanes.values()])
      for (const flight of [...lane.flights.values()]) this.settle(flight, 'left', out)
    this.alarms.reset()
  }

  // ── links and time ─────────────────────────────────────────────────────────────────────────────────────

  linkUp(id: PeerId, now: number, out: Outbox): void {
    const lane = this.lanes.get(id)
    if (lane !== undefined) this.pump(lane, now, out)
    // A new link may be the way that was missing.
    for (const flight of this.attempts.flights()) if (flight.phase === 'resting') this.alarms.set(flight, now)
  }

  linkDown(link: LinkId, id: PeerId, now: number, out: Outbox): void {
    const lane = this.lanes.get(id)
    if (lane !== undefined) this.recall(lane, link, now, out)
    // What the link had taken may have died with its peer; what it had not is on another link by now.
    for (const flight of this.attempts.flights())
      if (flight.phase === 'flying' && this.attempts.isOutOn(flight, link)) this.alarms.set(flight, now)
  }

  /** A neighbour fell silent or spoke again: what waits on it is looked at in the next tick. */
  suspect(id: PeerId): void {
    for (const flight of this.lanes.get(id)?.flights.values() ?? [])
      if (flight.phase === 'linked' || flight.phase === 'resting') this.alarms.set(flight, 0)
  }

  tick(now: number, out: Outbox): void {
    // One that was sent again on behalf of another has its next alarm already.
    for (const flight of this.alarms.due(now)) if (flight.slot === NO_ALARM) this.ring(flight, now, out)
  }

  private ring(flight: Flight, now: number, out: Outbox): void {
    const { lane, sending, phase } = flight
    if (phase === 'settled') return
    if (sending !== undefined && now >= flight.until) {
      const met = flight.deadEnds + (phase === 'queued' ? (lane.ask?.deadEnds ?? 0) : 0)
      this.settle(flight, met > 0 ? 'no-route' : 'timeout', out)
    } else if (phase === 'flying' && this.attempts.isHopeless(flight, now)) this.fail(flight, out)
    else if (phase === 'flying' && sending?.receipt === false) this.settle(flight, 'ok', out)
    else if (phase === 'flying' && flight.tentative) this.fail(flight, out)
    else {
      const busy = this.busyUntil(flight)
      this.alarms.set(flight, now < busy ? Math.min(flight.until, busy) : flight.until)
      if (now < busy) return
      if (sending === undefined) this.askAgain(lane, now, out)
      else if (phase === 'linked') this.handAgain(flight, now, out)
      else if (phase !== 'queued') this.again(flight, now, out)
      return
    }
    this.pump(lane, now, out)
  }

  /** Until when a link that a letter is on is busy with what was sent. */
  private busyUntil(flight: Flight): number {
    let latest = Number.NEGATIVE_INFINITY
    for (const neighbour of this.relay.neighbours.values()) {
      const { link } = neighbour
      const isOn =
        flight.phase === 'linked'
          ? flight.link === link
          : flight.phase === 'flying' && this.attempts.isOutOn(flight, link)
      if (isOn) latest = Math.max(latest, busyUntil(neighbour))
    }
    return latest
  }

  /** DATA without a receipt: again where the link seems sound, another way where it does not. */
  private handAgain(flight: Flight, now: number, out: Outbox): void {
    const link = this.linkTo(flight.lane.to)
    if (link === undefined || link !== flight.link) {
      if (flight.link !== undefined) this.recall(flight.lane, flight.link, now, out)
      return
    }
    this.attempts.retries++
    this.hand(flight, link, now, out)
    out.push({ kind: 'doubt', link })
  }

  // ── answers ────────────────────────────────────────────────────────────────────────────────────────────

  /** DATA that a neighbour has had: ranges of numbers, first, last, first, last … */
  hadBy(id: PeerId, ranges: readonly number[], now: number, out: Outbox): Drop | undefined {
    const highest = this.numbers.highest(id)
    for (let i = 1; i < ranges.length; i += 2) if ((ranges[i] as number) > highest) return 'unexpected'
    const lane = this.lanes.get(id)
    if (lane === undefined) return undefined
    for (let i = 0; i < ranges.length; i += 2) {
      const first = ranges[i] as number
      const last = ranges[i + 1] as number
      // Never more steps than letters are waiting, whatever the range promises.
      if (last - first < lane.flights.size) {
        for (let number = first; number <= last; number++) {
          const flight = lane.flights.get(number)
          if (flight !== undefined) this.settle(flight, 'ok', out)
        }
      } else
        for (const [number, flight] of [...lane.flights])
          if (number >= first && number <= last) this.settle(flight, 'ok', out)
    }
    this.pump(lane, now, out)
    return undefined
  }

  /** A receipt over several hops: only who could open the letter can have sealed it. */
  receipt(address: Address, envelope: Uint8Array, now: number, out: Outbox): Drop | undefined {
    const flight = this.attempts.of(address.way)
    if (flight === undefined) return this.late(address)
    const { number, box } = readReceipt(envelope)
    const known = this.directory.use(flight.lane.to)
    if (known === undefined || number !== flight.number) return 'bad-seal'
    if (this.directory.open(known, number, address.way, box)?.length !== 0) return 'bad-seal'
    known.knowsUs = true
    this.attempts.answered(flight, now)
    if (address.way === flight.ways.at(-1)) this.attempts.reached(flight)
    this.settle(flight, 'ok', out)
    this.pump(flight.lane, now, out)
    return undefined
  }

  /** The mesh says that there is no way, or this peer itself does. Not proven: it costs one attempt. */
  unreachable(address: Address, spent: boolean, now: number, out: Outbox): Drop | undefined {
    const flight = this.attempts.of(address.way)
    if (flight === undefined) return this.late(address)
    if (spent) this.attempts.strayed(flight)
    if (flight.phase === 'flying' && flight.ways.at(-1) === address.way) this.deadEnd(flight, now, out)
    // Of an earlier attempt: it counts, but the later one is still out.
    else this.attempts.countDeadEnd(flight, address.way, now)
    return undefined
  }

  /** The receiver does not know this peer. Not proven: it costs one record, once. */
  stranger(address: Address, now: number, out: Outbox): Drop | undefined {
    const flight = this.attempts.of(address.way)
    if (flight === undefined) return this.late(address)
    if (flight.introduced || flight.phase !== 'flying' || flight.sending === undefined) return undefined
    flight.introduced = true
    this.fly(flight, now, out)
    return undefined
  }

  /** Whose record an answer on this way may bring. */
  askedFor(way: number): PeerId | undefined {
    return this.attempts.of(way)?.lane.to
  }

  /** A record has been entered: what waited for it goes; what was sealed for an older one goes again. */
  entered(id: PeerId, isNewer: boolean, now: number, out: Outbox): void {
    const lane = this.lanes.get(id)
    if (lane === undefined) return
    if (lane.ask !== undefined) this.attempts.reached(lane.ask)
    this.forgetAsk(lane)
    if (isNewer)
      for (const flight of lane.flights.values())
        if (flight.phase === 'flying' || flight.phase === 'resting') {
          flight.introduced = true
          this.alarms.set(flight, now)
        }
    this.pump(lane, now, out)
  }

  /** A record that came for this peer was forged: ask again by another way. */
  forged(id: PeerId, now: number): void {
    const ask = this.lanes.get(id)?.ask
    if (ask !== undefined) this.alarms.set(ask, now)
  }

  /** An answer to nothing that is open: late when the way was this peer's own, made up otherwise. */
  late(address: Address): Drop | undefined {
    return this.relay.ways.asked(address.way)?.back === SELF ? undefined : 'replay'
  }

  // ── on the way ─────────────────────────────────────────────────────────────────────────────────────────

  /** The link to a neighbour that can be trusted with a letter; a silent one only where there is no other. */
  private linkTo(id: PeerId): LinkId | undefined {
    const neighbour = this.relay.neighbours.of(id)
    if (neighbour === undefined || (neighbour.suspect && this.relay.neighbours.size > 1)) return undefined
    return neighbour.link
  }

  /** Sends what of the queue may go. */
  private pump(lane: Lane, now: number, out: Outbox): void {
    if (lane.queue.size === 0) return
    const link = this.linkTo(lane.to)
    if (link === undefined && this.directory.get(lane.to) === undefined) {
      this.askFor(lane, now, out)
      return
    }
    // The queue may be long and the room small: no copy of it. What is sent leaves it under the loop.
    for (const flight of lane.queue) {
      if (link !== undefined && !flight.sending?.aside && !this.isForServer(flight, link))
        this.hand(flight, link, now, out)
      else if (this.hasRoom(lane, flight)) this.fly(flight, now, out)
      else return
    }
  }

  /** Whether the signaling server is the better way for a letter that may go by it: the only link there is has fallen silent. */
  private isForServer({ via }: Flight, link: LinkId): boolean {
    return (
      via === 'signaling' && this.attempts.signalingUp && this.relay.neighbours.get(link)?.suspect === true
    )
  }

  private hasRoom(lane: Lane, flight: Flight): boolean {
    const { maxInFlight, maxInFlightBytes } = this.limits
    if (lane.inFlight === 0) return true
    const length = flight.sending?.body.length ?? 0
    return lane.inFlight < maxInFlight && lane.inFlightBytes + length <= maxInFlightBytes
  }

  /** To a neighbour, over its link: nothing to seal. */
  private hand(flight: Flight, link: LinkId, now: number, out: Outbox): void {
    const { sending } = flight
    const neighbour = this.relay.neighbours.get(link)
    if (sending === undefined || neighbour === undefined) return
    flight.handed = flight.link === link && flight.phase === 'linked' ? flight.handed + 1 : 1
    enter(flight, 'linked')
    flight.link = link
    // Whatever waits may be on this link and before it.
    const wait = patience(neighbour, flight.handed, this.bytes, this.limits)
    this.alarms.set(flight, Math.min(flight.until, now + wait))
    const { kind, receipt, body } = sending
    out.push({ kind: 'send', link, frame: writeData(kind, receipt, flight.number, body) })
    if (!receipt) this.settle(flight, 'ok', out)
  }

  /** Takes back what was handed to a link that died or fell silent, and sends it another way. */
  private recall(lane: Lane, link: LinkId, now: number, out: Outbox): void {
    const waiting = [...lane.queue]
    const recalled = [...lane.flights.values()].filter(
      flight => flight.phase === 'linked' && flight.link === link,
    )
    this.attempts.retries += recalled.length
    lane.queue.clear()
    for (const flight of recalled) enter(flight, 'queued')
    for (const flight of waiting) lane.queue.add(flight)
    this.pump(lane, now, out)
  }

  private again(flight: Flight, now: number, out: Outbox): void {
    const link = this.linkTo(flight.lane.to)
    if (link !== undefined && !flight.sending?.aside) this.hand(flight, link, now, out)
    else this.fly(flight, now, out)
  }

  private askFor(lane: Lane, now: number, out: Outbox): void {
    let via: Flight['via'] = 'mesh'
    let tentative = true
    // Where letters go by the server first, so does the question, or they would wait for the road that they avoid.
    for (const flight of lane.queue) {
      if (flight.via === 'signaling' || via === 'mesh') via = flight.via
      tentative &&= flight.tentative
    }
    if (via === 'signaling' && lane.ask?.via !== via && this.attempts.signalingUp) this.forgetAsk(lane)
    const isNew = lane.ask === undefined
    lane.ask ??= newFlight(lane, undefined, 0, Number.POSITIVE_INFINITY)
    lane.ask.via = via
    lane.ask.tentative = tentative
    if (isNew) this.fly(lane.ask, now, out)
  }

  private askAgain(lane: Lane, now: number, out: Outbox): void {
    if (lane.ask !== undefined && lane.queue.size > 0) this.fly(lane.ask, now, out)
    else this.forgetAsk(lane)
  }

  private forgetAsk(lane: Lane): void {
    if (lane.ask === undefined) return
    this.ground(lane.ask)
    lane.ask = undefined
  }

  /** One attempt of a letter or a whois that cannot go over a link of its own. */
  private fly(flight: Flight, now: number, out: Outbox): void {
    const { lane, sending } = flight
    const known = sending === undefined ? undefined : this.directory.use(lane.to)
    if (sending !== undefined && known === undefined) {
      enter(flight, 'queued')
      this.askFor(lane, now, out)
      return
    }
    enter(flight, 'flying')
    const patience = this.attempts.launch(flight, known, now, out)
    if (patience === undefined) this.deadEnd(flight, now, out)
    else this.alarms.set(flight, Math.min(flight.until, now + patience))
  }

  private deadEnd(flight: Flight, now: number, out: Outbox): void {
    this.attempts.countDeadEnd(flight, flight.ways.at(-1) ?? 0, now)
    const rest = this.attempts.restAfter(flight, now)
    if (rest === undefined) this.fail(flight, out)
    else if (rest === 0) this.fly(flight, now, out)
    else {
      enter(flight, 'resting')
      this.alarms.set(flight, Math.min(flight.until, now + rest))
    }
  }

  /** There is no way to this peer now: nor is there for what waits behind. */
  private fail(flight: Flight, out: Outbox): void {
    const { lane } = flight
    for (const waiting of [...lane.queue]) this.settle(waiting, 'no-route', out)
    if (flight.sending === undefined) this.forgetAsk(lane)
    else this.settle(flight, 'no-route', out)
  }

  // ── the end ────────────────────────────────────────────────────────────────────────────────────────────

  private ground(flight: Flight): void {
    enter(flight, 'settled')
    this.alarms.clear(flight)
    this.attempts.forget(flight)
  }

  private settle(flight: Flight, outcome: Outcome, out: Outbox): void {
    const { lane, sending } = flight
    if (flight.phase === 'settled' || sending === undefined) return
    this.ground(flight)
    lane.flights.delete(flight.number)
    this.count--
    this.bytes -= sending.body.length
    if (lane.flights.size === 0) {
      this.forgetAsk(lane)
      this.lanes.delete(lane.to)
    }
    if (sending.request === undefined) return
    this.requests.delete(sending.request)
    out.push({ kind: 'settle', request: sending.request, outcome })
  }
}
