/**
 * Which peers to link to: two ring slots (predecessor and successor in id order) and bucket slots spread over
 * the XOR distance, of at most `maxPeers` in all. Ring links make the mesh one island and greedy routing whole
 * (Stoica et al., "Chord", SIGCOMM 2001, §4; the neighbour exchange is the linearisation of Onus, Richa &
 * Scheideler, ALENEX 2007); bucket links make it short (Kademlia, §2).
 *
 * Invariants
 * 1. Slots (asked, opening and up) never exceed `maxPeers`; one slot per peer.
 * 2. In a swarm larger than `maxPeers + 1` one slot is kept free for changes, so that a replacement is up
 *    before the link it replaces is given up.
 * 3. A ring link is displaced only by a nearer one; a bucket link is given up only by `chooseEviction`.
 * 4. Bounds: `maxPeers` slots, each with ≤ MAX_IDS neighbours told; VIEW_SIZE known ids, kademliaK of one bucket; 64 departed; 256 waits.
 * @module
 */
import type { Drop, Effect } from '../effect.ts'
import { bucketOf, isInitiator, type PeerId } from '../id.ts'
import type { LinkEnd, LinkId } from '../input.ts'
import { jitter, type Random } from '../random.ts'
import { Frame } from '../wire/frame.ts'
import type { Reader } from '../wire/reader.ts'
import { Backoff } from './backoff.ts'
import { chooseBucketPeer, nearestKnown } from './candidate.ts'
import { Departed } from './departed.ts'
import { Exchange } from './exchange.ts'
import {
  decodeAccept,
  decodeAsk,
  decodeRefuse,
  decodeSignal,
  encodeAccept,
  encodeAsk,
  encodeRefuse,
  encodeSignal,
  LETTER,
  REFUSAL,
  readIds,
} from './letters.ts'
import { chooseEviction, isNearer, ringOf, type Slot } from './slot.ts'
import { PassiveView } from './view.ts'

/** An answer to an ask takes a few round trips of the mesh or the server; 3 s is a slow phone. */
export const ASK_TIMEOUT = 3000
/** An ask is answered within this, ms, if there is anybody: two of the longest round trips on earth. */
const ANSWER_EXPECTED = 600
/** Asks and openings of this side at a time: each may cost an ICE negotiation. */
const PARALLEL = 3
/** Bucket links wait this long after joining, ms: in a rush of joins the ring settles first. */
const SETTLE = 250
/** Pause between two plans while something is missing, ms. */
const REPLAN = 400
/** The longest pause between attempts to fill slots that nobody wants to fill, ms. */
const FILL_MAX = 30_000
/** Named alternatives kept. */
const ROOMY = 8
/** A surplus link is given up this long after the one that made it surplus came up, ms. */
const SHED_AFTER = 600
/** A peer that would not give a ring slot is asked again after this, ms: the ring repairs itself within seconds. */
const RING_WAIT = 1000
/** A peer that said "full" is not asked again before this, ms. */
const FULL_WAIT = 4000
/** Alternatives in a refusal or a good-bye. */
const ALTERNATIVES = 6
/** The signaling server is asked for a fresh sample after this long, doubling up to the second, ms. */
const SAMPLE_FIRST = 5000
const SAMPLE_MAX = 120_000

export interface OverlayConfig {
  readonly id: PeerId
  readonly maxPeers: number
  /** Ids of one XOR bucket that the passive view keeps (Kademlia's k). */
  readonly kademliaK: number
  readonly connectTimeout: number
  readonly random: Random
}

export type OverlayEffect =
  | Effect
  /** A sealed letter to a peer; `near`: it is at most two hops away, so the mesh is quicker than a server. */
  | {
      readonly kind: 'tell'
      readonly to: PeerId
      readonly letter: number
      readonly body: Uint8Array
      readonly near: boolean
    }
  /** A slot's link is given up; a good-bye has been sent where there was somebody to hear it. */
  | {
      readonly kind: 'dropped'
      readonly link: LinkId
      readonly peer: PeerId
      readonly wasUp: boolean
      readonly reason: LinkEnd
    }
  /** A neighbour behaves as if it had lost the link. */
  | { readonly kind: 'doubt'; readonly link: LinkId }
  /** What is known of a neighbour's neighbours has changed. */
  | { readonly kind: 'lookahead'; readonly link: LinkId; readonly peers: ReadonlySet<PeerId> }

