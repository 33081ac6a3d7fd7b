/**
 * A small network of real Gossip machines on a virtual clock: latency, loss, cuts, partitions, all from one seed.
 * Signatures are a checksum of the right size; what is tested here is what happens around them.
 * @module
 */
import type { Effect, Outbox, Outcome } from '../effect.ts'
import type { PeerId } from '../id.ts'
import type { LinkId, Order, RequestId } from '../input.ts'
import { below, type Random, unit } from '../random.ts'
import { idOfKey } from '../record.ts'
import type { FrameType } from '../wire/frame.ts'
import { Reader } from '../wire/reader.ts'
import { utf8Decode, utf8Encode } from '../wire/text.ts'
import type { GossipSettings } from './config.ts'
import { Gossip } from './gossip.ts'

/** mulberry32: 32 bits of state are plenty for a test. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const u32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return {
    u32,
    bytes: length => Uint8Array.from({ length }, () => u32() & 255),
  }
}

/** A 64-byte checksum of key and bytes, in a signature's place. */
export function checksum(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  let a = 0x811c9dc5
  for (const byte of key) a = Math.imul(a ^ byte, 0x01000193)
  for (const byte of bytes) a = Math.imul(a ^ byte, 0x01000193)
  const signature = new Uint8Array(64)
  for (let i = 0; i < 64; i++) {
    a = Math.imul(a ^ i, 0x01000193)
    signature[i] = a >>> 24
  }
  return signature
}

export function isChecksum(key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  const right = checksum(key, bytes)
  return right.every((byte, i) => byte === signature[i])
}

export const DISCOVERY_KEY = new Uint8Array(32).fill(7)

export interface Delivery {
  readonly from: PeerId
  readonly topic: string
  readonly text: string
  readonly hops: number
  readonly at: number
}

interface Pipe {
  readonly a: number
  readonly b: number
  readonly linkA: LinkId
  readonly linkB: LinkId
  readonly latency: number
  up: boolean
  /** Nothing arrives, and nobody is told. */
  silent: boolean
}

export interface Peer {
  readonly index: number
  readonly id: PeerId
  readonly key: Uint8Array
  readonly gossip: Gossip
  readonly delivered: Delivery[]
  readonly settled: Map<RequestId, Outcome>
  /** The counts told, by request. */
  readonly receipts: Map<RequestId, number[]>
  readonly pipes: Map<LinkId, Pipe>
  alive: boolean
  wakeAt: number
}

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export interface NetworkOptions {
  readonly seed: number
  /** Milliseconds one way, drawn per link. */
  readonly latency?: readonly [number, number]
  /** Added to each packet's latency, uniformly 0 … this, ms; one link's packets may overtake each other. */
  readonly jitter?: number
  /** Share of packets that vanish. */
  readonly loss?: number
  readonly settings?: Partial<GossipSettings>
  /** Milliseconds a signature or its check takes. */
  readonly cryptoTime?: number
  /** Whether machines learn round trips and neighbours of neighbours. Default true. */
  readonly informed?: boolean
}

export class Network {
  now = 1_000
  readonly peers: Peer[] = []
  readonly random: Random
  readonly seed: number
  loss: number
  packets = 0
  bytes = 0
  frames = 0
  readonly byType = new Map<number, number>()
  /** Pushes that crossed each pipe, by the origin's text. */
  onFrame: ((from: Peer, to: Peer, frame: Uint8Array) => void) | undefined
  onDelivery: ((peer: Peer, delivery: Delivery) => void) | undefined
  private readonly options: NetworkOptions
  private readonly heap: Event[] = []
  private order = 0
  private nextLink = 1
  private nextRequest = 1

  constructor(options: NetworkOptions) {
    this.options = options
    this.seed = options.seed
    this.random = seeded(options.seed)
    this.loss = options.loss ?? 0
  }

  add(start = true): Peer {
    const key = this.random.bytes(32)
    const id = idOfKey(key)
    const gossip = new Gossip({
      id,
      key,
      discoveryKey: DISCOVERY_KEY,
      epoch: 1_790_000_000_000 + this.peers.length,
      random: seeded(this.random.u32()),
      ...this.options.settings,
    })
    const peer: Peer = {
      index: this.peers.length,
      id,
      key,
      gossip,
      delivered: [],
      settled: new Map(),
      receipts: new Map(),
      pipes: new Map(),
      alive: true,
      wakeAt: Number.POSITIVE_INFINITY,
    }
    this.peers.push(peer)
    if (start) gossip.start(this.now)
    return peer
  }

