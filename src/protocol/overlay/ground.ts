/**
 * What a peer knows of the mesh, the ground that its moves and its plan stand on: the slot table, the passive view,
 * who has left, who may be asked again when, and what neighbours tell each other.
 * @module
 */
import type { BackoffOptions } from '../backoff.ts'
import { clockwise, type PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import type { Random } from '../random.ts'
import { Backoff } from './backoff.ts'
import { Barriers } from './barriers.ts'
import type { Known } from './candidate.ts'
import { Departed } from './departed.ts'
import type { Out } from './effect.ts'
import { Exchange } from './exchange.ts'
import { relaysOf } from './relayed.ts'
import type { Slot } from './slot.ts'
import { Slots } from './slots.ts'
import { PassiveView } from './view.ts'

export interface OverlayConfig {
  readonly id: PeerId
  readonly maxPeers: number
  /** Ids of one XOR bucket that the passive view keeps (Kademlia's k). */
  readonly kademliaK: number
  readonly connectTimeout: number
  readonly random: Random
  readonly backoff?: Required<BackoffOptions> | undefined
}

export class Ground {
  readonly config: OverlayConfig
  readonly slots: Slots
  readonly view: PassiveView
  readonly backoff: Backoff
  readonly exchange: Exchange
  readonly departed = new Departed()
  readonly barriers = new Barriers()
  /** Peers that the application wants asked first for introductions and relaying. */
  readonly routers = new Set<PeerId>()
  /** Both counts of versions only grow, so their sum names a state. */
  private knownVersion = -1
  private knownMap: Known = new Map()

  constructor(config: OverlayConfig) {
    this.config = config
    this.slots = new Slots(config.id, config.maxPeers)
    this.slots.keeps = peer => this.routers.has(peer)
    this.view = new PassiveView(config.id, config.random, config.kademliaK)
    this.backoff = new Backoff(config.random, config.backoff)
    this.exchange = new Exchange(config.id, this.view, config.random)
  }

  /** Every peer known of: linked, told of by neighbours, or in the passive view. */
  known(): Known {
    const version = this.slots.version + this.view.version
    if (version === this.knownVersion) return this.knownMap
    const { id: self } = this.config
    const before = this.knownMap
    const all = new Map<PeerId, number>()
    const add = (id: PeerId) => {
      if (!all.has(id)) all.set(id, before.get(id) ?? clockwise(self, id))
    }
    for (const { id, steps } of this.view) all.set(id, steps)
    for (const slot of this.slots) {
      add(slot.peer)
      if (slot.neighbours !== undefined) for (const id of slot.neighbours) add(id)
    }
    all.delete(self)
    this.knownMap = all
    this.knownVersion = version
    return all
  }

  /**
   * Slots to fill: all of them in a small swarm, one less in a large one (invariant 2 of overlay.ts). Small is one that
   * neighbours and their neighbours fill a table with: of others it is not known that they still live.
   */
  get target(): number {
    const { maxPeers } = this.config
    return this.slots.horizon <= maxPeers ? maxPeers : maxPeers - 1
  }

  /**
   * Neighbours that could relay, to a peer without those that have failed there; none where two ring slots and a free one are all there is: a carrier would take the place
   * of what it carries, and the ring would never rest.
   */
  relays(to?: PeerId): PeerId[] {
    const { maxPeers } = this.config
    if (maxPeers <= 3 && this.target !== maxPeers) return []
    const relays = relaysOf(this.slots, this.routers)
    return to === undefined ? relays : relays.filter(id => !this.barriers.spoils(to, id))
  }

  /** The routers that are neighbours, and not silent. */
  linkedRouters(): Slot[] {
    const linked: Slot[] = []
    for (const peer of this.routers) {
      const slot = this.slots.of(peer)
      if (slot?.phase === 'up' && !slot.suspect) linked.push(slot)
    }
    return linked
  }

  /** Ids that other peers tell of: not believed of one that has just left. */
  hear(ids: readonly PeerId[], now: number): void {
    for (const id of ids) if (!this.departed.has(id, now)) this.view.add(id)
  }

  /** A neighbour's neighbours: the nearest are worth knowing beyond its word. */
  hearNear(ids: readonly PeerId[], now: number): void {
    for (const id of ids) if (!this.departed.has(id, now)) this.view.addNear(id)
  }

  /** A letter of a peer's has come: it is there, whatever was said of it. True when an ask of it was given up. */
  heard(id: PeerId): boolean {
    this.returned(id)
    return this.backoff.heard(id)
  }

  /** A peer has shown itself, or the signaling server vouches for it. */
  meet(id: PeerId): void {
    this.returned(id)
    this.view.add(id)
  }

  private returned(id: PeerId): void {
    this.departed.returned(id)
    this.exchange.back(id)
  }

  /**
   * Peers have left, or so it is said. A neighbour is asked; of others, what was known is forgotten and passed on,
   * so that the news ends where nobody knew them.
   */
  depart(ids: readonly PeerId[], from: LinkId, now: number, out: Out): void {
    const { slots, view } = this
    const ring = slots.ring()
    const news: PeerId[] = []
    for (const id of ids) {
      const slot = slots.of(id)
      if (slot?.phase === 'up') {
        out.push({ kind: 'doubt', link: slot.link })
        continue
      }
      if (from !== 0) {
        // Who is nearer than the ring's own is being asked, and answers for itself: no word of others is needed.
        if (!view.has(id) || slots.isNearer(ring, id)) continue
      }
      view.remove(id)
      this.departed.add(id, now)
      news.push(id)
    }
    this.exchange.gone(news, now)
  }

  /** Whether ids that were told of may change the plan: a slot is free, or one of them is nearer than the ring's. */
  isNews(ids: readonly PeerId[]): boolean {
    if (this.slots.size < this.target) return true
    const ring = this.slots.ring()
    return ids.some(peer => this.slots.isNearer(ring, peer))
  }

  /** Forgets everything but the configuration. */
  clear(): void {
    this.slots.clear()
    this.view.clear()
    this.departed.clear()
    this.barriers.clear()
    this.routers.clear()
    this.backoff.clear()
    this.exchange.stop()
  }
}