type Out = OverlayEffect[]

export class Overlay {
  private readonly config: OverlayConfig
  private readonly slots = new Map<PeerId, Slot>()
  private readonly byLink = new Map<LinkId, Slot>()
  private readonly view: PassiveView
  private readonly backoff: Backoff
  private readonly exchange: Exchange
  private readonly departed = new Departed()
  private joined = false
  private joinedAt = 0
  private planAt = Number.POSITIVE_INFINITY
  private shedAt = Number.POSITIVE_INFINITY
  private sampleAt = Number.POSITIVE_INFINITY
  private sampleIn = SAMPLE_FIRST
  private signalingUp = false
  private bootstrap: PeerId[] = []
  private nextLink: LinkId = 1
  /** Peers that are said to have room, the newest last. */
  private roomy: PeerId[] = []
  private fillAt = 0
  private fillWait = REPLAN
  /** How long a lack of links waits for a fresh sample; doubles with each that was asked for. */
  private lackWait = REPLAN
  /** Grows with every change of slots or their neighbours; both counts only grow, so their sum names a state. */
  private version = 0
  private knownVersion = -1
  private knownSet: ReadonlySet<PeerId> = new Set()

  constructor(config: OverlayConfig) {
    this.config = config
    this.view = new PassiveView(config.id, config.random, config.kademliaK)
    this.backoff = new Backoff(config.random)
    this.exchange = new Exchange(config.id, this.view, config.random)
  }

  /** Slots in use: never more than `maxPeers`. */
  get used(): number {
    return this.slots.size
  }

  up(): Slot[] {
    return [...this.slots.values()].filter(slot => slot.phase === 'up')
  }

  slotOf(link: LinkId): Slot | undefined {
    return this.byLink.get(link)
  }

  kindOf(slot: Slot): 'ring' | 'bucket' {
    const ring = ringOf(this.config.id, this.slots.values(), counted)
    return slot === ring.successor || slot === ring.predecessor ? 'ring' : 'bucket'
  }

  /** Every peer known of: linked, told of by neighbours, or in the passive view. */
  known(): ReadonlySet<PeerId> {
    const version = this.version + this.view.version
    if (version === this.knownVersion) return this.knownSet
    const all = new Set(this.view)
    for (const slot of this.slots.values()) {
      all.add(slot.peer)
      if (slot.neighbours !== undefined) for (const id of slot.neighbours) all.add(id)
    }
    all.delete(this.config.id)
    this.knownSet = all
    this.knownVersion = version
    return all
  }

  /** Nothing is being asked or opened, and nobody is left to ask. */
  get exhausted(): boolean {
    return this.slots.size === 0 && this.view.size === 0
  }

  get deadline(): number {
    if (!this.joined) return Number.POSITIVE_INFINITY
    let earliest = Math.min(this.planAt, this.shedAt, this.sampleAt, this.exchange.deadline)
    for (const slot of this.slots.values())
      if (slot.phase !== 'up') earliest = Math.min(earliest, slot.deadline)
    return earliest
  }

  join(bootstrap: readonly PeerId[], now: number): void {
    this.joined = true
    this.joinedAt = now
    this.bootstrap = bootstrap.filter(id => id !== this.config.id)
    for (const id of this.bootstrap) this.view.add(id)
    this.exchange.start(now)
    this.planAt = now
  }

  /** Says good-bye to everybody; nothing is left to wait for. */
  leave(out: Out): void {
    for (const slot of [...this.slots.values()]) this.giveUp(slot, 'left', out)
    this.slots.clear()
    this.byLink.clear()
    this.view.clear()
    this.departed.clear()
    this.backoff.clear()
    this.exchange.stop()
    this.joined = false
    this.planAt = this.shedAt = this.sampleAt = Number.POSITIVE_INFINITY
  }