  link(a: number, b: number): void {
    if (a === b || this.pipe(a, b) !== undefined) return
    const [low, high] = this.options.latency ?? [10, 50]
    const latency = low + unit(this.random) * (high - low)
    const pipe: Pipe = {
      a,
      b,
      linkA: this.nextLink++,
      linkB: this.nextLink++,
      latency,
      up: true,
      silent: false,
    }
    const [peerA, peerB] = [this.peer(a), this.peer(b)]
    peerA.pipes.set(pipe.linkA, pipe)
    peerB.pipes.set(pipe.linkB, pipe)
    this.turn(peerA, out => peerA.gossip.linkUp(pipe.linkA, peerB.id, this.now, out))
    this.turn(peerB, out => peerB.gossip.linkUp(pipe.linkB, peerA.id, this.now, out))
    if (this.options.informed === false) return
    peerA.gossip.roundTrip(pipe.linkA, 2 * latency)
    peerB.gossip.roundTrip(pipe.linkB, 2 * latency)
    this.inform(peerA)
    this.inform(peerB)
  }

  /** Tells the neighbours of a peer who its neighbours are. */
  private inform(peer: Peer): void {
    const ids = new Set([...peer.pipes.values()].map(pipe => this.other(peer, pipe).id))
    for (const pipe of peer.pipes.values()) {
      const other = this.other(peer, pipe)
      other.gossip.neighboursOf(other.index === pipe.a ? pipe.linkA : pipe.linkB, ids)
    }
  }

  pipe(a: number, b: number): Pipe | undefined {
    for (const pipe of this.peer(a).pipes.values()) if (pipe.a === b || pipe.b === b) return pipe
    return undefined
  }

  cut(a: number, b: number): void {
    const pipe = this.pipe(a, b)
    if (pipe === undefined) return
    pipe.up = false
    for (const [index, link] of [
      [pipe.a, pipe.linkA],
      [pipe.b, pipe.linkB],
    ] as const) {
      const peer = this.peer(index)
      peer.pipes.delete(link)
      if (peer.alive) this.turn(peer, out => peer.gossip.linkDown(link, this.now, out))
      if (this.options.informed !== false) this.inform(peer)
    }
  }

  /** A peer is gone at once; its neighbours notice after `detect` milliseconds. */
  crash(index: number, detect: number): void {
    const peer = this.peer(index)
    peer.alive = false
    for (const pipe of [...peer.pipes.values()]) {
      pipe.silent = true
      this.at(this.now + detect, () => this.cut(pipe.a, pipe.b))
    }
  }

  /** Links peers at random until each has about `degree` links and there is one island. */
  randomGraph(count: number, degree: number): void {
    while (this.peers.length < count) this.add()
    // A ring, as the overlay keeps one; the rest at random.
    for (let i = 0; i < count; i++) this.link(i, (i + 1) % count)
    for (let tries = 0, made = count; made < (count * degree) / 2 && tries < count * degree * 20; tries++) {
      const a = below(this.random, count)
      const b = below(this.random, count)
      const full = this.peer(a).pipes.size >= degree || this.peer(b).pipes.size >= degree
      if (a === b || full || this.pipe(a, b) !== undefined) continue
      this.link(a, b)
      made++
    }
    this.run(2_000)
  }

  fullMesh(count: number): void {
    while (this.peers.length < count) this.add()
    for (let i = 0; i < count; i++) for (let j = i + 1; j < count; j++) this.link(i, j)
    this.run(2_000)
  }

  broadcast(from: number, text: string, topic = 'chat', order?: Order, receipt?: number): RequestId {
    const peer = this.peer(from)
    const request = this.nextRequest++
    this.turn(peer, out =>
      peer.gossip.broadcast(request, topic, utf8Encode(text), this.now, out, order, receipt),
    )
    return request
  }

  /** Hands a frame to a peer as if it came over a link. */
  inject(to: number, link: LinkId, frame: Uint8Array): ReturnType<Gossip['frame']> {
    const peer = this.peer(to)
    let drop: ReturnType<Gossip['frame']>
    this.turn(peer, out => {
      drop = peer.gossip.frame(link, frame[0] as FrameType, new Reader(frame, 1), this.now, out)
    })
    return drop
  }

  /** Lets time pass. */
  run(milliseconds: number): void {
    const end = this.now + milliseconds
    for (;;) {
      const next = this.heap[0]
      if (next === undefined || next.at > end) break
      this.take()
      this.now = next.at
      next.run()
    }
    this.now = end
  }

  resetCounters(): void {
    this.packets = 0
    this.bytes = 0
    this.frames = 0
    this.byType.clear()
    for (const peer of this.peers) peer.delivered.length = 0
  }

  /** The sum of a counter over all peers. */
  total(name: keyof Gossip['stats']): number {
    return this.peers.reduce((sum, peer) => sum + peer.gossip.stats[name], 0)
  }

