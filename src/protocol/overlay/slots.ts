/**
 * The slot table: who holds a slot, by peer and by link, and what can be read off the table.
 *
 * Invariants
 * 1. One slot per peer, one per link.
 * 2. `version` grows with every change of the peers in the table or of what neighbours say of theirs.
 * @module
 */
import { bucketOf, type PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import {
  chooseEviction,
  isNearer,
  isRenewing,
  mostNeeded,
  type Ring,
  type Road,
  ringOf,
  type Slot,
} from './slot.ts'

/** An answer to an ask takes a few round trips of the mesh or the server; 3 s is a slow phone. */
export const ASK_TIMEOUT = 3000
/** An ask is answered within this, ms, until answers have been timed: two of the longest round trips on earth. */
const FIRST_PATIENCE = 600
/** … and the least it is once they have been, ms: a busy page takes this long. */
const LEAST_PATIENCE = 300

/** A first link opens within this, ms, or another is dialled beside it: three times what it takes within a country. */
const HEDGE = 1000

const ROADS = ['mesh', 'signaling'] as const

/** What a new slot is for. */
export interface Asked {
  readonly peer: PeerId
  readonly session: number
  readonly ring: boolean
  /** This side asked. */
  readonly outgoing: boolean
  /** The other side has nothing that stands in for it. */
  readonly needed?: boolean
  /** Over a relay. */
  readonly relayed?: boolean
  /** It has failed before. */
  readonly doubtful?: boolean
  /** What the ask goes by first. */
  readonly road?: Road
}

function isSound(slot: Slot): boolean {
  return slot.phase === 'up' && !slot.suspect
}

export class Slots {
  private readonly self: PeerId
  private readonly maxPeers: number
  private readonly byPeer = new Map<PeerId, Slot>()
  private readonly byLink = new Map<LinkId, Slot>()
  private nextLink: LinkId = 1
  private horizonVersion = -1
  private horizonSize = 0
  /** Grows with every change of slots or their neighbours (invariant 2). */
  version = 0
  /** Circuits that a link carries: such a link is not given up for a better one. */
  carries: (link: LinkId) => number = () => 0
  /** Whether a peer's link is kept, whatever would be better. */
  keeps: (peer: PeerId) => boolean = () => false
  /** About to carry one. */
  reserved: Slot | undefined = undefined
  /** How long an answer to an ask is waited for before others are asked beside it, ms, by the road it went. */
  private readonly waits: Record<Road, number> = { mesh: FIRST_PATIENCE, signaling: FIRST_PATIENCE }

  constructor(self: PeerId, maxPeers: number) {
    this.self = self
    this.maxPeers = maxPeers
  }

  /** Slots in use, whatever their phase, with links that are made beside others; a channel that is closed takes no place. */
  get size(): number {
    let size = this.byPeer.size
    for (const { next, retired } of this) if (next?.phase === 'opening' && !retired) size++
    return size
  }

  /** Whether every slot is in use. */
  get full(): boolean {
    return this.size >= this.maxPeers
  }

  [Symbol.iterator](): IterableIterator<Slot> {
    return this.byPeer.values()
  }

  has(peer: PeerId): boolean {
    return this.byPeer.has(peer)
  }

  of(peer: PeerId): Slot | undefined {
    return this.byPeer.get(peer)
  }

  at(link: LinkId): Slot | undefined {
    return this.byLink.get(link)
  }

  up(): Slot[] {
    return [...this.byPeer.values()].filter(slot => slot.phase === 'up')
  }

  /** Peers with a slot, and their neighbours; counted no further than there are slots. */
  get horizon(): number {
    if (this.horizonVersion === this.version) return this.horizonSize
    const seen = new Set<PeerId>([this.self])
    for (const slot of this) {
      seen.add(slot.peer)
      if (slot.neighbours !== undefined && !slot.suspect) for (const id of slot.neighbours) seen.add(id)
      if (seen.size > this.maxPeers + 1) break
    }
    this.horizonVersion = this.version
    this.horizonSize = seen.size - 1
    return this.horizonSize
  }

  /** Whether there is a neighbour that is not waited for since the network changed. */
  get linked(): boolean {
    for (const slot of this) if (slot.phase === 'up' && !isRenewing(slot)) return true
    return false
  }

  /** Neighbours that are not suspect. */
  get sound(): number {
    let count = 0
    for (const slot of this) if (isSound(slot)) count++
    return count
  }

  /** Whether a slot is an ask that a peer which is there would have answered by now. */
  isSilent(slot: Slot, now: number): boolean {
    return slot.phase === 'asked' && now >= slot.since + this.patience(slot)
  }

  /** How long an answer to an ask is waited for before others are asked beside it, ms; without an ask: to the slowest. */
  patience(asked?: Slot): number {
    const { mesh, signaling } = this.waits
    return asked === undefined ? Math.max(mesh, signaling) : this.waits[asked.road]
  }

  /** An ask of this side's was answered: a slow mesh is given more patience, a quick one less. */
  answered({ road, since }: Slot, now: number): void {
    // Twice the smoothed time; RFC 6298 §2 with its gain of 1/8, and its doubling in place of the variance.
    const before = this.waits[road]
    const patience = before + ((now - since) * 2 - before) / 8
    this.waits[road] = Math.min(ASK_TIMEOUT, Math.max(LEAST_PATIENCE, patience))
  }

  /** An answer came to an ask that was given up. Its time is not known; without this no slow answer would ever be in time. */
  late(): void {
    for (const road of ROADS) this.waits[road] = Math.min(ASK_TIMEOUT, this.waits[road] * 1.25)
  }

  /** Asks that may yet be answered, and links that are being opened. */
  pending(now: number): number {
    let count = 0
    for (const slot of this) if (slot.phase === 'up' ? isRenewing(slot) : !this.isSilent(slot, now)) count++
    return count
  }

  /** When the youngest of the asks and openings is no longer waited for by itself; 0 without any. */
  hedgedAt(): number {
    let latest = 0
    for (const slot of this) {
      if (slot.phase === 'up') continue
      latest = Math.max(latest, slot.since + (slot.phase === 'asked' ? this.patience(slot) : HEDGE))
    }
    return latest
  }

  /**
   * Slots that are of use: neighbours, and what may become one. A suspect is, for it may be a stalled page; two at a time are a fault
   * of the swarm, and waiting the 6 s until they are dead would leave it thin for as long. Nor is one that is half of `enough`.
   */
  held(enough: number, now: number): number {
    const living = this.sound + this.pending(now)
    let suspects = 0
    for (const slot of this) if (slot.phase === 'up' && slot.suspect && !isRenewing(slot)) suspects++
    return suspects > 1 || 2 * living < enough ? living : living + suspects
  }

  /** The ring slots as they are: neighbours only, no suspects. */
  ring(): Ring {
    return ringOf(this.self, this, slot => isSound(slot) && slot.silent !== true)
  }

  /** The ring slots as they are about to be: with links that are opening and ring asks that may yet be answered. */
  comingRing(now: number, wounded = false): Ring {
    return ringOf(
      this.self,
      this,
      slot =>
        (!slot.suspect || isRenewing(slot)) &&
        slot.silent !== true &&
        (slot.phase !== 'asked' ||
          (slot.ring && (slot.sought || (!wounded && !slot.doubtful)) && !this.isSilent(slot, now))),
    )
  }

  /** Whether `peer` has no slot and is nearer than what the ring has on at least one side. */
  isNearer(ring: Ring, peer: PeerId): boolean {
    return peer !== this.self && !this.byPeer.has(peer) && isNearer(this.self, ring, peer)
  }

  /** XOR buckets that have a slot. */
  buckets(): ReadonlySet<number> {
    const buckets = new Set<number>()
    for (const slot of this) buckets.add(bucketOf(this.self, slot.peer))
    return buckets
  }

  /** The link that can best be spared of neighbours with at least `minDegree` links, or none. */
  evictable(redundantOnly: boolean, minDegree: number, delegate = false): Slot | undefined {
    const { self, maxPeers } = this
    const { reserved, carries, keeps } = this
    const spare = [...this].filter(slot => !isRenewing(slot))
    let needed = 0
    const free = spare.filter(slot => {
      if (slot.suspect) return true
      // The oldest of them, as tables go in order of age.
      if (slot.needed && slot.phase === 'up' && ++needed <= mostNeeded(maxPeers)) return false
      return slot !== reserved && carries(slot.link) === 0 && !keeps(slot.peer)
    })
    const rule = { self, maxPeers, redundantOnly, minDegree, delegate }
    const chosen = chooseEviction(free, rule)
    if (chosen !== undefined || !delegate) return chosen
    // What it carries finds another relay; a ring neighbour that finds no place has no other way.
    return chooseEviction(
      spare.filter(slot => slot !== reserved),
      rule,
    )
  }

  /** A slot for a peer that is asked, or accepted; it counts once it is added. */
  create(asked: Asked, now: number): Slot {
    return {
      peer: asked.peer,
      session: asked.session,
      ring: asked.ring,
      needed: asked.needed === true,
      outgoing: asked.outgoing,
      link: 0,
      phase: 'asked',
      deadline: now + ASK_TIMEOUT,
      since: now,
      suspect: false,
      relayed: asked.relayed === true,
      carrier: undefined,
      again: undefined,
      next: undefined,
      tryAt: Number.POSITIVE_INFINITY,
      tryIn: 0,
      retired: false,
      sought: false,
      doubtful: asked.doubtful === true,
      road: asked.road ?? 'mesh',
      renewUntil: 0,
      restarts: false,
      aside: false,
      signaled: false,
      via: 'mesh',
      hearsayAt: 0,
      neighbours: undefined,
    }
  }

  add(slot: Slot): void {
    this.byPeer.set(slot.peer, slot)
    this.version++
  }

  /** Gives a slot a link, which has `timeout` ms to come up; less until the other side's first signal is there. */
  open(slot: Slot, timeout: number, now: number): void {
    slot.link = this.nextLink++
    slot.phase = 'opening'
    slot.since = now
    slot.deadline = now + Math.min(timeout, ASK_TIMEOUT + this.patience())
    this.byLink.set(slot.link, slot)
  }

  /** The slot's link is up: its peer is a neighbour. */
  rise(slot: Slot, now: number): void {
    slot.phase = 'up'
    slot.since = now
  }

  /** The link beside which this one is made, and whose place it is to take. */
  before(slot: Slot): Slot | undefined {
    const held = this.byPeer.get(slot.peer)
    return held === slot ? undefined : held
  }

  /** Whether letters about a link must not go over the link that there is to its peer: that one has fallen silent. */
  goesAside(slot: Slot): boolean {
    const held = this.byPeer.get(slot.peer)
    return held?.phase === 'up' && !held.relayed && (held !== slot || slot.aside)
  }

  /** A link is up: it takes the place of the one before it, if there is one. */
  replace(slot: Slot): void {
    const before = this.before(slot)
    if (before === undefined) return
    before.next = undefined
    slot.ring = before.ring
    slot.neighbours = before.neighbours
    if (before.silent !== undefined) slot.silent = before.silent
    this.drop(before)
    this.add(slot)
  }

  /** A neighbour has said what its neighbours are. */
  told(slot: Slot, neighbours: ReadonlySet<PeerId>): void {
    const before = slot.neighbours
    slot.neighbours = neighbours
    if (before?.size === neighbours.size) {
      let same = true
      for (const id of neighbours) same &&= before.has(id)
      if (same) return
    }
    this.version++
  }

  drop(slot: Slot): void {
    this.version++
    const held = this.byPeer.get(slot.peer)
    if (held?.next === slot) held.next = undefined
    if (held === slot) {
      this.byPeer.delete(slot.peer)
      // What was being tried beside it goes on in its place.
      if (slot.next !== undefined) this.byPeer.set(slot.peer, slot.next)
    }
    this.byLink.delete(slot.link)
  }

  clear(): void {
    this.byPeer.clear()
    this.byLink.clear()
  }
}
