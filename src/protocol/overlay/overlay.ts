/**
 * Which peers to link to: two ring slots (predecessor and successor in id order) and bucket slots spread over
 * the XOR distance, of at most `maxPeers` in all. Ring links make the mesh one island and greedy routing whole
 * (Stoica et al., "Chord", SIGCOMM 2001, §4; the neighbour exchange is the linearisation of Onus, Richa &
 * Scheideler, ALENEX 2007); bucket links make it short (Kademlia, §2).
 *
 * Here are the inputs. What is known is in ground.ts, what is done with a slot in moves.ts, what is done by itself
 * and when in plan.ts, what comes in letters in correspondence.ts.
 *
 * Invariants
 * 1. Slots (asked, opening and up) never exceed `maxPeers`; one slot per peer, and another while a link is made in place of its own.
 * 2. In a swarm larger than `maxPeers + 1` one slot is kept free for changes, so that a replacement is up
 *    before the link it replaces is given up.
 * 3. A ring link is displaced only by a nearer one; a bucket link is given up only by `chooseEviction`.
 * 4. Bounds: `maxPeers` slots, each with ≤ MAX_IDS neighbours told; VIEW_SIZE known ids, kademliaK of one bucket;
 *    64 departed; 256 waits.
 * @module
 */
import type { Drop } from '../effect.ts'
import { ID_BYTES, idFromBytes, isInitiator, type PeerId } from '../id.ts'
import type { Input, LinkEnd, LinkId } from '../input.ts'
import { Frame } from '../wire/frame.ts'
import type { Reader } from '../wire/reader.ts'
import { Correspondence } from './correspondence.ts'
import type { Out } from './effect.ts'
import { HEARSAY_EVERY, SHUFFLE_IDS } from './exchange.ts'
import { Ground, type OverlayConfig } from './ground.ts'
import { encodeSignal, LETTER, readIds } from './letters.ts'
import { Moves, WOUNDED } from './moves.ts'
import { NEWS_WAIT, Plan, REPLAN } from './plan.ts'
import { askNext, outlives, RENEW } from './replace.ts'
import type { Road, Slot } from './slot.ts'
import { awaitUpgrade, upgradeSoon } from './upgrade.ts'

export type { OverlayEffect } from './effect.ts'
export type { OverlayConfig } from './ground.ts'

/** Routers of one peer. */
const MAX_ROUTERS = 16

export class Overlay {
  private readonly ground: Ground
  private readonly moves: Moves
  private readonly plan: Plan
  private readonly correspondence: Correspondence

  constructor(config: OverlayConfig) {
    this.ground = new Ground(config)
    this.moves = new Moves(this.ground)
    this.plan = new Plan(this.ground, this.moves)
    this.correspondence = new Correspondence(this.ground, this.moves, this.plan)
  }

  /** Slots in use: never more than `maxPeers`. */
  get used(): number {
    return this.ground.slots.size
  }

  /** Whether there is a neighbour that is not waited for since the network changed. */
  get linked(): boolean {
    return this.ground.slots.linked
  }

  /** Nothing is being asked or opened, and nobody is left to ask. */
  get exhausted(): boolean {
    return this.ground.slots.size === 0 && this.ground.view.size === 0
  }

  get deadline(): number {
    return this.plan.deadline
  }

  /** Asks the node which circuits a link carries. */
  carriedBy(carries: (link: LinkId) => number): void {
    this.ground.slots.carries = carries
  }

  /** Peers that are asked first. */
  get routers(): ReadonlySet<PeerId> {
    return this.ground.routers
  }

  /** A peer that is asked first, and kept; the oldest of more than {@link MAX_ROUTERS} is one no more. */
  route(peer: PeerId, on: boolean, now: number): void {
    const { routers, view } = this.ground
    routers.delete(peer)
    if (on) {
      routers.add(peer)
      view.add(peer)
      for (const id of routers) if (routers.size > MAX_ROUTERS) routers.delete(id)
    }
    this.plan.replan(now, 0)
  }

  up(): Slot[] {
    return this.ground.slots.up()
  }

  slotOf(link: LinkId): Slot | undefined {
    return this.ground.slots.at(link)
  }

  kindOf(slot: Slot): 'ring' | 'bucket' {
    const ring = this.ground.slots.ring()
    return slot === ring.successor || slot === ring.predecessor ? 'ring' : 'bucket'
  }

  /** Every peer known of: linked, told of by neighbours, or in the passive view. */
  known(): ReadonlySet<PeerId> {
    return new Set(this.ground.known().keys())
  }

  // ── joining and leaving ────────────────────────────────────────────────────────────────────────────────

  join(bootstrap: readonly PeerId[], now: number): void {
    const others = bootstrap.filter(id => id !== this.ground.config.id)
    for (const id of others) this.ground.view.add(id)
    this.ground.exchange.start(now)
    this.plan.start(others, now)
  }

