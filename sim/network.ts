/**
 * Links on a virtual clock: set-up by signals, latency drawn per pair, FIFO unless reordering is on, loss,
 * bandwidth with a queue, partitions, and death without a word.
 *
 * A link opens as WebRTC does it: offer and answer have crossed, a candidate has too, then ICE, DTLS and SCTP
 * take their round trips. The initiator's channel opens first; nothing it sends arrives before the other's opens.
 * @module
 */
import type { Input, LinkId } from '../src/protocol/input.ts'
import { Frame } from '../src/protocol/wire/frame.ts'
import { MAX_PACKET } from '../src/protocol/wire/limits.ts'
import type { SimOptions } from './options.ts'
import { Endpoint, type Peer } from './peer.ts'
import { type EventQueue, Happening } from './queue.ts'
import { mix, Stream, wordOf } from './random.ts'
import type { Traffic } from './traffic.ts'

/** Making an offer or an answer, ms; then each candidate (Chromium on a desktop, order of magnitude). */
const DESCRIBE = 2
const GATHER = 3
/** What set-up costs beside round trips (measured: 17 ms from dial to open without any latency). */
const SETUP = 17
/** ICE check 1, DTLS 1.2 handshake 2, SCTP association 2 (RFC 8445 §7, RFC 6347 §4.2, RFC 9260 §5.1). */
const SETUP_ROUND_TRIPS = 5
/** ICE gives up on a connection that does not come about (Chromium: 15 s). */
const ICE_TIMEOUT = 15_000
/** The queue bounds that the browser driver keeps per link, bytes. */
const HIGH_WATER = 1_048_576
const LOW_WATER = 262_144
/** A direction that falls silent does so within this time of opening, and comes back, if it does, after 1–20 s, ms. */
const MUTED_WITHIN = 60_000
const MUTED_LEAST = 1000
const MUTED_MOST = 20_000
/** A data-channel offer is about this long. */
const SDP_FILL = 'a='.padEnd(400, 'x')

const SIGNALS = ['offer', 'answer', 'candidate', 'restart'] as const

interface Signal {
  /** `restart`: the initiator is asked for an offer, which begins ICE anew. */
  readonly type: (typeof SIGNALS)[number]
  readonly session: number
}

export class Network {
  private readonly queue: EventQueue
  private readonly options: SimOptions
  private readonly traffic: Traffic
  private readonly latencySeed: number
  private readonly jitterSeed: number
  private readonly barrierSeed: number
  private readonly lossStream: Stream
  private readonly muteStream: Stream
  private readonly delayStream: Stream
  private readonly setupStream: Stream
  private readonly sessions = new Map<number, Endpoint>()
  private nextSession = 1
  private sending: Endpoint | undefined = undefined
  /** Every barrier has fallen: ICE connects any two. */
  barriersDown = false
  /** What the cut of a partition stops: 0 both ways, 1 what comes from its side 1, 2 what goes there. */
  oneSided = 0

  constructor(queue: EventQueue, options: SimOptions, traffic: Traffic) {
    this.queue = queue
    this.options = options
    this.traffic = traffic
    this.latencySeed = wordOf(options.seed, 'latency')
    this.jitterSeed = wordOf(options.seed, 'jitter of pairs')
    this.barrierSeed = wordOf(options.seed, 'barriers')
    this.lossStream = Stream.of(options.seed, 'loss')
    this.muteStream = Stream.of(options.seed, 'one-way')
    this.delayStream = Stream.of(options.seed, 'delay')
    this.setupStream = Stream.of(options.seed, 'setup')
  }

  /** One-way latency between two peers, ms: the same whenever they link. */
  latency(a: Peer, b: Peer): number {
    const { latencyMin, latencyMax } = this.options
    return latencyMin + (latencyMax - latencyMin) * drawOfPair(this.latencySeed, a, b)
  }

  /** What this pair adds to the jitter of each packet, at most, ms. */
  private pairJitter(a: Peer, b: Peer): number {
    return this.options.pairJitter * drawOfPair(this.jitterSeed, a, b)
  }

  /** Whether ICE can connect two peers at all. */
  canLink(a: Peer, b: Peer): boolean {
    if (this.barriersDown) return true
    if (a.traits.symmetricNat && b.traits.symmetricNat) return false
    return drawOfPair(this.barrierSeed, a, b) >= this.options.unreachable
  }

