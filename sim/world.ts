/**
 * The world: peers, the network between them and the signaling server, on one virtual clock. It gives machines
 * their inputs, plays their effects, and stops at the first violated invariant. Scenarios act through it.
 * @module
 */

import type { Effect } from '../src/protocol/effect.ts'
import type { PeerId } from '../src/protocol/id.ts'
import type { Input, Order } from '../src/protocol/input.ts'
import { TopicSet } from '../src/protocol/topic.ts'
import { Audit } from './audit.ts'
import { castPeer } from './cast.ts'
import { archipelago } from './graph.ts'
import { type Invariant, InvariantViolation } from './invariant.ts'
import { type Inquiry, Ledger, type Message } from './ledger.ts'
import type { MachineFactory } from './machine.ts'
import { Network } from './network.ts'
import type { SimOptions } from './options.ts'
import type { Endpoint, Peer } from './peer.ts'
import { comesFromOutside, EventQueue, Happening, type SimEvent } from './queue.ts'
import { Stream } from './random.ts'
import { Request, SignalingServer } from './signaling.ts'
import { sign, verify } from './stand-in-crypto.ts'
import { Trace } from './trace.ts'
import { Traffic } from './traffic.ts'
import { swallows } from './traits.ts'
import type { TreeTap } from './tree-tap.ts'

/** As `--order` numbers them. */
const ORDERS: readonly Order[] = ['fifo', 'causal', 'none']
/** A browser's driver notices a sleep of this length, ms (src/mesh/awakening.ts). */
const NOTICED = 5000
/** A new socket to the server is open after so long, ms: DNS, TCP and TLS. */
const NEW_SOCKET = 200
/** More events than this at one instant is a loop: 10,000 peers busy at once stay under it. */
const MAX_EVENTS_PER_INSTANT = 5_000_000
/** So many events waiting per peer is a storm: each of them brings about more than one other. */
const MAX_WAITING_PER_PEER = 2000
/** What a relay that delays keeps a packet for, ms: longer than a link has to answer before it is suspect (2 s). */
const RELAY_DELAY = 3000
/** A peer that asks to be woken at once this often in a row does nothing else any more. */
const MAX_TICKS_PER_INSTANT = 1000

export class World {
  readonly options: SimOptions
  readonly queue: EventQueue
  readonly trace: Trace
  readonly traffic = new Traffic()
  readonly peers: Peer[] = []
  readonly byId = new Map<PeerId, Peer>()
  readonly ledger: Ledger
  readonly network: Network
  readonly server: SignalingServer
  /** Draws of the scenario: who sends, who dies. */
  readonly choice: Stream
  /** Events carried out. */
  events = 0
  /** When a link was last opened, came up or went down. */
  lastChange = 0
  /** Sees every packet with pushes, once a scenario has set it. */
  tap: TreeTap | undefined = undefined
  /** What a scenario does about a delivery; nothing to this peer before the turn is over. */
  onDelivery: ((peer: Peer, message: Message) => void) | undefined = undefined
  private readonly factory: MachineFactory
  private readonly audit = new Audit()
  private instant = 0

  constructor(options: SimOptions, factory: MachineFactory, queue = new EventQueue(), trace = new Trace()) {
    this.trace = trace
    this.queue = queue
    this.options = options
    this.factory = factory
    this.ledger = new Ledger()
    this.network = new Network(this.queue, options, this.traffic)
    this.server = new SignalingServer(this.queue, options, this.byId)
    this.choice = Stream.of(options.seed, 'scenario')
  }

  /** Virtual milliseconds since the start. */
  get now(): number {
    return this.queue.now
  }

  live(): Peer[] {
    return this.peers.filter(peer => peer.life === 'live')
  }

  // ——— what scenarios do ———

  /** A new peer opens the page and joins now. */
  join(bootstrap: readonly PeerId[] = [], interests?: readonly string[]): Peer {
    const peer = castPeer(this.peers.length, this.options, this.now, this.factory)
    this.peers.push(peer)
    this.byId.set(peer.id, peer)
    peer.life = 'live'
    if (interests !== undefined) this.interest(peer, interests)
    this.turn(peer, { kind: 'join', bootstrap })
    return peer
  }

