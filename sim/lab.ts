/**
 * The laboratory: a world and the measurements that scenarios take in it. Scenarios read like a plan: join,
 * settle, broadcast, kill, ask.
 * @module
 */
import { directFigures, sendDirects } from './directs.ts'
import { Guests, scheduleOutages } from './faults.ts'
import { archipelago, degrees, distances, floodTime, islands } from './graph.ts'
import type { Message } from './ledger.ts'
import type { Peer } from './peer.ts'
import { isEverywhere, phaseOf, type Sent, shareOf } from './phase.ts'
import type { Phase, Report } from './report.ts'
import { barredPairs, checkRing, everybodyReachesEverybody, ringFaults } from './ring.ts'
import type { Traffic } from './traffic.ts'
import type { World } from './world.ts'

/** Virtual ms that a phase waits for stragglers. */
const PATIENCE = 60_000
/** Virtual ms after the last arrival in which acks and digests still belong to the phase. */
const AFTERMATH = 2000
/** Survivors of a kill should have a message within this, virtual ms. */
const SURVIVOR_DEADLINE = 10_000
/** Any number of peers joins within it, virtual ms. */
const MINUTE = 60_000

type Measured = { -readonly [F in keyof Report]?: Report[F] }

export class Lab {
  readonly world: World
  readonly phases: Phase[] = []
  /** The phase whose figures head the report; the first one unless a scenario says otherwise. */
  headline: string | undefined = undefined
  /** What was measured beside the phases. */
  readonly found: Measured = {}
  /** Is told the name of each step of the plan that is done. */
  onStep: ((name: string) => void) | undefined = undefined
  private readonly broadcastsSent: Message[] = []

  private readonly guests: Guests[] = []

  constructor(world: World) {
    this.world = world
    const { arrivals, serverOutage } = world.options
    if (arrivals > 0) this.poisson(arrivals)
    if (serverOutage > 0) scheduleOutages(world, serverOutage)
  }

  // ——— joining ———

  /** Peers join one after the other, `gap` virtual ms apart: 20, but all of them within a minute. */
  joinOneByOne(count = this.world.options.peers, gap = Math.min(20, MINUTE / count)): void {
    for (let i = 0; i < count; i++) {
      this.world.join()
      this.world.advance(gap)
    }
    this.onStep?.('joining')
  }

  /** All peers join at one instant. */
  joinAtOnce(count = this.world.options.peers): void {
    for (let i = 0; i < count; i++) this.world.join()
  }

  /** From now on guests arrive, `perSecond` on average, and go again; they rest while a scenario settles. */
  poisson(perSecond: number): Guests {
    const guests = new Guests(this.world, perSecond)
    this.guests.push(guests)
    return guests
  }

  /** No guests arrive any more, and what they left behind heals. */
  rest(): void {
    if (this.guests.length === 0) return
    this.settle()
    for (const guests of this.guests) guests.resting = true
  }

  /** Runs until all that live are one island and no link changes any more. */
  settle(span?: number, limit?: number): void {
    for (const guests of this.guests) guests.resting = true
    this.calm(span, limit)
    for (const guests of this.guests) guests.resting = false
    this.onStep?.('settling')
  }

  private calm(span?: number, limit?: number): void {
    const start = this.world.now
    const whole = this.world.runUntil(() => islands(this.world.live()) === 1, limit ?? 120_000)
    if (whole) this.found.joinMs ??= this.world.now - start
    const quiet = this.world.settle(span, limit)
    if (quiet && everybodyReachesEverybody(this.world.options)) checkRing(this.world.live(), this.world.now)
  }

  /** Different live peers, silent ones not among them. */
  pick(count: number): Peer[] {
    const honest = this.world.live().filter(peer => !peer.traits.silent)
    return this.world.choice.sample(honest, count)
  }

  // ——— measuring ———

  /** Nothing is sent for `duration` ms: what do links cost, and are they left alone? */
  idle(duration: number): void {
    const before = this.world.traffic.copy()
    const live = this.world.live()
    this.world.advance(duration)
    const spent = this.world.traffic.since(before)
    const links = (degrees(live).mean * live.length) / 2
    const seconds = duration / 1000
    this.found.idleBytesPerLinkPerSecond = links === 0 ? 0 : spent.bytes / links / seconds
    this.found.linkChangesPerPeerPerMinute = (spent.linkChanges / live.length / seconds) * 60
    this.onStep?.('idle')
  }

