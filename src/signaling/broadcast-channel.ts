/**
 * Signaling between tabs of one origin, without any server: everybody hears everybody on one BroadcastChannel.
 *
 *     hello {id, record}          a newcomer; answered by everybody with `here`
 *     who   {id, to?}             who is there (or only: is `to`); answered with `here`
 *     here  {id, to, record}
 *     mail  {id, to, bytes}       an envelope
 *     bye   {id}
 *
 * A silent tab begins with `who`, and answers to its own name only, with an empty record. Nobody tells of a tab that crashed: peers that exchange envelopes ask after each other every two seconds, for a minute.
 * What others post is read with suspicion: any page of the origin may post anything.
 * @module
 */
import { isPeerId, type PeerId } from '../protocol/id.ts'
import { MAX_ENVELOPE, MAX_RECORD } from './message.ts'
import type { SampledPeer, SignalingEvents, SignalingSession, SignalingTransport } from './port.ts'
import { sampleOf } from './sample.ts'

/** What is used of the platform's BroadcastChannel. */
export type ChannelConstructor = new (
  name: string,
) => {
  onmessage: ((event: MessageEvent) => void) | null
  postMessage(message: unknown): void
  close(): void
}

export interface BroadcastChannelTransportOptions {
  /** The BroadcastChannel class. Default: the platform's. */
  readonly BroadcastChannel?: ChannelConstructor
}

const EMPTY = new Uint8Array(0)
/**
 * Time for everybody to answer, ms: a busy tab takes its time, and a newcomer is not to wait for a frozen one. It passes in two
 * halves: where this tab was busy itself, what was answered meanwhile is heard in the second.
 */
const GATHER = 100
/** Between two questions after a correspondent, ms, and how many of them follow its last envelope. */
const PROBE = 2000
const PROBES = 30
/** Peers remembered; a browser has fewer tabs. */
const MAX_PEERS = 1024

interface Known extends SampledPeer {
  /** Questions to all that it has not answered; who has missed two is gone. */
  missed: number
  /** Questions after it that are left, and whether the last one is open. */
  probes: number
  open: boolean
}

/**
 * A {@link SignalingTransport} between tabs of one origin in one browser.
 *
 * @example
 * const mesh = await createMesh({ transport: new BroadcastChannelTransport(), swarm: 'my-app' })
 */
export class BroadcastChannelTransport implements SignalingTransport {
  readonly name = 'BroadcastChannel'
  private readonly Channel: ChannelConstructor
  private readonly known = new Map<PeerId, Known>()
  private channel: InstanceType<ChannelConstructor> | undefined
  private session: SignalingSession | undefined
  private events: SignalingEvents | undefined
  private gathering: ReturnType<typeof setTimeout> | undefined
  private probing: ReturnType<typeof setInterval> | undefined
  private joined = false

  /** Throws a `TypeError` where there is no BroadcastChannel. */
  constructor(options: BroadcastChannelTransportOptions = {}) {
    const Channel =
      options.BroadcastChannel ?? (globalThis.BroadcastChannel as ChannelConstructor | undefined)
    if (Channel === undefined)
      throw new TypeError('BroadcastChannelTransport needs a browser with BroadcastChannel')
    this.Channel = Channel
  }

  open(session: SignalingSession, events: SignalingEvents): void {
    if (this.session !== undefined) throw new Error('BroadcastChannelTransport is open: close() it first')
    this.session = session
    this.events = events
    const channel = new this.Channel(`tabmesh:${session.discoveryKey}`)
    this.channel = channel
    channel.onmessage = ({ data }) => {
      if (this.channel === channel && typeof data === 'object' && data !== null) this.heard(data)
    }
    this.post(session.silent === true ? { kind: 'who' } : { kind: 'hello', record: session.record })
    this.gather()
    this.probing = setInterval(() => this.probe(), PROBE)
  }

  send(to: PeerId, envelope: Uint8Array): boolean {
    if (!this.joined) return false
    const peer = this.known.get(to)
    if (peer === undefined) queueMicrotask(() => this.events?.left(to))
    else {
      peer.probes = PROBES
      this.post({ kind: 'mail', to, bytes: envelope })
    }
    return true
  }

  sample(): void {
    if (!this.joined || this.gathering !== undefined) return
    for (const peer of this.known.values()) peer.missed++
    this.post({ kind: 'who' })
    this.gather()
  }

  close(): void {
    if (this.session === undefined) return
    this.post({ kind: 'bye' })
    this.end()
  }

  private end(): void {
    clearTimeout(this.gathering)
    clearInterval(this.probing)
    this.channel?.close()
    this.known.clear()
    this.gathering = this.channel = this.session = this.events = undefined
    this.joined = false
  }

  private post(message: object): void {
    try {
      this.channel?.postMessage({ ...message, id: this.session?.id })
    } catch {
      // The page is going away, and its channel went before it.
    }
  }

  private gather(halves = 2): void {
    this.gathering = setTimeout(() => {
      if (halves > 1) return this.gather(halves - 1)
      this.gathering = undefined
      for (const peer of [...this.known.values()]) if (peer.missed > 1) this.lose(peer)
      const { session, events, joined } = this
      if (session === undefined) return
      // Who has shown no record does not want to be told of.
      const listed = [...this.known.values()].filter(({ record }) => record.length > 0)
      const sample = sampleOf(session.id, listed).map(({ id, record }) => ({ id, record }))
      this.joined = true
      if (joined) events?.sample(sample)
      else events?.up(sample)
    }, GATHER / 2)
  }

  private heard(message: {
    kind?: unknown
    id?: unknown
    to?: unknown
    record?: unknown
    bytes?: unknown
  }): void {
    const { kind, id, to, record, bytes } = message
    const { session, events } = this
    if (session === undefined || !isPeerId(id)) return
    if (id === session.id) {
      if (kind !== 'hello') return
      this.end()
      events?.warning('replaced', 'another tab uses the same key')
      events?.down('replaced', undefined)
      return
    }
    if (to !== undefined && to !== session.id) return
    const peer = this.known.get(id)
    // A silent tab answers who asks after it, which is who it has written to.
    if ((kind === 'hello' || kind === 'who') && (session.silent !== true || to !== undefined))
      this.post({ kind: 'here', to: id, record: session.silent === true ? EMPTY : session.record })
    if ((kind === 'hello' || kind === 'here') && isBytes(record, MAX_RECORD)) this.meet(id, record)
    else if (kind === 'bye' && peer !== undefined) this.lose(peer)
    else if (kind === 'mail' && this.joined && isBytes(bytes, MAX_ENVELOPE)) {
      if (peer !== undefined) peer.probes = PROBES
      else this.meet(id, EMPTY, PROBES)
      events?.envelope(bytes)
    }
  }

  private meet(id: PeerId, record: Uint8Array, probing = 0): void {
    const peer = this.known.get(id)
    if (peer === undefined && this.known.size >= MAX_PEERS) return
    const { probes } = peer ?? { probes: probing }
    this.known.set(id, { id, record, missed: 0, probes, open: false })
  }

  private lose(peer: Known): void {
    this.known.delete(peer.id)
    if (peer.probes > 0) this.events?.left(peer.id)
  }

  /** Asks after everybody with whom envelopes were exchanged lately; who has not answered is gone. */
  private probe(): void {
    for (const peer of [...this.known.values()]) {
      if (peer.open) this.lose(peer)
      else if (peer.probes > 0 && --peer.probes > 0) {
        peer.open = true
        this.post({ kind: 'who', to: peer.id })
      }
    }
  }
}

function isBytes(value: unknown, most: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length <= most
}