  signaling(up: boolean, now: number): void {
    this.signalingUp = up
    this.sampleIn = SAMPLE_FIRST
    this.lackWait = REPLAN
    this.sampleAt = up ? now + jitter(this.config.random, SAMPLE_FIRST, 0.25) : Number.POSITIVE_INFINITY
  }

  /** Peers that the signaling server says are there. */
  learn(ids: Iterable<PeerId>, now: number): void {
    for (const id of ids) {
      this.departed.returned(id)
      this.view.add(id)
    }
    this.replan(now, 0)
  }

  /** The signaling server says that a peer is not there. */
  absent(peer: PeerId, now: number, out: Out): void {
    this.view.remove(peer)
    const slot = this.slots.get(peer)
    if (slot === undefined) return
    if (slot.phase === 'up') out.push({ kind: 'doubt', link: slot.link })
    else if (slot.phase === 'asked') this.fail(slot, now, out)
  }

  // ── letters ────────────────────────────────────────────────────────────────────────────────────────────

  letter(from: PeerId, kind: number, body: Uint8Array, now: number, out: Out): Drop | undefined {
    if (!this.joined) return undefined
    switch (kind) {
      case LETTER.ASK:
        return this.onAsk(from, body, now, out)
      case LETTER.ACCEPT: {
        const session = decodeAccept(body)
        if (session === undefined) return 'malformed'
        const slot = this.slots.get(from)
        if (slot?.session === session && slot.phase === 'asked') this.openLink(slot, now, out)
        else if (slot?.session !== session) this.refuse(from, session, REFUSAL.STALE, out)
        return undefined
      }
      case LETTER.REFUSE: {
        const refusal = decodeRefuse(body)
        if (refusal === undefined) return 'malformed'
        this.hear(refusal.alternatives, now)
        const slot = this.slots.get(from)
        if (slot === undefined || slot.session !== refusal.session || slot.phase === 'up') return undefined
        this.giveUp(slot, 'refused', out)
        this.view.add(from)
        this.backoff.defer(from, slot.ring ? RING_WAIT : FULL_WAIT, slot.ring, now)
        if (!slot.ring) this.fillWait = Math.min(FILL_MAX, this.fillWait * 1.5)
        this.replan(now, 0)
        return undefined
      }
      case LETTER.SIGNAL: {
        const signal = decodeSignal(body)
        if (signal === undefined) return 'malformed'
        const slot = this.slots.get(from)
        if (slot?.session !== signal.session || slot.phase === 'up') return undefined
        if (slot.phase === 'asked') this.openLink(slot, now, out)
        out.push({ kind: 'link-signal', link: slot.link, data: signal.data })
        return undefined
      }
      default:
        return 'unexpected'
    }
  }

  private onAsk(from: PeerId, body: Uint8Array, now: number, out: Out): Drop | undefined {
    const ask = decodeAsk(body)
    if (ask === undefined) return 'malformed'
    const slot = this.slots.get(from)
    if (slot !== undefined) {
      if (slot.session === ask.session) return undefined
      // An ask that was under way while the link came up says nothing; a later one says that it has lost the link.
      if (slot.phase === 'up' && now - slot.since < ASK_TIMEOUT) {
        out.push({ kind: 'doubt', link: slot.link })
        this.refuse(from, ask.session, REFUSAL.ALREADY, out)
        return undefined
      }
      // Both asked: the lower id's session is the one that counts, so one link comes of it.
      if (slot.phase === 'asked' && isInitiator(this.config.id, from)) return undefined
      // It has given the older attempt, or the link, up.
      this.giveUp(slot, 'closed', out)
    }
    if (!this.admit(from, ask.ring, ask.degree, now, out)) {
      this.view.add(from)
      this.refuse(from, ask.session, REFUSAL.FULL, out)
      return undefined
    }
    const admitted = this.addSlot(from, ask.session, ask.ring, false, now)
    out.push({
      kind: 'tell',
      to: from,
      letter: LETTER.ACCEPT,
      body: encodeAccept(ask.session),
      near: this.isNear(from),
    })
    this.openLink(admitted, now, out)
    return undefined
  }

