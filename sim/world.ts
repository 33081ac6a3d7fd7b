/**
 * The world as scenarios act in it: peers join, leave, die, freeze and move; the network parts; somebody sends.
 * @module
 */
import type { PeerId } from '../src/protocol/id.ts'
import type { Input, Order } from '../src/protocol/input.ts'
import { TopicSet } from '../src/protocol/topic.ts'
import { castPeer } from './cast.ts'
import { Engine } from './engine.ts'
import { archipelago } from './graph.ts'
import type { Inquiry, Message } from './ledger.ts'
import { GONE, type MachineFactory } from './machine.ts'
import type { SimOptions } from './options.ts'
import type { Peer } from './peer.ts'
import { EventQueue } from './queue.ts'
import { Request } from './signaling.ts'
import { Trace } from './trace.ts'

/** As `--order` numbers them. */
const ORDERS: readonly Order[] = ['fifo', 'causal', 'none']
/** A browser's driver notices a sleep of this length, ms (src/mesh/awakening.ts). */
const NOTICED = 5000
/** A new socket to the server is open after so long, ms: DNS, TCP and TLS. */
const NEW_SOCKET = 200

export class World extends Engine {
  private readonly factory: MachineFactory

  constructor(options: SimOptions, factory: MachineFactory, queue = new EventQueue(), trace = new Trace()) {
    super(options, queue, trace)
    this.factory = factory
  }

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
    peer.machine = GONE
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
}
