/**
 * The signaling server on the virtual clock: membership of one swarm, bounded samples (the nearest on the ring
 * and a spread over the buckets), envelopes to members, hints about who left. It can be down.
 * @module
 */
import { type PeerId, RING, ringPosition } from '../src/protocol/id.ts'
import type { Input, PeerSample } from '../src/protocol/input.ts'
import type { SimOptions } from './options.ts'
import type { Peer } from './peer.ts'
import { type EventQueue, Happening } from './queue.ts'
import { mix, Stream, wordOf } from './random.ts'

/** What reaches the server; the `count` of a SERVER event. */
export const Request = { JOIN: 0, LEAVE: 1, SAMPLE: 2 } as const

/** A sample: this many on each side of the ring, and this many peers in all. */
const NEAREST_PER_SIDE = 4
const SAMPLE = 16
/** The server finds out that a client vanished when two of its pings, 15 s apart, go unanswered. */
export const NOTICES_DEATH = 30_000
/** Clients come back within this time after an outage, spread out. */
const RECONNECT = 2000
/** Peers remembered as having exchanged envelopes with a member. */
const CORRESPONDENTS = 64
/** The side of a partition that the server is on. */
const SERVER_SIDE = 0
/** Bits of a ring position. */
const RING_BITS = 50

export class SignalingServer {
  private readonly queue: EventQueue
  private readonly options: SimOptions
  private readonly stream: Stream
  private readonly latencySeed: number
  private readonly byId: ReadonlyMap<PeerId, Peer>
  /** Members on another network than their sockets: nothing comes from them or reaches them until they are back. */
  private readonly stranded = new Set<Peer>()
  private readonly correspondents = new Map<Peer, Set<Peer>>()
  /** Members in ring order, and where they stand. */
  private readonly members: Peer[] = []
  private readonly positions: number[] = []
  private up = true

  constructor(queue: EventQueue, options: SimOptions, byId: ReadonlyMap<PeerId, Peer>) {
    this.queue = queue
    this.options = options
    this.byId = byId
    this.stream = Stream.of(options.seed, 'signaling')
    this.latencySeed = wordOf(options.seed, 'signaling latency')
  }

  get size(): number {
    return this.members.length
  }

  /** The machine asks for something; it reaches the server after the latency between them. */
  request(peer: Peer, request: number): void {
    if (request === Request.JOIN) peer.wantsSignaling = true
    if (request === Request.LEAVE) peer.wantsSignaling = false
    const event = this.queue.push(this.queue.now + this.latency(peer), Happening.SERVER)
    event.peer = peer
    event.count = request
  }

  /** A request has reached the server. */
  arrive(peer: Peer, request: number): void {
    if (!this.up || peer.side !== SERVER_SIDE) return
    if (request === Request.JOIN) {
      if (peer.life !== 'live' || !peer.wantsSignaling) return
      this.stranded.delete(peer)
      this.add(peer)
      this.tell(peer, { kind: 'signaling-up', sample: this.sample(peer) })
    } else if (request === Request.LEAVE) {
      this.remove(peer)
    } else if (peer.atServer) {
      this.tell(peer, { kind: 'sample', sample: this.sample(peer) })
    }
  }

  /** Carries an envelope, if both are members when it is handed in. */
  envelope(from: Peer, to: PeerId, bytes: Uint8Array): void {
    const receiver = this.byId.get(to)
    if (!this.up || !from.atServer || receiver === undefined || !receiver.atServer) return
    if (this.stranded.has(from) || this.stranded.has(receiver)) return
    this.remember(from, receiver)
    this.remember(receiver, from)
    const event = this.queue.push(
      this.queue.now + this.latency(from) + this.latency(receiver),
      Happening.INPUT,
    )
    event.peer = receiver
    event.input = { kind: 'envelope', bytes }
    event.count = from.index
  }

  /** A peer is on another network: its socket is dead until it has opened another one. */
  moved(peer: Peer): void {
    if (peer.atServer) this.stranded.add(peer)
  }

  /** A peer vanished: the server finds out in time. */
  lost(peer: Peer): void {
    const event = this.queue.push(this.queue.now + NOTICES_DEATH, Happening.SERVER)
    event.peer = peer
    event.count = Request.LEAVE
  }