  /** Says good-bye to everybody, or to whom it has relayed links with; nothing is left to wait for. */
  leave(out: Out, relayed = false): void {
    for (const slot of [...this.ground.slots])
      if (!relayed || slot.relayed) this.moves.giveUp(slot, 'left', out)
    if (relayed) return
    this.moves.beside = undefined
    this.ground.clear()
    this.plan.stop()
  }

  tick(now: number, out: Out): void {
    this.plan.tick(now, out)
  }

  /** This peer was away: nobody is waited for that should have answered meanwhile, and everybody may be asked again. */
  awake(now: number, out: Out): void {
    const { slots, backoff } = this.ground
    for (const slot of [...slots, this.moves.beside])
      if (slot !== undefined && slot.phase !== 'up' && now >= slot.deadline)
        this.moves.giveUp(slot, 'timeout', out)
    backoff.calm()
    this.plan.awake(now)
    upgradeSoon(this.ground, now)
  }

  // ── signaling ──────────────────────────────────────────────────────────────────────────────────────────

  signaling(up: boolean, now: number): void {
    this.plan.signaling(up, now)
  }

  /** Peers that the signaling server says are there. */
  learn(ids: Iterable<PeerId>, now: number): void {
    for (const id of ids) this.ground.meet(id)
    this.plan.replan(now, 0)
  }

  /** Neighbours of before, the likeliest first: they are asked before others. */
  contacts(ids: readonly PeerId[], now: number): void {
    const others = ids.filter(id => id !== this.ground.config.id)
    this.ground.hear(others, now)
    this.plan.contacts(others, now)
  }

  /** Peers that a neighbour tells of; whom a router names is asked first. */
  hear(link: LinkId, ids: readonly PeerId[], now: number, wait = NEWS_WAIT): void {
    const { ground, plan } = this
    const teller = this.slotOf(link)?.peer
    const isRouter = teller !== undefined && ground.routers.has(teller)
    ground.hear(ids, now)
    if (isRouter) plan.named(ids)
    if (ground.isNews(ids)) plan.replan(now, isRouter ? NEWS_WAIT : wait)
  }

  /** The signaling server says that a peer is not there. */
  absent(peer: PeerId, now: number, out: Out): void {
    this.ground.view.remove(peer)
    const slot = this.moves.of(peer)
    if (slot === undefined) return
    if (slot.phase === 'up') out.push({ kind: 'doubt', link: slot.link })
    else if (slot.phase === 'asked') this.fail(slot, 'timeout', now, out)
  }

  /** A letter of routing's; `via`: what it came by. */
  letter(
    from: PeerId,
    kind: number,
    body: Uint8Array,
    now: number,
    out: Out,
    via: Road = 'mesh',
  ): Drop | undefined {
    return this.correspondence.take(from, kind, body, now, out, via)
  }

  // ── who comes in ───────────────────────────────────────────────────────────────────────────────────────

  /** The application does not want a peer: what is under way with it ends, and it is shunned for SHUNNED_FOR. */
  bar(peer: PeerId, now: number, out: Out): void {
    const { view, backoff } = this.ground
    const slot = this.moves.of(peer)
    if (slot !== undefined) this.fail(slot, 'refused', now, out)
    backoff.shun(peer, now)
    view.remove(peer)
  }

  /** Whether others may be told of this peer. */
  discover(on: boolean, out: Out): void {
    const { exchange, slots } = this.ground
    if (exchange.silent === !on) return
    exchange.silent = !on
    for (const slot of slots.up()) exchange.hush(slot.link, out)
  }

  // ── invites ────────────────────────────────────────────────────────────────────────────────────────────

  adopt(input: Extract<Input, { kind: 'adopt' }>, now: number, out: Out): void {
    const { peer, prepared, patience, signal } = input
    const slot = this.moves.adopt(peer, patience, now, out)
    if (slot === undefined) return
    const { link } = slot
    out.push({ kind: 'open-link', link, peer, initiator: isInitiator(this.ground.config.id, peer), prepared })
    if (signal !== undefined) out.push({ kind: 'link-signal', link, data: signal })
  }

  // ── links ──────────────────────────────────────────────────────────────────────────────────────────────

  /** A signal of an own link: carry it to the other side. */
  signal(link: LinkId, data: string, out: Out): void {
    const { slots } = this.ground
    const slot = slots.at(link)
    if (slot === undefined) return
    const body = encodeSignal({ session: slot.session, data })
    // A link that is up and looks for a new path is not the way there.
    const lost = slot.suspect || slot.aside ? 'signaling' : 'mesh'
    const via = slot.phase === 'up' ? lost : slot.via
    out.push({ kind: 'tell', to: slot.peer, letter: LETTER.SIGNAL, body, via, aside: slots.goesAside(slot) })
  }

  /** This peer is on another network: silence of its links is waited for, as they may have a new path. */
  moved(now: number): void {
    for (const slot of this.ground.slots)
      if (slot.phase === 'up' && !slot.relayed) slot.renewUntil = now + RENEW
  }