  /** Whether there is, or can be made, room for a peer that asks. */
  private admit(from: PeerId, ring: boolean, degree: number, now: number, out: Out): boolean {
    const { id, maxPeers } = this.config
    // Who asks is there; whom this peer has asked may not be: an ask that should have been answered holds no place.
    if (this.slots.size - this.unanswered(now) < this.target) {
      return this.slots.size < maxPeers || this.makeRoom(now, out)
    }
    const coming = ringOf(
      id,
      this.slots.values(),
      slot => !slot.suspect && (slot.phase !== 'asked' || (slot.ring && now - slot.since <= ANSWER_EXPECTED)),
    )
    if (ring && isNearer(id, coming, from)) return this.slots.size < maxPeers || this.makeRoom(now, out)
    // The rich give to the poor: accepted into the spare slot, and a link to a rich neighbour is given up later.
    if (this.slots.size >= maxPeers || degree > maxPeers / 2) return false
    return this.evictable(true, degree + 2) !== undefined
  }

  private refuse(to: PeerId, session: number, reason: number, out: Out): void {
    const body = encodeRefuse({ session, reason, alternatives: this.alternativesFor(to) })
    out.push({ kind: 'tell', to, letter: LETTER.REFUSE, body, near: this.isNear(to) })
  }

  /** Peers to ask instead: the two nearest to the asker on the ring, then neighbours with the fewest links. */
  private alternativesFor(peer: PeerId): PeerId[] {
    const chosen = nearestKnown(peer, this.known(), id => id !== peer)
    const poor = this.up().filter(slot => slot.peer !== peer && !slot.suspect && !chosen.includes(slot.peer))
    poor.sort((a, b) => (a.neighbours?.size ?? 0) - (b.neighbours?.size ?? 0))
    for (const slot of poor) {
      if (chosen.length === ALTERNATIVES) break
      chosen.push(slot.peer)
    }
    return chosen
  }

  /** Alternatives that another peer names: known from now on, and asked first. */
  private hear(ids: readonly PeerId[], now: number): void {
    this.hearOf(ids, now)
    this.roomy = [...this.roomy, ...ids.slice(2).reverse()].slice(-ROOMY)
  }

  // ── links ──────────────────────────────────────────────────────────────────────────────────────────────

  /** A signal of an own link: carry it to the other side. */
  signal(link: LinkId, data: string, out: Out): void {
    const slot = this.byLink.get(link)
    if (slot === undefined) return
    const body = encodeSignal({ session: slot.session, data })
    out.push({ kind: 'tell', to: slot.peer, letter: LETTER.SIGNAL, body, near: this.isNear(slot.peer) })
  }

  /** The handshake is through. */
  linkUp(link: LinkId, now: number, out: Out): void {
    const slot = this.byLink.get(link)
    if (slot === undefined) return
    slot.phase = 'up'
    slot.since = now
    this.backoff.succeeded(slot.peer)
    this.departed.returned(slot.peer)
    this.fillWait = REPLAN
    this.view.add(slot.peer)
    this.exchange.greet(link, this.up(), out)
    this.exchange.changed(now)
    this.shedAt = Math.min(this.shedAt, now + jitter(this.config.random, SHED_AFTER, 0.5))
    this.replan(now, 0)
  }

  /** A link is gone, whatever the reason; also one that never opened. */
  linkDown(link: LinkId, reason: LinkEnd, now: number, out: Out): void {
    const slot = this.byLink.get(link)
    if (slot === undefined) return
    if (slot.phase === 'up') {
      this.drop(slot)
      this.fillAt = now
      this.fillWait = REPLAN
      this.lackWait = REPLAN
      if (reason === 'bye' || reason === 'timeout') this.depart([slot.peer], 0, now, out)
      else if (reason !== 'evicted' && reason !== 'closed') this.view.remove(slot.peer)
      this.backoff.defer(slot.peer, reason === 'evicted' ? FULL_WAIT : SETTLE, reason !== 'evicted', now)
      this.exchange.changed(now)
      this.replan(now, 0)
    } else this.fail(slot, now, out)
  }