  /** Each sender in turn broadcasts, `gap` ms apart, `rounds` times; then everybody has them, or patience ends. */
  broadcasts(
    name: string,
    senders: readonly Peer[],
    rounds: number,
    gap = 100,
    topics: readonly string[] = ['sim'],
  ): void {
    const before = this.world.traffic.copy()
    const sent: Sent[] = []
    for (let round = 0; round < rounds; round++) {
      for (const sender of senders) {
        if (sender.life !== 'live') continue
        sent.push(this.broadcast(sender, undefined, topics[sent.length % topics.length]))
        this.world.advance(gap)
      }
    }
    this.conclude(name, sent, before)
  }

  /** Sends one broadcast now. Part of the delivery figure, and of a phase if given to {@link conclude}. */
  broadcast(sender: Peer, receipt?: number, topic?: string): Sent {
    const flood = floodTime(sender, this.world.network)
    const message = this.world.broadcast(sender, topic, undefined, receipt)
    this.broadcastsSent.push(message)
    return { message, flood }
  }

  /** Waits until the messages are everywhere, and writes the phase down. */
  conclude(name: string, sent: readonly Sent[], before: Traffic, recoveryMs: number | null = null): void {
    const world = this.world
    world.runUntil(() => sent.every(({ message }) => isEverywhere(message, world.peers)), PATIENCE, 50)
    world.runUntil(() => sent.every(({ message }) => message.outcome !== undefined), PATIENCE, 50)
    world.advance(AFTERMATH)
    this.phases.push(phaseOf(name, sent, world.traffic.since(before), world.peers, recoveryMs))
    this.onStep?.(name)
  }

  /** Direct messages between random pairs. */
  directs(count: number, gap = 20): void {
    Object.assign(this.found, directFigures(sendDirects(this.world, count, gap)))
    this.onStep?.('direct messages')
  }

  /** How many messages are missing on how many islands, counted once for each island. */
  lacking(sent: readonly Sent[]): number {
    let count = 0
    for (const island of archipelago(this.world.live())) {
      for (const { message } of sent) {
        if (!island.some(peer => peer === message.from || message.has(peer))) count++
      }
    }
    return count
  }

  /** Virtual ms from now until one island has every broadcast; null when `limit` passes first. */
  timeUntilWhole(limit: number): number | null {
    const start = this.world.now
    const whole = () => islands(this.world.live()) === 1 && this.complete()
    return this.world.runUntil(whole, limit, 50) ? this.world.now - start : null
  }

  /** Notes when the live peers were one island with a whole ring for the first time since `start`. */
  noteWhole(start: number): boolean {
    const live = this.world.live()
    if (this.found.wholeMs == null && islands(live) === 1 && ringFaults(live).length === 0) {
      this.found.wholeMs = this.world.now - start
    }
    return this.found.wholeMs != null
  }

  /** From now on, until they are: when the live peers are one island with a whole ring again, since now. */
  watchWhole(): void {
    const { world, found } = this
    const start = world.now
    found.wholeMs = null
    const look = (): void => {
      if (!this.noteWhole(start)) world.at(world.now + 50, look)
    }
    look()
  }

  /** Notes what joining took: time until the first link, link changes and bytes, per peer that lives. */
  noteJoins(): void {
    const live = this.world.live()
    let sum = 0
    let worst = 0
    for (const peer of live) {
      sum += peer.joinedAt - peer.born
      worst = Math.max(worst, peer.joinedAt - peer.born)
    }
    const count = Math.max(1, live.length)
    this.found.firstLinkMs = sum / count
    this.found.worstFirstLinkMs = worst
    this.found.linkChangesPerJoin = this.world.traffic.linkChanges / count
    this.found.bytesPerJoin = this.world.traffic.bytes / count
  }