  /** The peer wants these topics from now on; what is sent `grace` ms from now or later must reach it. */
  interest(peer: Peer, interests: readonly string[], grace = 0): void {
    peer.interests = new TopicSet(interests)
    peer.interestedSince = this.now + grace
    this.turn(peer, { kind: 'interests', interests, intents: [] })
  }

  leave(peer: Peer): void {
    this.turn(peer, { kind: 'leave' })
    peer.life = 'left'
    peer.endedAt = this.now
    if (peer.endpoints.size > 0)
      this.fail('silent-after-leave', peer, `${peer.endpoints.size} links stay open`)
    if (peer.wakeAt !== Number.POSITIVE_INFINITY)
      this.fail('silent-after-leave', peer, 'a timer is left running')
  }

  /** The peer dies without a word: its links fall silent, and nobody is told. */
  kill(peer: Peer): void {
    peer.life = 'dead'
    peer.endedAt = this.now
    this.network.silence(peer)
    if (peer.atServer) this.server.lost(peer)
  }

  /** Nothing happens to the peer for this long; then everything does. */
  freeze(peer: Peer, duration: number): void {
    // Who is frozen already stays so no longer: what was put off till then would be overtaken by what comes from now on.
    if (peer.frozenUntil > this.now) return
    peer.frozenUntil = this.now + duration
    if (duration < NOTICED) return
    this.at(peer.frozenUntil, () => this.notice(peer, { kind: 'awake', slept: duration, network: false }))
  }

  /** The page notices something by itself. */
  notice(peer: Peer, input: Extract<Input, { kind: 'awake' | 'rest' | 'signaling-down' }>): void {
    if (peer.life === 'live') this.turn(peer, input)
  }

  /** The peer changes networks: its links carry nothing any more, and its socket is dead. Its page notices after `notice` ms. */
  move(peer: Peer, notice: number): void {
    peer.network++
    this.server.moved(peer)
    const noticed = (): void => {
      if (peer.frozenUntil > this.now) return this.at(peer.frozenUntil, noticed)
      this.notice(peer, { kind: 'signaling-down' })
      this.notice(peer, { kind: 'awake', slept: 0, network: true })
      this.at(this.now + NEW_SOCKET, () => {
        if (peer.life === 'live') this.server.request(peer, Request.JOIN)
      })
    }
    this.at(this.now + notice, noticed)
  }

  /**
   * Cuts these peers off from the others: packets across the cut vanish, and the signaling server is beyond it.
   * With `oneSided` 1 only packets from them vanish, with 2 only packets to them.
   */
  partition(peers: readonly Peer[], oneSided = this.options.oneSided): void {
    this.network.oneSided = oneSided
    for (const peer of peers) peer.side = 1
    this.server.cutOff(peers)
  }

  /** Ends the partition. */
  heal(): void {
    for (const peer of this.peers) peer.side = 0
    for (const [index, island] of archipelago(this.live()).entries()) {
      for (const peer of island) peer.island = index
    }
    this.server.start(this.live())
  }

  /** @param receipt ms in which receipts are counted; none are asked for without */
  broadcast(peer: Peer, topic = 'sim', size = this.options.payload, receipt?: number): Message {
    const message = this.ledger.broadcast(peer, topic, size, this.now)
    const order = ORDERS[this.options.order] as Order
    message.ordered = order !== 'none'
    if (receipt !== undefined) message.receipts = 0
    const input = {
      kind: 'broadcast',
      request: message.number,
      topic,
      body: message.body.slice(),
      order,
    } as const
    this.turn(peer, receipt === undefined ? input : { ...input, receipt })
    return message
  }

  send(from: Peer, to: Peer, timeout: number, size = this.options.payload): Message {
    const message = this.ledger.direct(from, to, size, this.now)
    this.turn(from, { kind: 'send', request: message.number, to: to.id, body: message.body.slice(), timeout })
    return message
  }