  /** A link that is silent is to be replaced by a new one to the same peer. */
  renew(link: LinkId, now: number, out: Out): void {
    const slot = this.slotOf(link)
    if (slot !== undefined && slot.next?.phase !== 'opening') askNext(this.ground, slot, now, out)
  }

  /** The link whose place this one is to take. */
  before(link: LinkId): Slot | undefined {
    const slot = this.slotOf(link)
    return slot && this.ground.slots.before(slot)
  }

  /** Whether the peer of a link that has ended stays a neighbour for now. If so, the link is retired. */
  outlives(link: LinkId, reason: LinkEnd, now: number): boolean {
    const slot = this.slotOf(link)
    if (slot === undefined || !outlives(slot, reason)) return false
    slot.retired = true
    slot.suspect = true
    this.ground.exchange.changed(now)
    return true
  }

  /** The handshake is through. */
  linkUp(link: LinkId, now: number, out: Out): void {
    const { slots, backoff, exchange, barriers } = this.ground
    const slot = slots.at(link)
    if (slot === undefined) return
    slots.replace(slot)
    slots.rise(slot, now)
    if (slot.relayed) awaitUpgrade(this.ground, slot, now)
    backoff.succeeded(slot.peer)
    if (!slot.relayed) barriers.lower(slot.peer)
    this.ground.meet(slot.peer)
    exchange.greet(link, slots.up(), out)
    exchange.changed(now)
    this.plan.gained(now)
  }

  /** A link is gone, whatever the reason; also one that never opened. */
  linkDown(link: LinkId, reason: LinkEnd, now: number, out: Out): void {
    const slot = this.slotOf(link)
    if (slot === undefined) return
    if (slot.phase === 'up') {
      this.moves.lost(slot, reason, now, out)
      this.plan.lost(now)
    } else this.fail(slot, reason === 'closed' ? reason : 'timeout', now, out)
  }

  suspect(link: LinkId, suspect: boolean, now: number): void {
    const slot = this.slotOf(link)
    if (slot === undefined) return
    slot.suspect = suspect
    if (!suspect) slot.renewUntil = 0
    if (suspect) this.moves.woundedUntil = now + WOUNDED
    this.ground.exchange.changed(now)
    this.plan.replan(now, 0)
  }

  /** The node gives a link up: it misbehaves, or the handshake failed. */
  close(link: LinkId, reason: LinkEnd, now: number, out: Out): void {
    const slot = this.slotOf(link)
    if (slot !== undefined) this.fail(slot, reason, now, out)
  }

  private fail(slot: Slot, reason: LinkEnd, now: number, out: Out): void {
    this.moves.fail(slot, reason, now, out)
    this.plan.replan(now, 0)
  }

  // ── frames ─────────────────────────────────────────────────────────────────────────────────────────────

  /** NEIGHBOURS, SHUFFLE, SHUFFLED, GONE, SILENT or SEEK, the type byte already read. */
  frame(link: LinkId, type: number, reader: Reader, now: number, out: Out): Drop | undefined {
    if (type === Frame.SILENT) return this.hushed(link, reader.u8(), reader.done, now)
    if (type === Frame.SEEK) return this.sought(reader, now, out)
    const ids = readIds(reader)
    if (!reader.done) return 'malformed'
    const slot = this.slotOf(link)
    if (slot === undefined) return 'unexpected'
    if (type === Frame.NEIGHBOURS) {
      const peers = new Set(ids)
      this.ground.slots.told(slot, peers)
      this.ground.hearNear(ids, now)
      out.push({ kind: 'lookahead', link, peers })
      if (this.ground.isNews(ids)) this.plan.replan(now, NEWS_WAIT)
      this.plan.review(now)
      return undefined
    }
    if (type === Frame.GONE) {
      this.ground.depart(ids, link, now, out)
      return undefined
    }
    if (type === Frame.SHUFFLE) this.ground.exchange.answer(link, out)
    if (now < slot.hearsayAt) return undefined
    slot.hearsayAt = now + HEARSAY_EVERY
    this.hear(link, ids.slice(0, SHUFFLE_IDS), now, REPLAN)
    return undefined
  }

  private sought(reader: Reader, now: number, out: Out): Drop | undefined {
    const id = reader.bytes(ID_BYTES)
    const side = reader.u8()
    if (!reader.done || side > 1) return 'malformed'
    this.plan.seek.take(idFromBytes(id), side === 1, now, out)
    return undefined
  }

  /** A neighbour says whether others may be told of it. */
  private hushed(link: LinkId, flag: number, wellFormed: boolean, now: number): Drop | undefined {
    if (!wellFormed || flag > 1) return 'malformed'
    const slot = this.slotOf(link)
    if (slot === undefined) return 'unexpected'
    const { view, exchange } = this.ground
    slot.silent = flag === 1
    if (slot.silent) view.remove(slot.peer)
    else view.add(slot.peer)
    exchange.changed(now)
    this.plan.replan(now, 0)
    return undefined
  }

  /** A good-bye's alternatives. */
  farewell(ids: readonly PeerId[], now: number): void {
    this.plan.suggested(ids, now)
  }
}