  suspect(link: LinkId, suspect: boolean, now: number): void {
    const slot = this.byLink.get(link)
    if (slot === undefined) return
    slot.suspect = suspect
    this.replan(now, 0)
  }

  /** NEIGHBOURS, SHUFFLE, SHUFFLED or GONE, the type byte already read. */
  frame(link: LinkId, type: number, reader: Reader, now: number, out: Out): Drop | undefined {
    const ids = readIds(reader)
    if (!reader.done) return 'malformed'
    const slot = this.byLink.get(link)
    if (slot === undefined) return 'unexpected'
    if (type === Frame.NEIGHBOURS) {
      slot.neighbours = new Set(ids)
      this.version++
      out.push({ kind: 'lookahead', link, peers: slot.neighbours })
      if (this.isNews(ids)) this.replan(now, SETTLE / 5)
      return undefined
    }
    if (type === Frame.GONE) {
      this.depart(ids, link, now, out)
      return undefined
    }
    this.hearOf(ids, now)
    if (type === Frame.SHUFFLE) this.exchange.answer(link, out)
    if (this.isNews(ids)) this.replan(now, REPLAN)
    return undefined
  }

  /** Ids that other peers tell of: not believed of one that has just left. */
  private hearOf(ids: readonly PeerId[], now: number): void {
    for (const id of ids) if (!this.departed.has(id, now)) this.view.add(id)
  }

  /**
   * Peers have left, or so it is said. A neighbour is asked; of others, what was known is forgotten and passed on,
   * so that the news ends where nobody knew them.
   */
  private depart(ids: readonly PeerId[], from: LinkId, now: number, out: Out): void {
    const news: PeerId[] = []
    for (const id of ids) {
      const slot = this.slots.get(id)
      if (slot?.phase === 'up') {
        out.push({ kind: 'doubt', link: slot.link })
        continue
      }
      if (!this.view.has(id)) continue
      this.view.remove(id)
      this.departed.add(id, now)
      news.push(id)
    }
    if (news.length > 0) this.exchange.gone(news, this.up(), from, out)
  }

  /** Whether ids that were told of may change the plan: a slot is free, or one of them is nearer than the ring's. */
  private isNews(ids: readonly PeerId[]): boolean {
    if (this.slots.size < this.target) return true
    const { id } = this.config
    const ring = ringOf(id, this.slots.values(), counted)
    return ids.some(peer => peer !== id && !this.slots.has(peer) && isNearer(id, ring, peer))
  }

  /** A good-bye's alternatives. */
  farewell(ids: readonly PeerId[], now: number): void {
    this.hear(ids, now)
  }

  // ── the plan ───────────────────────────────────────────────────────────────────────────────────────────

  tick(now: number, out: Out): void {
    if (!this.joined) return
    for (const slot of this.slots.values()) {
      if (slot.phase === 'up' || now < slot.deadline) continue
      out.push({ kind: 'peer-timeout', peer: slot.peer })
      this.fail(slot, now, out)
    }
    if (now >= this.shedAt) this.shed(now, out)
    if (now >= this.planAt) this.plan(now, out)
    if (now >= this.sampleAt) this.askSample(now, out)
    this.exchange.tick(this.up(), now, out)
  }

  /** Slots to fill: all of them in a small swarm, one less in a large one (invariant 2). */
  private get target(): number {
    const { maxPeers } = this.config
    // The passive view alone tells a large swarm, without counting what all neighbours told.
    if (this.view.size > maxPeers) return maxPeers - 1
    return this.known().size <= maxPeers ? maxPeers : maxPeers - 1
  }