  /** Asks for the last messages of a topic; `age` in ms. */
  history(
    peer: Peer,
    last: number,
    age = Number.POSITIVE_INFINITY,
    topic = 'sim',
    timeout = 10_000,
  ): Inquiry {
    const inquiry = this.ledger.inquire(peer, topic, this.now)
    this.turn(peer, { kind: 'history', request: inquiry.number, topic, last, age, timeout })
    return inquiry
  }

  /** Something of the scenario's that happens at a time. */
  at(time: number, act: () => void): void {
    this.queue.push(time, Happening.ACT).act = act
  }

  /** Runs until the virtual time `until`. */
  runTo(until: number): void {
    const queue = this.queue
    while (queue.nextTime <= until) this.step()
    queue.now = until
  }

  advance(duration: number): void {
    this.runTo(this.now + duration)
  }

  /** Runs until `done`, asked every `every` ms, or for `limit` ms. Returns whether it was done. */
  runUntil(done: () => boolean, limit: number, every = 100): boolean {
    const end = this.now + limit
    while (!done()) {
      if (this.now >= end) return false
      this.runTo(Math.min(end, this.now + every))
    }
    return true
  }

  /** Runs until no link was opened, came up or went down for `span` ms, or for `limit` ms. */
  settle(span = 3000, limit = 120_000): boolean {
    const start = this.now
    return this.runUntil(() => this.now - Math.max(this.lastChange, start) >= span, limit)
  }

  fail(invariant: Invariant, peer: Peer, detail: string): never {
    throw new InvariantViolation(invariant, peer.index, this.now, detail)
  }

  // ——— the machinery ———

  private step(): void {
    const queue = this.queue
    const before = queue.now
    const event = queue.pop()
    if (event === undefined) return
    this.instant = queue.now === before ? this.instant + 1 : 0
    if (this.instant > MAX_EVENTS_PER_INSTANT) {
      this.fail(
        'progress',
        event.peer ?? event.endpoint?.peer ?? (this.peers[0] as Peer),
        'too many events at once',
      )
    }
    if (queue.length > MAX_WAITING_PER_PEER * (this.peers.length + 10)) {
      this.fail(
        'progress',
        event.peer ?? event.endpoint?.peer ?? (this.peers[0] as Peer),
        'a storm of events',
      )
    }
    this.events++
    if (queue.now >= this.audit.nextAt) this.audit.check(this.peers, queue.now)
    const peer = event.peer ?? event.endpoint?.peer
    if (peer !== undefined && peer.frozenUntil > queue.now && event.what !== Happening.SERVER) {
      if (!peer.asleep || !comesFromOutside(event)) this.postpone(event, peer.frozenUntil)
    } else {
      this.carryOut(event)
    }
    queue.recycle(event)
  }

  private postpone(event: SimEvent, until: number): void {
    const later = this.queue.push(until, event.what)
    later.peer = event.peer
    later.endpoint = event.endpoint
    later.bytes = event.bytes
    later.input = event.input
    later.count = event.count
    if (event.what === Happening.TICK && event.peer !== undefined) event.peer.armedAt = until
  }

  private carryOut(event: SimEvent): void {
    const endpoint = event.endpoint
    switch (event.what) {
      case Happening.PACKET:
        if (endpoint?.state !== 'open' || endpoint.stranded || event.bytes === undefined) return
        this.traffic.pushesArrived += event.count
        if (event.count > 0) this.tap?.packet(endpoint, event.bytes)
        if (endpoint.peer.island !== endpoint.other?.peer.island) this.traffic.pushesCrossed += event.count
        this.turn(endpoint.peer, { kind: 'packet', link: endpoint.link, bytes: event.bytes })
        return
      case Happening.TICK:
        this.tick(event.peer as Peer)
        return
      case Happening.INPUT:
        if (endpoint !== undefined && endpoint.state === 'closed') return
        this.turn(event.peer as Peer, event.input as Input)
        return
      case Happening.OPEN: {
        const input = this.network.opened(endpoint as Endpoint)
        if (input !== undefined) this.turn((endpoint as Endpoint).peer, input)
        return
      }
      case Happening.CLOSED:
        if (endpoint === undefined || endpoint.state === 'closed') return
        this.network.forget(endpoint)
        this.turn(endpoint.peer, event.input as Input)
        return
      case Happening.DRAINED: {
        const input = this.network.drained(endpoint as Endpoint)
        if (input !== undefined) this.turn((endpoint as Endpoint).peer, input)
        return
      }
      case Happening.SERVER:
        this.server.arrive(event.peer as Peer, event.count)
        return
      default:
        event.act?.()
    }
  }