  /** Whether packets from one peer reach another; partitions say no. */
  private reaches(from: Peer, to: Peer): boolean {
    return from.side === to.side || (this.oneSided > 0 && this.oneSided !== (from.side === 1 ? 1 : 2))
  }

  /** Whether a packet sent over this end now arrives, were it not for loss. */
  private carries(endpoint: Endpoint, other: Endpoint): boolean {
    const now = this.queue.now
    if (endpoint.stranded || other.stranded) return false
    if (endpoint.mutedFrom <= now && now < endpoint.mutedUntil) return false
    return this.reaches(endpoint.peer, other.peer)
  }

  /** A direction of a link falls silent for this long; nobody is told. */
  mute(endpoint: Endpoint, duration: number, after = 0): void {
    endpoint.mutedFrom = this.queue.now + after
    endpoint.mutedUntil = endpoint.mutedFrom + duration
  }

  open(peer: Peer, link: LinkId, remote: Peer['id'], initiator: boolean): void {
    const endpoint = new Endpoint(peer, link, remote, initiator, this.nextSession++)
    peer.endpoints.set(link, endpoint)
    this.sessions.set(endpoint.session, endpoint)
    if (initiator) this.describe(endpoint, 'offer')
  }

  /** A relayed link is up at one end: an end for the graph, which carries nothing. */
  relayed(peer: Peer, link: LinkId, to: Peer | undefined): void {
    const endpoint = new Endpoint(peer, link, to?.id ?? peer.id, false, 0)
    endpoint.relayed = true
    endpoint.state = 'open'
    endpoint.up = true
    for (const other of to?.endpoints.values() ?? [])
      if (other.relayed && other.remote === peer.id && other.other === undefined) {
        other.other = endpoint
        endpoint.other = other
      }
    peer.endpoints.set(link, endpoint)
  }

  /** A relayed link has ended at one end. */
  unrelayed(peer: Peer, link: LinkId): void {
    const endpoint = peer.endpoints.get(link)
    if (endpoint?.relayed !== true) return
    endpoint.state = 'closed'
    peer.endpoints.delete(link)
  }

  /** Takes a signal of the other side; one that makes no sense ends the link. */
  signal(endpoint: Endpoint, data: string): void {
    const signal = parse(data)
    if (signal === undefined) {
      this.fail(endpoint, 0)
      return
    }
    if (endpoint.state === 'open') return this.renewed(endpoint, signal)
    if (signal.type === 'candidate') {
      endpoint.candidates++
    } else {
      if (endpoint.other !== undefined) return
      if ((signal.type === 'answer') !== endpoint.initiator) {
        this.fail(endpoint, 0)
        return
      }
      endpoint.other = this.sessions.get(signal.session)
      if (endpoint.other === undefined) return
      if (!endpoint.initiator) this.describe(endpoint, 'answer')
    }
    this.connect(endpoint)
  }

  /** Looks for a new path between two ends that are open; the initiator makes the offer, and is asked to by the other end. */
  restart(endpoint: Endpoint): void {
    if (endpoint.state !== 'open' || !endpoint.peer.traits.restarts) return
    if (endpoint.initiator) this.describe(endpoint, 'offer')
    else {
      const { session } = endpoint
      this.tellSignal(endpoint, this.queue.now, JSON.stringify({ type: 'restart', session }))
    }
  }

  /** A signal for an end that is open: offer and answer have crossed when the answer is here, and ICE checks the new path. */
  private renewed(endpoint: Endpoint, { type }: Signal): void {
    const { other } = endpoint
    if (other === undefined || !endpoint.peer.traits.restarts) return
    if (type === 'restart') this.restart(endpoint)
    else if (type === 'offer') this.describe(endpoint, 'answer')
    else if (type === 'answer' && this.reaches(endpoint.peer, other.peer)) {
      const networks = [endpoint.peer.network, other.peer.network] as const
      const checked = this.queue.now + SETUP + 2 * this.latency(endpoint.peer, other.peer)
      this.queue.push(checked, Happening.ACT).act = () => {
        ;[endpoint.network, other.network] = networks
      }
    }
  }

