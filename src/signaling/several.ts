/**
 * Several transports as one: a swarm that meets at two servers, one of which may be dead, or on a BroadcastChannel as well.
 * Up while one of them is. An envelope goes where its peer was last seen in a sample, or by all of them where it was in none;
 * a peer has left when the transport it was last seen on says so, or all of them do.
 * @module
 */
import type { PeerId } from '../protocol/id.ts'
import type { SampledPeer, SignalingEvents, SignalingSession, SignalingTransport } from './port.ts'

/** Peers whose place is remembered; the oldest goes first. */
const MAX_PLACES = 1024
/** A bit for each in {@link Place.missing}. */
export const MAX_TRANSPORTS = 16

interface Way {
  readonly transport: SignalingTransport
  state: 'opening' | 'up' | 'waiting' | 'over'
  /** Until the next attempt, as it was told, ms. */
  retryIn: number
}

/** Where a peer was seen last, and the transports that have said since that it is not there, one bit each. */
interface Place {
  way: Way | undefined
  missing: number
}

export class SeveralTransports implements SignalingTransport {
  readonly name: string
  private readonly ways: readonly Way[]
  private readonly places = new Map<PeerId, Place>()
  private events: SignalingEvents | undefined
  private isUp = false
  private replaced = false

  constructor(transports: readonly SignalingTransport[]) {
    this.name = transports.map(({ name = '' }) => name).join(' ')
    this.ways = transports.map(transport => ({ transport, state: 'over', retryIn: 0 }))
  }

  get urls(): readonly string[] {
    return this.ways.flatMap(({ transport }) => transport.urls ?? [])
  }

  open(session: SignalingSession, events: SignalingEvents): void {
    this.events = events
    this.replaced = false
    let failure: unknown
    for (const way of this.ways) {
      way.state = 'opening'
      try {
        way.transport.open(session, this.listen(way, events))
      } catch (cause) {
        failure = cause
        way.state = 'over'
      }
    }
    if (this.ways.every(({ state }) => state === 'over')) throw failure
  }

  send(to: PeerId, envelope: Uint8Array): boolean {
    const way = this.places.get(to)?.way
    if (way?.state === 'up') return way.transport.send(to, envelope)
    let sent = false
    for (const { state, transport } of this.ways) {
      if (state === 'up' && transport.send(to, envelope)) sent = true
    }
    if (sent) this.place(to).missing = 0
    return sent
  }

  awake(stale: boolean): void {
    for (const { state, transport } of this.ways) if (state !== 'over') transport.awake?.(stale)
  }

  sample(): void {
    for (const { state, transport } of this.ways) if (state === 'up') transport.sample()
  }

  close(): void {
    this.events = undefined
    this.isUp = false
    this.places.clear()
    for (const way of this.ways) {
      way.state = 'over'
      way.transport.close()
    }
  }

  private listen(way: Way, events: SignalingEvents): SignalingEvents {
    const heard = (tell: () => void) => {
      if (this.events === events) tell()
    }
    return {
      up: sample =>
        heard(() => {
          way.state = 'up'
          this.seen(way, sample)
          const first = !this.isUp
          this.isUp = true
          if (first) events.up(sample)
          else events.sample(sample)
        }),
      sample: peers =>
        heard(() => {
          this.seen(way, peers)
          events.sample(peers)
        }),
      down: (reason, retryIn) => heard(() => this.down(way, reason, retryIn, events)),
      envelope: bytes => heard(() => events.envelope(bytes)),
      left: peer =>
        heard(() => {
          if (this.gone(way, peer)) events.left(peer)
        }),
      warning: (code, message) =>
        heard(() => {
          // Another tab has this key: that is so everywhere.
          if (code === 'replaced') this.replaced = true
          events.warning(code, message)
        }),
    }
  }

  private seen(way: Way, peers: readonly SampledPeer[]): void {
    for (const { id } of peers) Object.assign(this.place(id), { way, missing: 0 })
  }

  private place(peer: PeerId): Place {
    const place = this.places.get(peer) ?? { way: undefined, missing: 0 }
    this.places.delete(peer)
    this.places.set(peer, place)
    for (const oldest of this.places.keys()) {
      if (this.places.size <= MAX_PLACES) break
      this.places.delete(oldest)
    }
    return place
  }

  /** One transport misses a peer. Whether it is where the peer was seen last, or the last of all that were asked. */
  private gone(way: Way, peer: PeerId): boolean {
    const place = this.place(peer)
    const { way: where } = place
    place.missing |= 1 << this.ways.indexOf(way)
    if (where !== way && where?.state === 'up') return false
    place.way = undefined
    if (where === way) return true
    return this.ways.every(({ state }, i) => state !== 'up' || (place.missing & (1 << i)) !== 0)
  }

  private down(way: Way, reason: string, retryIn: number | undefined, events: SignalingEvents): void {
    way.state = retryIn === undefined ? 'over' : 'waiting'
    way.retryIn = retryIn ?? 0
    if (this.replaced && retryIn === undefined) {
      this.close()
      events.down(reason, undefined)
      return
    }
    if (this.ways.some(({ state }) => state === 'up')) return
    // Another may still come up for the first time: nothing is lost yet.
    if (!this.isUp && this.ways.some(({ state }) => state === 'opening')) return
    this.isUp = false
    const waits = this.ways.filter(({ state }) => state !== 'over').map(({ retryIn }) => retryIn)
    events.down(reason, waits.length === 0 ? undefined : Math.min(...waits))
  }
}