  /** One input, its effects, and the packets they make. */
  private turn(peer: Peer, input: Input): void {
    if (peer.life === 'dead') return
    const now = this.queue.now
    this.trace.record(now, peer.index, input)
    const effects = peer.machine.handle(input, peer.clock(now))
    if (peer.life === 'left') {
      for (const effect of effects)
        this.fail('silent-after-leave', peer, `${effect.kind} after leave, on ${input.kind}`)
    }
    let opened = false
    for (let i = 0; i < effects.length; i++) {
      const effect = effects[i] as Effect
      if (effect.kind === 'open-link') opened = true
      this.play(peer, effect, now)
    }
    const unsent = peer.unsent
    for (let i = 0; i < unsent.length; i++) this.network.flush(unsent[i] as Endpoint)
    while (unsent.length > 0) unsent.pop()
    if (opened) this.checkLinks(peer)
  }

  private play(peer: Peer, effect: Effect, now: number): void {
    switch (effect.kind) {
      case 'send':
        if (peer.traits.silent && swallows(effect.frame)) return
        if (peer.traits.relaying !== 'honest' && peer.machine.relays?.(effect.link, effect.frame) === true) {
          this.tamper(peer, effect)
          return
        }
        this.network.send(this.openEndpoint(peer, effect.link), effect.frame)
        return
      case 'wake':
        this.arm(peer, peer.due(effect.at))
        return
      case 'deliver':
        this.deliver(peer, effect)
        return
      case 'past':
        this.ledger.recalled(peer, effect.request, effect.messages, now)
        return
      case 'receipt':
        this.ledger.counted(peer, effect.request, effect.count, now)
        return
      case 'verify': {
        const ok = verify(effect.key, effect.bytes, effect.signature)
        this.answer(peer, { kind: 'verified', token: effect.token, ok }, peer.traits.verifyCost)
        return
      }
      case 'sign': {
        const signature = sign(peer.publicKey, effect.bytes)
        this.answer(peer, { kind: 'signed', token: effect.token, signature }, 0)
        return
      }
      case 'settle':
        this.ledger.settled(peer, effect.request, effect.outcome, now)
        return
      case 'open-link':
        if (peer.endpoints.has(effect.link)) this.fail('link-use', peer, `link ${effect.link} opened twice`)
        this.network.open(peer, effect.link, effect.peer, effect.initiator)
        this.lastChange = now
        return
      case 'link-signal': {
        const endpoint = peer.endpoints.get(effect.link)
        if (endpoint !== undefined) this.network.signal(endpoint, effect.data)
        return
      }
      case 'close-link': {
        const endpoint = peer.endpoints.get(effect.link)
        if (endpoint === undefined) return
        this.network.flush(endpoint)
        this.network.close(endpoint)
        return
      }
      case 'peer-connect':
        if (now < peer.joinedAt) peer.joinedAt = now
        if (effect.relayed) this.network.relayed(peer, effect.link, this.byId.get(effect.peer))
        else this.openEndpoint(peer, effect.link).up = true
        this.noteRoad(peer, effect)
        this.changed(now)
        return
      case 'restart-link': {
        const endpoint = peer.endpoints.get(effect.link)
        if (endpoint !== undefined) this.network.restart(endpoint)
        return
      }
      case 'link-replaced':
        if (effect.relayed) this.network.relayed(peer, effect.link, this.byId.get(effect.peer))
        else this.openEndpoint(peer, effect.link).up = true
        this.network.unrelayed(peer, effect.before)
        this.traffic.linkChanges++
        this.changed(now)
        return
      case 'peer-disconnect':
        this.traffic.disconnects++
        this.network.unrelayed(peer, effect.link)
        this.changed(now)
        return
      case 'state':
        if (effect.state === 'connected' && now < peer.joinedAt) peer.joinedAt = now
        return
      case 'envelope':
        this.server.envelope(peer, effect.to, effect.bytes)
        return
      case 'signaling-join':
        this.server.request(peer, Request.JOIN)
        return
      case 'signaling-leave':
        this.server.request(peer, Request.LEAVE)
        return
      case 'signaling-sample':
        this.server.request(peer, Request.SAMPLE)
        return
      case 'seen':
      case 'peer-timeout':
      case 'peer-topics':
        return
    }
  }

