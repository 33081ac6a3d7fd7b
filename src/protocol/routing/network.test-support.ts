/**
 * A small network of real Routing machines on a virtual clock: links with delays that keep their order,
 * a signaling server, a verifier; seeded throughout. For tests.
 * @module
 */
import { sha256 } from '../../crypto/hash.ts'
import { bucketOf, type PeerId, ringPosition } from '../id.ts'
import type { LinkId, RequestId } from '../input.ts'
import type { Random } from '../random.ts'
import { decodeRecord, encodeRecord, idOfKey, type PeerRecord, recordToSign } from '../record.ts'
import type { Sealer } from '../sealer.ts'
import { Reader } from '../wire/reader.ts'
import type { RoutingLimits } from './limits.ts'
import { type Letter, Routing, type RoutingEffect, type Sending } from './routing.ts'

export const SWARM = sha256(new Uint8Array([7]))

/** mulberry32 (Tommy Ettinger, public domain). */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const u32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
  return { u32, bytes: length => Uint8Array.from({ length }, () => u32() & 255) }
}

/** Same sizes and the same refusals as the real one, without its secrecy. */
export function cheapSealer(publicKey: Uint8Array): Sealer {
  const tag = (shared: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Uint8Array => {
    const sums = new Uint32Array(4).fill(plain.length + 1)
    const mix = (bytes: Uint8Array): void => {
      for (let i = 0; i < bytes.length; i++) {
        const lane = i & 3
        sums[lane] = Math.imul(((sums[lane] as number) ^ (bytes[i] as number) ^ (i << 8)) >>> 0, 0x01000193)
      }
    }
    mix(shared)
    mix(nonce)
    mix(plain)
    return new Uint8Array(sums.buffer)
  }
  return {
    publicKey,
    shared: other => other.map((byte, i) => byte ^ (publicKey[i] as number)),
    seal: (shared, nonce, plain) => {
      const box = new Uint8Array(plain.length + 16)
      box.set(tag(shared, nonce, plain))
      for (let i = 0; i < plain.length; i++) box[16 + i] = (plain[i] as number) ^ 0x5a
      return box
    },
    open: (shared, nonce, box) => {
      const plain = box.slice(16).map(byte => byte ^ 0x5a)
      const expected = tag(shared, nonce, plain)
      return expected.every((byte, i) => byte === box[i]) ? plain : undefined
    },
  }
}

/** A stand-in for a signature: whoever knows the rule can sign, and the verifier knows when nobody did. */
export function signature(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  const both = new Uint8Array(key.length + bytes.length)
  both.set(key)
  both.set(bytes, key.length)
  const half = sha256(both)
  const whole = new Uint8Array(64)
  whole.set(half)
  whole.set(sha256(half), 32)
  return whole
}

export function makeRecord(key: Uint8Array, boxKey: Uint8Array, epoch: number): PeerRecord {
  const signed = signature(key, recordToSign(SWARM, key, boxKey, epoch))
  return decodeRecord(encodeRecord(key, boxKey, epoch, signed)) as PeerRecord
}

export interface Peer {
  readonly id: PeerId
  readonly record: PeerRecord
  readonly routing: Routing
  /** Links by the index of the other side. */
  readonly links: Map<number, LinkId>
  readonly delivered: { readonly from: PeerId; readonly body: Uint8Array; readonly hops: number }[]
  readonly letters: Letter[]
  readonly settled: Map<RequestId, { readonly outcome: string; readonly at: number; times: number }>
  readonly drops: string[]
  alive: boolean
}

type Out = RoutingEffect[]
interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** What becomes of a frame on a link: other bytes, or `undefined` for a loss. */
export type Tap = (from: number, to: number, frame: Uint8Array) => Uint8Array | undefined

export interface NetworkOptions extends Partial<RoutingLimits> {
  readonly seed: number
  readonly sealer?: (random: Random) => Sealer
}

export class TestNetwork {
  now = 0
  frames = 0
  bytes = 0
  verifications = 0
  /** Links that a peer wanted a sign of life of. */
  readonly doubts: LinkId[] = []
  signalingUp = false
  tap: Tap = (_from, _to, frame) => frame
  readonly peers: Peer[] = []
  readonly envelopes: { readonly to: PeerId; readonly bytes: Uint8Array }[] = []
  readonly random: Random
  private readonly options: NetworkOptions
  private readonly queue: Event[] = []
  private order = 0
  private nextLink = 0
  private nextRequest = 0
  private readonly clear = new Map<string, number>()

  constructor(options: NetworkOptions) {
    this.options = options
    this.random = seeded(options.seed)
  }

  // ── building ───────────────────────────────────────────────────────────────────────────────────────────

  addPeer(key = this.random.bytes(32), epoch = 1): number {
    const { seed: _seed, sealer: makeSealer, ...limits } = this.options
    const sealer = makeSealer?.(this.random) ?? cheapSealer(this.random.bytes(32))
    const record = makeRecord(key, sealer.publicKey, epoch)
    const id = idOfKey(key)
    const random = seeded(this.random.u32())
    const config = { id, record: record.bytes, discoveryKey: SWARM, random, sealer, ...limits }
    this.peers.push({
      id,
      record,
      routing: new Routing(config),
      links: new Map(),
      delivered: [],
      letters: [],
      settled: new Map(),
      drops: [],
      alive: true,
    })
    this.peer(this.peers.length - 1).routing.start(this.now)
    return this.peers.length - 1
  }

  /** Peers on a ring, and links to peers of random XOR buckets until most have `maxPeers`. */
  static swarm(count: number, maxPeers: number, options: NetworkOptions): TestNetwork {
    const network = new TestNetwork(options)
    for (let i = 0; i < count; i++) network.addPeer()
    const ring = network.peers.map((_, i) => i)
    ring.sort((a, b) => ringPosition(network.peer(a).id) - ringPosition(network.peer(b).id))
    for (let i = 0; i < count; i++) {
      const a = ring[i] as number
      const b = ring[(i + 1) % count] as number
      if (a !== b && !network.peer(a).links.has(b)) network.link(a, b)
    }
    for (let round = 0; round < maxPeers; round++)
      for (let a = 0; a < count; a++)
        if (network.peer(a).links.size < maxPeers) network.linkByBucket(a, maxPeers)
    network.tellNeighbours()
    return network
  }

  /** From a sample: near enough to the whole, and a swarm of 1,000 is built in a second. */
  private linkByBucket(a: number, maxPeers: number): void {
    const buckets = new Map<number, number[]>()
    for (let i = 0; i < 64; i++) {
      const b = this.random.u32() % this.peers.length
      if (b === a || this.peer(b).links.size >= maxPeers || this.peer(a).links.has(b)) continue
      const bucket = bucketOf(this.peer(a).id, this.peer(b).id)
      buckets.set(bucket, [...(buckets.get(bucket) ?? []), b])
    }
    const bucket = this.pick([...buckets.values()])
    if (bucket !== undefined) this.link(a, this.pick(bucket) as number)
  }

  link(a: number, b: number): void {
    const ab = this.nextLink++
    const ba = this.nextLink++
    this.peer(a).links.set(b, ab)
    this.peer(b).links.set(a, ba)
    this.run(a, (routing, out) => routing.linkUp(ab, this.peer(b).record, this.now, out))
    this.run(b, (routing, out) => routing.linkUp(ba, this.peer(a).record, this.now, out))
  }

  /** Cuts a link. What is on its way over it is lost. */
  cut(a: number, b: number): void {
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const link = this.peer(one).links.get(other)
      if (link === undefined) continue
      this.peer(one).links.delete(other)
      if (this.peer(one).alive) this.run(one, (routing, out) => routing.linkDown(link, this.now, out))
    }
  }

  /** Ends a peer: its links go down on the other side, too. */
  kill(index: number): void {
    for (const other of [...this.peer(index).links.keys()]) this.cut(index, other)
    this.peer(index).alive = false
  }

  tellNeighbours(): void {
    for (const [index, peer] of this.peers.entries())
      for (const [other, link] of peer.links) {
        const theirs = new Set([...this.peer(other).links.keys()].map(index => this.peer(index).id))
        this.run(index, routing => routing.neighboursOf(link, theirs, this.now))
      }
  }

  setSignaling(up: boolean): void {
    this.signalingUp = up
    for (const peer of this.peers) peer.routing.signaling(up)
  }

  // ── running ────────────────────────────────────────────────────────────────────────────────────────────

  peer(index: number): Peer {
    const peer = this.peers[index]
    if (peer === undefined) throw new RangeError(`no peer ${index}`)
    return peer
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[this.random.u32() % list.length]
  }

  /** Sends and returns the request. */
  send(from: number, to: PeerId, body: Uint8Array, more: Partial<Sending> = {}): RequestId {
    const request = this.nextRequest++
    const sending: Sending = {
      request,
      to,
      kind: 0,
      body,
      timeout: 10_000,
      receipt: true,
      via: 'mesh',
      ...more,
    }
    this.run(from, (routing, out) => routing.send(sending, this.now, out))
    return request
  }

  outcome(index: number, request: RequestId): string | undefined {
    return this.peer(index).settled.get(request)?.outcome
  }

  /** Plays an input of a peer and what follows from it. */
  run(index: number, input: (routing: Routing, out: Out) => unknown): void {
    const peer = this.peer(index)
    const out: Out = []
    const drop = input(peer.routing, out)
    if (typeof drop === 'string') peer.drops.push(drop)
    peer.routing.flush(this.now, out)
    const { length } = out
    for (let i = 0; i < length; i++) {
      const effect = out[i] as RoutingEffect
      if (effect.kind === 'send') peer.routing.piggyback(effect.link, out)
    }
    for (const effect of out) this.play(index, effect)
    const { deadline } = peer.routing
    if (deadline < Number.POSITIVE_INFINITY)
      this.at(deadline, () => {
        if (peer.alive && peer.routing.deadline <= this.now)
          this.run(index, (routing, more) => routing.tick(this.now, more))
      })
  }

  private play(index: number, effect: RoutingEffect): void {
    const peer = this.peer(index)
    switch (effect.kind) {
      case 'send': {
        for (const [other, link] of peer.links)
          if (link === effect.link) this.carry(index, other, effect.frame)
        return
      }
      case 'envelope':
        this.envelopes.push(effect)
        if (!this.signalingUp) return
        for (const [other, { id }] of this.peers.entries())
          if (id === effect.to)
            this.at(this.now + 30, () => {
              if (this.peer(other).alive)
                this.run(other, (routing, out) => routing.envelope(effect.bytes, this.now, out))
            })
        return
      case 'verify': {
        this.verifications++
        const genuine = signature(effect.key, effect.bytes)
        const ok = genuine.every((byte, i) => byte === effect.signature[i])
        this.at(this.now + 1, () =>
          this.run(index, (routing, out) => routing.verified(effect.token.n, ok, this.now, out)),
        )
        return
      }
      case 'doubt':
        if (!this.doubts.includes(effect.link)) this.doubts.push(effect.link)
        return
      case 'deliver':
        peer.delivered.push(effect)
        return
      case 'letter':
        peer.letters.push(effect)
        return
      case 'settle': {
        const before = peer.settled.get(effect.request)?.times ?? 0
        peer.settled.set(effect.request, { outcome: effect.outcome, at: this.now, times: before + 1 })
      }
    }
  }

  private carry(from: number, to: number, sent: Uint8Array): void {
    const frame = this.tap(from, to, sent)
    if (frame === undefined) return
    this.frames++
    this.bytes += frame.length
    const key = `${from} ${to}`
    const at = Math.max(this.now + 10 + (this.random.u32() % 40), this.clear.get(key) ?? 0)
    this.clear.set(key, at)
    const link = this.peer(to).links.get(from)
    this.at(at, () => {
      if (link === undefined || this.peer(to).links.get(from) !== link) return
      this.inject(to, link, frame)
    })
  }

  /** A frame arrives at a peer. */
  inject(to: number, link: LinkId, frame: Uint8Array): void {
    this.run(to, (routing, out) =>
      routing.frame(link, frame[0] as number, new Reader(frame, 1), this.now, out),
    )
  }

  /** Runs until nothing is left to do, or for so many milliseconds. */
  elapse(milliseconds: number): void {
    const end = this.now + milliseconds
    for (;;) {
      const next = this.queue[0]
      if (next === undefined || next.at > end) break
      this.pop()
      this.now = Math.max(this.now, next.at)
      next.run()
    }
    this.now = end
  }

  private at(at: number, run: () => void): void {
    const event = { at, order: this.order++, run }
    const queue = this.queue
    let i = queue.push(event) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!isBefore(event, queue[parent] as Event)) break
      queue[i] = queue[parent] as Event
      i = parent
    }
    queue[i] = event
  }

  private pop(): void {
    const queue = this.queue
    const last = queue.pop()
    if (last === undefined || queue.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= queue.length) break
      if (child + 1 < queue.length && isBefore(queue[child + 1] as Event, queue[child] as Event)) child++
      if (!isBefore(queue[child] as Event, last)) break
      queue[i] = queue[child] as Event
      i = child
    }
    queue[i] = last
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