  /** The channel has opened: the input that says so. */
  opened(endpoint: Endpoint): Input | undefined {
    const other = endpoint.other
    if (endpoint.state !== 'connecting' || other === undefined) return undefined
    endpoint.state = 'open'
    if (this.muteStream.chance(this.options.oneWay)) {
      const duration = this.muteStream.chance(0.5)
        ? Number.POSITIVE_INFINITY
        : MUTED_LEAST + (MUTED_MOST - MUTED_LEAST) * this.muteStream.unit()
      this.mute(endpoint, duration, MUTED_WITHIN * this.muteStream.unit())
    }
    if (endpoint.initiator) {
      if (other.state === 'connecting') {
        const later = this.queue.now + this.latency(endpoint.peer, other.peer)
        endpoint.lastArrival = later
        this.queue.push(later, Happening.OPEN).endpoint = other
      }
    }
    const offer = endpoint.initiator ? endpoint.session : other.session
    const answer = endpoint.initiator ? other.session : endpoint.session
    const binding = new Uint8Array(64)
    for (let i = 0; i < 32; i++) {
      binding[i] = mix(offer, i)
      binding[32 + i] = mix(answer, i)
    }
    return { kind: 'link-open', link: endpoint.link, binding, restarts: endpoint.peer.traits.restarts }
  }

  /** Adds a frame to the packet begun; {@link flush} sends it. */
  send(endpoint: Endpoint, frame: Uint8Array): void {
    this.traffic.frame(frame)
    const push = frame[0] === Frame.PUSH ? 1 : 0
    const fragments = frame.length + 4 > MAX_PACKET
    this.sending = endpoint
    if (fragments) endpoint.pushes += push
    endpoint.packer.add(frame, this.emit)
    if (!fragments) endpoint.pushes += push
    if (!endpoint.touched) {
      endpoint.touched = true
      endpoint.peer.unsent.push(endpoint)
    }
  }

  flush(endpoint: Endpoint): void {
    endpoint.touched = false
    this.sending = endpoint
    endpoint.packer.flush(this.emit)
  }

  /** Closes one end; the other hears of it behind the last packet, where there is a way. */
  close(endpoint: Endpoint): void {
    if (endpoint.state === 'closed') return
    const told = endpoint.state === 'open'
    this.forget(endpoint)
    const other = endpoint.other
    if (!told || other === undefined || other.other !== endpoint) return
    if (!this.carries(endpoint, other)) return
    const at = Math.max(this.queue.now + this.latency(endpoint.peer, other.peer), endpoint.lastArrival)
    const event = this.queue.push(at, Happening.CLOSED)
    event.endpoint = other
    event.input = { kind: 'link-closed', link: other.link, reason: 'closed' }
  }

  /** An end is gone: nothing reaches or leaves it any more. */
  forget(endpoint: Endpoint): void {
    endpoint.state = 'closed'
    endpoint.peer.endpoints.delete(endpoint.link)
    this.sessions.delete(endpoint.session)
  }

  /** A peer dies: no packet of it leaves any more, and nobody is told. */
  silence(peer: Peer): void {
    for (const endpoint of [...peer.endpoints.values()]) this.forget(endpoint)
  }

  /** The queue of a link is at its low-water mark again, or has grown since. */
  drained(endpoint: Endpoint): Input | undefined {
    if (endpoint.state !== 'open') return undefined
    const backlog = this.backlog(endpoint)
    // A byte of slack: a wait rounded down must not come due for ever.
    if (backlog > LOW_WATER + 1) {
      this.queue.push(
        this.queue.now + (backlog - LOW_WATER) / this.options.bandwidth,
        Happening.DRAINED,
      ).endpoint = endpoint
      return undefined
    }
    endpoint.full = false
    return { kind: 'link-drained', link: endpoint.link }
  }

  private backlog(endpoint: Endpoint): number {
    const wait = endpoint.sentUntil - this.queue.now
    return wait > 0 ? wait * this.options.bandwidth : 0
  }

  private readonly emit = (packet: Uint8Array): void => {
    const endpoint = this.sending as Endpoint
    const pushes = endpoint.pushes
    endpoint.pushes = 0
    const other = endpoint.other
    if (endpoint.state !== 'open' || other === undefined) return
    this.traffic.packets++
    this.traffic.bytes += packet.length
    const left = this.leaves(endpoint, packet.length)
    const options = this.options
    if (this.lossStream.chance(options.loss) || !this.carries(endpoint, other)) {
      this.traffic.packetsLost++
      return
    }
    this.carry(endpoint, other, left, packet, pushes)
    if (this.lossStream.chance(options.duplicate)) this.carry(endpoint, other, left, packet, pushes)
  }