  /** The server dies: its clients see their sockets close. */
  stop(): void {
    this.up = false
    for (const peer of this.members) {
      peer.atServer = false
      this.tell(peer, { kind: 'signaling-down' })
    }
    this.members.length = 0
    this.positions.length = 0
    this.correspondents.clear()
  }

  /** A partition has cut these peers off: to both ends it looks as if the socket had closed. */
  cutOff(peers: Iterable<Peer>): void {
    for (const peer of peers) {
      if (!peer.atServer || peer.side === SERVER_SIDE) continue
      this.remove(peer)
      this.tell(peer, { kind: 'signaling-down' })
    }
  }

  /** The server, or the way to it, is back; clients reconnect by themselves. */
  start(peers: Iterable<Peer>): void {
    this.up = true
    for (const peer of peers) {
      if (!peer.wantsSignaling || peer.atServer) continue
      const event = this.queue.push(this.queue.now + RECONNECT * this.stream.unit(), Happening.SERVER)
      event.peer = peer
      event.count = Request.JOIN
    }
  }

  /** The nearest on the ring, then a random member of one bucket after the other, never the asker. */
  sample(peer: Peer): PeerSample[] {
    const chosen = new Set<Peer>()
    const count = this.members.length
    const position = ringPosition(peer.id)
    const at = this.lowerBound(position)
    const after = this.members[at] === peer ? at + 1 : at
    for (let step = 0; step < NEAREST_PER_SIDE && step < count; step++) {
      chosen.add(this.members[(after + step) % count] as Peer)
      chosen.add(this.members[(at - 1 - step + count) % count] as Peer)
    }
    chosen.delete(peer)
    for (let bucket = 0; bucket < RING_BITS && chosen.size < SAMPLE; bucket++) {
      const width = 2 ** (RING_BITS - 1 - bucket)
      const own = Math.floor(position / width)
      const low = (own % 2 === 0 ? own + 1 : own - 1) * width
      const from = this.lowerBound(low)
      const to = low + width >= RING ? count : this.lowerBound(low + width)
      if (from === to) continue
      chosen.add(this.members[from + this.stream.below(to - from)] as Peer)
    }
    chosen.delete(peer)
    return [...chosen].map(member => ({ id: member.id, record: member.record }))
  }

  private add(peer: Peer): void {
    if (peer.atServer) return
    peer.atServer = true
    const position = ringPosition(peer.id)
    const at = this.lowerBound(position)
    this.positions.splice(at, 0, position)
    this.members.splice(at, 0, peer)
  }

  private remove(peer: Peer): void {
    if (!peer.atServer) return
    peer.atServer = false
    const at = this.members.indexOf(peer, this.lowerBound(ringPosition(peer.id)))
    if (at >= 0) {
      this.members.splice(at, 1)
      this.positions.splice(at, 1)
    }
    for (const other of this.correspondents.get(peer) ?? []) {
      if (other.atServer) this.tell(other, { kind: 'peer-left', peer: peer.id })
      this.correspondents.get(other)?.delete(peer)
    }
    this.correspondents.delete(peer)
  }

  private remember(peer: Peer, other: Peer): void {
    let known = this.correspondents.get(peer)
    if (known === undefined) {
      known = new Set()
      this.correspondents.set(peer, known)
    }
    known.delete(other)
    known.add(other)
    if (known.size > CORRESPONDENTS) {
      for (const oldest of known) {
        known.delete(oldest)
        break
      }
    }
  }

  private tell(peer: Peer, input: Input): void {
    const event = this.queue.push(this.queue.now + this.latency(peer), Happening.INPUT)
    event.peer = peer
    event.input = input
  }

  /** One way between a peer and the server, ms: drawn as a link's. */
  private latency(peer: Peer): number {
    const { latencyMin, latencyMax } = this.options
    return latencyMin + (latencyMax - latencyMin) * (mix(this.latencySeed, peer.index) / 2 ** 32)
  }

  /** How many members stand before `position`. */
  private lowerBound(position: number): number {
    let low = 0
    let high = this.positions.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.positions[middle] as number) < position) low = middle + 1
      else high = middle
    }
    return low
  }
}
