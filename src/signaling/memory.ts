/**
 * Signaling inside one process: a hub and transports on it, for tests and for programs with several meshes.
 * The same port and the same semantics as the WebSocket transport (one conformance suite runs both), without
 * proofs: whoever holds the hub is trusted. Deterministic: everything is told through one scheduler, in order.
 * @module
 */
import type { PeerId } from '../protocol/id.ts'
import type { SampledPeer, SignalingEvents, SignalingSession, SignalingTransport } from './port.ts'
import { sampleOf } from './sample.ts'

/** Runs a task later, in order. Default: `queueMicrotask`; a virtual clock hands in its own. */
export type Schedule = (task: () => void) => void

/** Peers to tell of a departure: as the server's bound. */
const MAX_CORRESPONDENTS = 64

/** Where memory transports meet. */
export class MemorySignaling {
  private readonly swarms = new Map<string, Map<PeerId, MemoryTransport>>()
  private readonly waiting = new Set<MemoryTransport>()
  private running = true
  readonly schedule: Schedule

  constructor(schedule: Schedule = queueMicrotask) {
    this.schedule = schedule
  }

  /** The server dies: every transport is told `down` and waits. */
  stop(): void {
    this.running = false
    for (const members of [...this.swarms.values()]) {
      for (const member of [...members.values()]) this.cut(member)
    }
  }

  /** The server is back: every waiting transport joins again. */
  start(): void {
    this.running = true
    for (const transport of [...this.waiting]) this.join(transport)
  }

  /** One transport loses its connection, unannounced, as a crashed tab does. It stays away until {@link start}. */
  cut(transport: MemoryTransport): void {
    if (!this.remove(transport)) return
    this.waiting.add(transport)
    transport.tell(events => events.down('connection lost', 0))
  }

  /** @internal */
  join(transport: MemoryTransport): void {
    this.waiting.delete(transport)
    const { session } = transport
    if (session === undefined) return
    if (!this.running) {
      this.waiting.add(transport)
      transport.tell(events => events.down('no server', 0))
      return
    }
    const members = this.swarms.get(session.discoveryKey) ?? new Map<PeerId, MemoryTransport>()
    this.swarms.set(session.discoveryKey, members)
    const former = members.get(session.id)
    if (former !== undefined && former !== transport) {
      this.remove(former)
      former.tell(events => {
        events.warning('replaced', 'another connection proved the same key')
        events.down('replaced', undefined)
      })
    }
    this.swarms.set(session.discoveryKey, members.set(session.id, transport))
    const sample = this.sampleFor(session)
    transport.tell(events => events.up(sample))
  }

  /** Takes a transport out and tells those it exchanged envelopes with. @internal */
  remove(transport: MemoryTransport): boolean {
    this.waiting.delete(transport)
    const { session } = transport
    if (session === undefined || this.member(session.discoveryKey, session.id) !== transport) return false
    const members = this.swarms.get(session.discoveryKey)
    members?.delete(session.id)
    if (members?.size === 0) this.swarms.delete(session.discoveryKey)
    for (const peer of transport.correspondents) {
      members?.get(peer)?.tell(events => events.left(session.id))
    }
    transport.correspondents.clear()
    return true
  }

  /** @internal */
  deliver(from: MemoryTransport, session: SignalingSession, to: PeerId, envelope: Uint8Array): void {
    const target = this.member(session.discoveryKey, to)
    if (target === undefined) {
      from.tell(events => events.left(to))
      return
    }
    remember(from.correspondents, to)
    remember(target.correspondents, session.id)
    const copy = envelope.slice()
    target.tell(events => events.envelope(copy))
  }

  /** @internal */
  member(discoveryKey: string, id: PeerId): MemoryTransport | undefined {
    return this.swarms.get(discoveryKey)?.get(id)
  }

  /** The nearest on both sides of the ring, then one peer per XOR bucket, the widest first. @internal */
  sampleFor(session: SignalingSession): SampledPeer[] {
    const others: SignalingSession[] = []
    for (const transport of this.swarms.get(session.discoveryKey)?.values() ?? []) {
      if (transport.session !== undefined && transport.session.id !== session.id && !transport.session.silent)
        others.push(transport.session)
    }
    return sampleOf(session.id, others).map(({ id, record }) => ({ id, record: record.slice() }))
  }
}

/** A {@link SignalingTransport} on a {@link MemorySignaling} hub. */
export class MemoryTransport implements SignalingTransport {
  private readonly hub: MemorySignaling
  private events: SignalingEvents | undefined
  /** @internal */
  session: SignalingSession | undefined
  /** @internal */
  readonly correspondents = new Set<PeerId>()

  constructor(hub: MemorySignaling) {
    this.hub = hub
  }

  open(session: SignalingSession, events: SignalingEvents): void {
    if (this.session !== undefined) throw new Error('MemoryTransport is open: close() it first')
    this.session = session
    this.events = events
    this.hub.schedule(() => {
      if (this.session === session) this.hub.join(this)
    })
  }

  send(to: PeerId, envelope: Uint8Array): boolean {
    const { session } = this
    if (session === undefined || this.hub.member(session.discoveryKey, session.id) !== this) return false
    this.hub.deliver(this, session, to, envelope)
    return true
  }

  sample(): void {
    const { session } = this
    if (session === undefined || this.hub.member(session.discoveryKey, session.id) !== this) return
    const peers = this.hub.sampleFor(session)
    this.tell(events => events.sample(peers))
  }

  close(): void {
    this.hub.remove(this)
    this.session = undefined
    this.events = undefined
  }

  /** Tells this transport's owner something, later, unless it has closed by then. @internal */
  tell(what: (events: SignalingEvents) => void): void {
    const { events } = this
    if (events === undefined) return
    this.hub.schedule(() => {
      if (this.events === events) what(events)
    })
  }
}

function remember(correspondents: Set<PeerId>, peer: PeerId): void {
  correspondents.delete(peer)
  correspondents.add(peer)
  for (const oldest of correspondents) {
    if (correspondents.size <= MAX_CORRESPONDENTS) break
    correspondents.delete(oldest)
  }
}