  private plan(now: number, out: Out): void {
    this.planAt = Number.POSITIVE_INFINITY
    this.planRing(now, out)
    const alone = !this.linked
    if (!alone && now < this.joinedAt + SETTLE) return this.replan(this.joinedAt + SETTLE, 0)
    if (this.slots.size >= this.target) return
    if (now >= this.fillAt || alone) {
      while (this.slots.size < this.target && this.asking < PARALLEL) {
        const peer = this.nextBucketPeer(now)
        if (peer === undefined) break
        this.ask(peer, false, now, out)
      }
      this.fillAt = now + jitter(this.config.random, this.fillWait, 0.25)
    }
    // Something is missing: look again soon, and seldom where everybody has said no.
    this.replan(Math.max(now + REPLAN, Math.min(this.fillAt, this.backoff.nextReady(now))), 0)
    if (this.asking === 0 && this.signalingUp) this.sampleAt = Math.min(this.sampleAt, now + this.lackWait)
  }

  /** The nearest known peer on each side should be a neighbour. */
  private planRing(now: number, out: Out): void {
    const { id } = this.config
    const wanted = (peer: PeerId) => this.slots.get(peer)?.suspect !== true
    const eligible = (peer: PeerId) =>
      wanted(peer) && (this.slots.has(peer) || this.backoff.ready(peer, true, now))
    for (const peer of nearestKnown(id, this.known(), eligible)) {
      if (this.slots.has(peer) || this.asking >= PARALLEL) continue
      if (this.slots.size >= this.config.maxPeers && !this.makeRoom(now, out)) continue
      this.ask(peer, true, now, out)
    }
    for (const peer of nearestKnown(id, this.known(), wanted)) {
      if (!this.slots.has(peer)) this.replan(now, Math.max(REPLAN, this.backoff.readyAt(peer, true) - now))
    }
  }

  private nextBucketPeer(now: number): PeerId | undefined {
    const first = this.bootstrap.find(id => !this.slots.has(id) && this.backoff.ready(id, false, now))
    if (first !== undefined && !this.linked) return first
    const free = (peer: PeerId) => !this.slots.has(peer) && this.backoff.ready(peer, false, now)
    for (let named = this.roomy.pop(); named !== undefined; named = this.roomy.pop())
      if (free(named)) return named
    const occupied = new Set<number>()
    for (const slot of this.slots.values()) occupied.add(bucketOf(this.config.id, slot.peer))
    return chooseBucketPeer(this.config.id, this.known(), free, occupied, this.config.random)
  }

  private ask(peer: PeerId, ring: boolean, now: number, out: Out): void {
    const session = this.config.random.u32() * 0x10000 + (this.config.random.u32() & 0xffff)
    const degree = this.up().length
    this.addSlot(peer, session, ring, true, now)
    const body = encodeAsk({ session, ring, degree })
    out.push({ kind: 'tell', to: peer, letter: LETTER.ASK, body, near: this.isNear(peer) })
  }

  private shed(now: number, out: Out): void {
    this.shedAt = Number.POSITIVE_INFINITY
    if (this.up().length <= this.target) return
    const slot = this.evictable(true, 0) ?? this.evictable(false, 0)
    if (slot !== undefined) this.evict(slot, now, out)
    this.shedAt = now + jitter(this.config.random, SHED_AFTER * (slot === undefined ? 4 : 1), 0.5)
  }

  private askSample(now: number, out: Out): void {
    this.sampleIn = Math.min(SAMPLE_MAX, this.sampleIn * 2)
    this.lackWait = Math.min(FILL_MAX, this.lackWait * 2)
    this.sampleAt = now + jitter(this.config.random, this.sampleIn, 0.25)
    out.push({ kind: 'signaling-sample' })
  }

  /** Frees a slot: an unanswered ask first, for a bucket if there is one, then a link that can be spared. */
  private makeRoom(now: number, out: Out): boolean {
    let asked: Slot | undefined
    for (const slot of this.slots.values())
      if (slot.phase === 'asked' && !(asked?.ring === false)) asked = slot
    if (asked !== undefined) {
      this.drop(asked)
      return true
    }
    const slot = this.evictable(true, 0) ?? this.evictable(false, 0)
    if (slot === undefined) return false
    this.evict(slot, now, out)
    return true
  }