  /** Runs until the mesh is whole and everybody has everything, or for `limit` ms; notes both times since `start`. */
  recover(start: number, limit: number): void {
    const { world } = this
    const recovered = () => {
      if (this.found.recoveryMs == null && islands(world.live()) === 1 && this.complete()) {
        this.found.recoveryMs = world.now - start
      }
      return this.found.recoveryMs != null
    }
    world.runUntil(() => [recovered(), this.noteWhole(start)].every(Boolean), limit, 50)
  }

  /** Whether every broadcast is wherever it should be. */
  complete(): boolean {
    const { peers } = this.world
    // The latest first: what lacks is found at once, and this is asked every few virtual ms.
    return this.broadcastsSent.findLast(message => !isEverywhere(message, peers)) === undefined
  }

  // ——— the sums ———

  /** Everything measured, as the report has it. */
  figures(): Measured {
    const live = this.world.live()
    const paths = distances(live, this.world.choice)
    const links = degrees(live)
    const { laterLinks, laterByMesh } = this.world.traffic
    return {
      live: live.length,
      islands: islands(live),
      ringFaults: ringFaults(live).length,
      meanHops: paths.mean,
      maxHops: paths.max,
      linksPerPeer: links.mean,
      minLinks: links.min,
      maxLinks: links.max,
      delivery: shareOf(this.broadcastsSent, this.world.peers, Number.POSITIVE_INFINITY),
      ...this.headFigures(),
      signaledByMesh: laterLinks > 0 ? laterByMesh / laterLinks : null,
      ...this.found,
    }
  }

  /** Of the phase that heads the report. */
  headFigures(): Measured {
    const head = this.phases.find(phase => phase.name === this.headline) ?? this.phases[0]
    return {
      duplicatesPerDelivery: head?.duplicatesPerDelivery ?? null,
      lastHop: head?.lastHop ?? null,
      lastArrivalMs: head?.lastArrivalMs ?? null,
      lastArrivalRatio: head?.lastArrivalRatio ?? null,
      controlBytesPerDelivery: head?.controlBytesPerDelivery ?? null,
    }
  }

  /** Notes the share of deliveries to survivors that came in time, of what was sent from `since` on. */
  noteSurvivors(since: number): void {
    const sent = this.broadcastsSent.filter(({ sentAt }) => sentAt >= since)
    const share = shareOf(sent, this.world.peers, SURVIVOR_DEADLINE)
    if (share !== null) this.found.deliverySurvivors = Math.min(share, this.found.deliverySurvivors ?? 1)
  }

  /** From now on, once a virtual second: the most that one peer has relayed in it. */
  watchRelays(): void {
    const { world } = this
    const before = new Map<Peer, number>()
    const look = (): void => {
      for (const peer of world.live()) {
        const bytes = peer.machine.counters?.circuits.relayedBytes ?? 0
        this.found.relayPeak = Math.max(this.found.relayPeak ?? 0, bytes - (before.get(peer) ?? 0))
        before.set(peer, bytes)
      }
      world.at(world.now + 1000, look)
    }
    look()
  }

  /** Notes when each of these peers knows that its links are silent: they are suspect, or no longer the ones they were. */
  watchNotice(peers: readonly Peer[]): void {
    const { world, found } = this
    const start = world.now
    const isUnaware = ({ machine, endpoints }: Peer): boolean =>
      machine.links().some(({ link, suspect }) => suspect !== true && endpoints.get(link)?.stranded === true)
    const look = (): void => {
      if (!peers.some(isUnaware)) found.noticedMs = world.now - start
      else world.at(world.now + 50, look)
    }
    world.at(start + 50, look)
  }

  /** Counts the relayed links, and what the ring needs of them. */
  noteRelayed(): void {
    const { world } = this
    const live = world.live()
    let ends = 0
    for (const peer of live) for (const endpoint of peer.endpoints.values()) if (endpoint.relayed) ends++
    const needed = barredPairs(live, (a, b) => world.network.canLink(a, b))
    this.found.relayedLinks = ends / 2
    this.found.relayedNeeded = needed
    if (needed > 0) this.found.relayedShare = ends / 2 / needed
  }

  /** Notes how far apart the peers are now, where a scenario will change that before its end. */
  notePaths(): void {
    const { mean, max } = distances(this.world.live(), this.world.choice)
    this.found.meanHops = mean
    this.found.maxHops = max
  }
}