  at(at: number, run: () => void): void {
    const event = { at, order: this.order++, run }
    const heap = this.heap
    heap.push(event)
    let i = heap.length - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(event, heap[parent] as Event)) break
      heap[i] = heap[parent] as Event
      i = parent
    }
    heap[i] = event
  }

  turn(peer: Peer, act: (out: Outbox) => void): void {
    const out: Effect[] = []
    act(out)
    this.play(peer, out)
  }

  private play(peer: Peer, out: readonly Effect[]): void {
    const bundles = new Map<LinkId, Uint8Array[]>()
    const { cryptoTime = 1 } = this.options
    for (const effect of out) {
      if (effect.kind === 'send') {
        const bundle = bundles.get(effect.link)
        if (bundle === undefined) bundles.set(effect.link, [effect.frame])
        else bundle.push(effect.frame)
      } else if (effect.kind === 'sign') {
        const signature = checksum(peer.key, effect.bytes)
        this.later(peer, cryptoTime, out => peer.gossip.signed(effect.token.n, signature, this.now, out))
      } else if (effect.kind === 'verify') {
        const ok = isChecksum(effect.key, effect.bytes, effect.signature)
        this.later(peer, cryptoTime, out => void peer.gossip.verified(effect.token.n, ok, this.now, out))
      } else if (effect.kind === 'deliver') {
        const { from, hops, topic = '' } = effect
        const delivery = { from, topic, text: utf8Decode(effect.body) ?? '', hops, at: this.now }
        peer.delivered.push(delivery)
        this.onDelivery?.(peer, delivery)
      } else if (effect.kind === 'receipt') {
        const counts = peer.receipts.get(effect.request) ?? []
        peer.receipts.set(effect.request, counts)
        counts.push(effect.count)
      } else if (effect.kind === 'settle') {
        if (peer.settled.has(effect.request)) throw new Error('settled twice')
        peer.settled.set(effect.request, effect.outcome)
      }
    }
    for (const [link, frames] of bundles) this.carry(peer, link, frames)
    this.rewake(peer)
  }

  private carry(peer: Peer, link: LinkId, frames: readonly Uint8Array[]): void {
    const pipe = peer.pipes.get(link)
    if (pipe === undefined) return
    this.packets++
    this.bytes++
    for (const frame of frames) {
      this.bytes += frame.length + (frame.length < 128 ? 1 : 2)
      this.frames++
      this.byType.set(frame[0] as number, (this.byType.get(frame[0] as number) ?? 0) + 1)
    }
    if (pipe.silent || (this.loss > 0 && unit(this.random) < this.loss)) return
    const other = this.other(peer, pipe)
    const otherLink = other.index === pipe.a ? pipe.linkA : pipe.linkB
    const { jitter = 0 } = this.options
    const latency = jitter === 0 ? pipe.latency : pipe.latency + jitter * unit(this.random)
    this.at(this.now + latency, () => {
      if (!pipe.up || !other.alive) return
      const out: Effect[] = []
      for (const frame of frames) {
        this.onFrame?.(peer, other, frame)
        // A view into a packet, as the driver has it.
        const packet = new Uint8Array(frame.length + 5)
        packet.set(frame, 3)
        const reader = new Reader(packet, 4, frame.length + 3)
        other.gossip.frame(otherLink, frame[0] as FrameType, reader, this.now, out)
      }
      this.play(other, out)
    })
  }

  private later(peer: Peer, wait: number, act: (out: Outbox) => void): void {
    this.at(this.now + wait, () => {
      if (peer.alive) this.turn(peer, act)
    })
  }

  private rewake(peer: Peer): void {
    const at = peer.gossip.deadline
    if (at === peer.wakeAt || at === Number.POSITIVE_INFINITY) return
    if (at > peer.wakeAt && peer.wakeAt >= this.now) return
    peer.wakeAt = at
    this.at(Math.max(at, this.now), () => {
      if (peer.wakeAt !== at || !peer.alive) return
      peer.wakeAt = Number.POSITIVE_INFINITY
      this.turn(peer, out => peer.gossip.tick(this.now, out))
    })
  }

  peer(index: number): Peer {
    const peer = this.peers[index]
    if (peer === undefined) throw new Error(`no peer ${index}`)
    return peer
  }

  private other(peer: Peer, pipe: Pipe): Peer {
    return this.peer(pipe.a === peer.index ? pipe.b : pipe.a)
  }

  private take(): void {
    const heap = this.heap
    const last = heap.pop() as Event
    if (heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child++
      if (!before(heap[child] as Event, last)) break
      heap[i] = heap[child] as Event
      i = child
    }
    heap[i] = last
  }
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