  private evictable(redundantOnly: boolean, minDegree: number): Slot | undefined {
    const { id, maxPeers } = this.config
    return chooseEviction([...this.slots.values()], { self: id, maxPeers, redundantOnly, minDegree })
  }

  private evict(slot: Slot, now: number, out: Out): void {
    this.giveUp(slot, 'evicted', out)
    this.backoff.defer(slot.peer, FULL_WAIT, false, now)
    this.exchange.changed(now)
  }

  /** A slot ends by this side's will: good-bye with alternatives where there is a neighbour, then close. */
  private giveUp(slot: Slot, reason: LinkEnd, out: Out): void {
    this.drop(slot)
    if (slot.link === 0) return
    const wasUp = slot.phase === 'up'
    if (wasUp) {
      const ids = reason === 'evicted' ? this.alternativesFor(slot.peer) : []
      out.push({ kind: 'send', link: slot.link, frame: this.exchange.farewell(reason, ids) })
    }
    out.push({ kind: 'dropped', link: slot.link, peer: slot.peer, wasUp, reason })
  }

  /** The node gives a link up: it misbehaves, or the handshake failed. */
  close(link: LinkId, reason: LinkEnd, now: number, out: Out): void {
    const slot = this.byLink.get(link)
    if (slot === undefined) return
    this.giveUp(slot, reason, out)
    if (this.backoff.failed(slot.peer, now) || reason === 'misbehaved') this.view.remove(slot.peer)
    if (slot.phase === 'up') this.exchange.changed(now)
    this.replan(now, 0)
  }

  // ── slots ──────────────────────────────────────────────────────────────────────────────────────────────

  private addSlot(peer: PeerId, session: number, ring: boolean, outgoing: boolean, now: number): Slot {
    const slot: Slot = {
      peer,
      session,
      link: 0,
      phase: 'asked',
      ring,
      outgoing,
      deadline: now + ASK_TIMEOUT,
      since: now,
      suspect: false,
      neighbours: undefined,
    }
    this.slots.set(peer, slot)
    this.version++
    return slot
  }

  private openLink(slot: Slot, now: number, out: Out): void {
    slot.link = this.nextLink++
    slot.phase = 'opening'
    slot.deadline = now + this.config.connectTimeout
    this.byLink.set(slot.link, slot)
    out.push({
      kind: 'open-link',
      link: slot.link,
      peer: slot.peer,
      initiator: isInitiator(this.config.id, slot.peer),
    })
  }

  /** An ask or an opening link came to nothing. */
  private fail(slot: Slot, now: number, out: Out): void {
    this.giveUp(slot, 'timeout', out)
    if (this.backoff.failed(slot.peer, now)) this.view.remove(slot.peer)
    this.replan(now, 0)
  }

  private drop(slot: Slot): void {
    this.version++
    if (this.slots.get(slot.peer) === slot) this.slots.delete(slot.peer)
    this.byLink.delete(slot.link)
  }

  /** Whether there is a neighbour. */
  get linked(): boolean {
    for (const slot of this.slots.values()) if (slot.phase === 'up') return true
    return false
  }

  /** Asks that a peer which is there would have answered by now. */
  private unanswered(now: number): number {
    let count = 0
    for (const slot of this.slots.values()) {
      if (slot.phase === 'asked' && now - slot.since > ANSWER_EXPECTED) count++
    }
    return count
  }

  private get asking(): number {
    let count = 0
    for (const slot of this.slots.values()) if (slot.phase !== 'up') count++
    return count
  }

  private isNear(peer: PeerId): boolean {
    if (this.slots.get(peer)?.phase === 'up') return true
    for (const slot of this.slots.values()) {
      if (slot.phase === 'up' && !slot.suspect && slot.neighbours?.has(peer) === true) return true
    }
    return false
  }

  private replan(now: number, wait: number): void {
    if (this.joined) this.planAt = Math.min(this.planAt, now + wait)
  }
}

function counted(slot: Slot): boolean {
  return slot.phase === 'up' && !slot.suspect
}