  /** When a packet has left the queue of its link. */
  private leaves(endpoint: Endpoint, bytes: number): number {
    const bandwidth = this.options.bandwidth
    const now = this.queue.now
    if (bandwidth === Number.POSITIVE_INFINITY) return now
    endpoint.sentUntil = Math.max(endpoint.sentUntil, now) + bytes / bandwidth
    const backlog = this.backlog(endpoint)
    if (backlog > HIGH_WATER && !endpoint.full) {
      endpoint.full = true
      const full = this.queue.push(now, Happening.INPUT)
      full.peer = endpoint.peer
      full.input = { kind: 'link-full', link: endpoint.link }
      this.queue.push(now + (backlog - LOW_WATER) / bandwidth, Happening.DRAINED).endpoint = endpoint
    }
    return endpoint.sentUntil
  }

  private carry(endpoint: Endpoint, other: Endpoint, left: number, packet: Uint8Array, pushes: number): void {
    const options = this.options
    let arrival = left + this.latency(endpoint.peer, other.peer)
    if (options.jitter > 0) arrival += options.jitter * this.delayStream.unit()
    if (options.pairJitter > 0)
      arrival += this.pairJitter(endpoint.peer, other.peer) * this.delayStream.unit()
    if (this.delayStream.chance(options.reorder)) {
      arrival = Math.max(arrival, endpoint.lastArrival) + options.latencyMax * this.delayStream.unit()
    } else {
      if (arrival < endpoint.lastArrival) arrival = endpoint.lastArrival
      endpoint.lastArrival = arrival
    }
    const event = this.queue.push(arrival, Happening.PACKET)
    event.endpoint = other
    event.bytes = packet
    event.count = pushes
  }

  /** Signals of this end come out one after the other: a description, then two candidates. */
  private describe(endpoint: Endpoint, type: 'offer' | 'answer'): void {
    const session = endpoint.session
    let at = this.queue.now + DESCRIBE
    this.tellSignal(endpoint, at, JSON.stringify({ type, session, sdp: SDP_FILL }))
    for (let n = 0; n < 2; n++) {
      at += GATHER
      this.tellSignal(
        endpoint,
        at,
        JSON.stringify({ type: 'candidate', session, candidate: `udp host ${n}` }),
      )
    }
  }

  private tellSignal(endpoint: Endpoint, at: number, data: string): void {
    const event = this.queue.push(at, Happening.INPUT)
    event.peer = endpoint.peer
    event.endpoint = endpoint
    event.input = { kind: 'link-signal', link: endpoint.link, data }
  }

  /** Starts ICE when both descriptions and a candidate are there. */
  private connect(endpoint: Endpoint): void {
    const other = endpoint.other
    if (other === undefined || other.other !== endpoint) return
    if (endpoint.state !== 'new' || other.state !== 'new') return
    if (endpoint.candidates + other.candidates === 0) return
    endpoint.state = 'connecting'
    other.state = 'connecting'
    const [a, b] = [endpoint.peer, other.peer]
    const reachable = this.reaches(a, b) && this.reaches(b, a) && this.canLink(a, b)
    if (!reachable || this.setupStream.chance(this.options.connectFailure)) {
      this.fail(endpoint, ICE_TIMEOUT)
      this.fail(other, ICE_TIMEOUT)
      return
    }
    const wait = SETUP + SETUP_ROUND_TRIPS * 2 * this.latency(endpoint.peer, other.peer)
    this.queue.push(this.queue.now + wait, Happening.OPEN).endpoint = endpoint.initiator ? endpoint : other
  }

  private fail(endpoint: Endpoint, after: number): void {
    const event = this.queue.push(this.queue.now + after, Happening.CLOSED)
    event.endpoint = endpoint
    event.input = { kind: 'link-closed', link: endpoint.link, reason: 'failed' }
  }
}

/** A number in [0, 1) that belongs to two peers under a seed. */
function drawOfPair(seed: number, a: Peer, b: Peer): number {
  const low = Math.min(a.index, b.index)
  const high = Math.max(a.index, b.index)
  return mix(mix(seed, low), high) / 2 ** 32
}

/** A signal as {@link Network} writes it; `undefined` for anything else. */
function parse(data: string): Signal | undefined {
  try {
    const signal = JSON.parse(data) as Partial<Signal> | null
    if (typeof signal?.session !== 'number') return undefined
    if (signal.type === undefined || !SIGNALS.includes(signal.type)) return undefined
    return { type: signal.type, session: signal.session }
  } catch {
    return undefined
  }
}