  /** A packet that a liar relays. */
  private tamper(peer: Peer, { link, frame }: Extract<Effect, { kind: 'send' }>): void {
    const endpoint = this.openEndpoint(peer, link)
    if (peer.traits.relaying === 'alters') {
      const altered = frame.slice()
      altered[frame.length - 1] = (frame[frame.length - 1] as number) ^ 1
      this.network.send(endpoint, altered)
    } else if (peer.traits.relaying === 'delays')
      this.at(this.now + RELAY_DELAY, () => {
        if (endpoint.state !== 'open') return
        this.network.send(endpoint, frame)
        this.network.flush(endpoint)
      })
  }

  private deliver(peer: Peer, { from, topic, body, hops }: Extract<Effect, { kind: 'deliver' }>): void {
    const message = this.ledger.delivered(peer, from, topic, body, hops, this.queue.now)
    this.onDelivery?.(peer, message)
  }

  private changed(now: number): void {
    this.traffic.linkChanges++
    this.lastChange = now
  }

  /** The first link of either end has no mesh to be signaled by. */
  private noteRoad(peer: Peer, { peer: to, via }: Extract<Effect, { kind: 'peer-connect' }>): void {
    const first = this.byId.get(to)?.first
    if (peer.first !== undefined && first !== undefined && first !== peer.id && peer.first !== to) {
      this.traffic.laterLinks++
      if (via === 'mesh') this.traffic.laterByMesh++
    }
    peer.first ??= to
  }

  private openEndpoint(peer: Peer, link: number): Endpoint {
    const endpoint = peer.endpoints.get(link)
    if (endpoint?.state !== 'open') this.fail('link-use', peer, `link ${link} used, but it is not open`)
    return endpoint
  }

  private answer(peer: Peer, input: Input, cost: number): void {
    let at = this.queue.now
    if (cost > 0) {
      at = Math.max(at, peer.busyUntil) + cost
      peer.busyUntil = at
    }
    const event = this.queue.push(at, Happening.INPUT)
    event.peer = peer
    event.input = input
  }

  /** One timer per peer: an earlier event under way serves for a later wake. */
  private arm(peer: Peer, at: number): void {
    peer.wakeAt = at
    const due = Math.max(at, this.queue.now)
    if (due >= peer.armedAt || at === Number.POSITIVE_INFINITY) return
    peer.armedAt = due
    this.queue.push(due, Happening.TICK).peer = peer
  }

  private tick(peer: Peer): void {
    const now = this.queue.now
    // An event that a later, earlier-due one has replaced.
    if (now !== peer.armedAt) return
    peer.armedAt = Number.POSITIVE_INFINITY
    if (peer.wakeAt > now) {
      this.arm(peer, peer.wakeAt)
      return
    }
    peer.wakeAt = Number.POSITIVE_INFINITY
    peer.ticks = peer.tickedAt === now ? peer.ticks + 1 : 1
    peer.tickedAt = now
    if (peer.ticks > MAX_TICKS_PER_INSTANT) this.fail('progress', peer, 'wakes itself without end')
    this.turn(peer, { kind: 'tick' })
  }

  private checkLinks(peer: Peer): void {
    const limit = this.options.maxPeers
    const counted = peer.machine.links().length + peer.machine.opening
    if (peer.endpoints.size > limit || counted > limit) {
      this.fail('links', peer, `${peer.endpoints.size} links (${counted} by its own count), ${limit} allowed`)
    }
  }
}
