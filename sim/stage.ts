/**
 * The stage: peers, the network between them and the signaling server, and what becomes of a machine's effects there.
 * @module
 */
import type { Effect } from '../src/protocol/effect.ts'
import type { PeerId } from '../src/protocol/id.ts'
import type { Input } from '../src/protocol/input.ts'
import { type Invariant, InvariantViolation } from './invariant.ts'
import { Ledger, type Message } from './ledger.ts'
import { Network } from './network.ts'
import type { SimOptions } from './options.ts'
import type { Endpoint, Peer } from './peer.ts'
import { type EventQueue, Happening } from './queue.ts'
import { Stream } from './random.ts'
import { Request, SignalingServer } from './signaling.ts'
import { sign, verify } from './stand-in-crypto.ts'
import type { Trace } from './trace.ts'
import { Traffic } from './traffic.ts'
import { swallows } from './traits.ts'
import type { TreeTap } from './tree-tap.ts'

/** What a relay that delays keeps a packet for, ms: longer than a link has to answer before it is suspect (2 s). */
const RELAY_DELAY = 3000

export class Stage {
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

  constructor(options: SimOptions, queue: EventQueue, trace: Trace) {
    this.trace = trace
    this.queue = queue
    this.options = options
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

  /** Something of the scenario's that happens at a time. */
  at(time: number, act: () => void): void {
    this.queue.push(time, Happening.ACT).act = act
  }

  fail(invariant: Invariant, peer: Peer, detail: string): never {
    throw new InvariantViolation(invariant, peer.index, this.now, detail)
  }

  protected play(peer: Peer, effect: Effect, now: number): void {
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
  protected arm(peer: Peer, at: number): void {
    peer.wakeAt = at
    const due = Math.max(at, this.queue.now)
    if (due >= peer.armedAt || at === Number.POSITIVE_INFINITY) return
    peer.armedAt = due
    this.queue.push(due, Happening.TICK).peer = peer
  }
}
