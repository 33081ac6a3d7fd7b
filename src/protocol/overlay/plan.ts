/**
 * What is to be done next about the slots, and when: the ring first, then the buckets, then links to spare.
 *
 * Four times are kept: of the next look at what is missing (`planAt`), of the next look at what is too much
 * (`shedAt`), of the next request for a fresh sample (`sampleAt`), and the one before which a look fills no buckets
 * (`fillAt`).
 * @module
 */
import type { PeerId } from '../id.ts'
import { jitter } from '../random.ts'
import { chooseBucketPeer } from './candidate.ts'
import type { Out } from './effect.ts'
import { HEARSAY_EVERY } from './exchange.ts'
import type { Ground } from './ground.ts'
import { ALTERNATIVES, type Moves } from './moves.ts'
import { idleCircuit } from './relayed.ts'
import { planRing } from './ring.ts'
import { Seek } from './seek.ts'
import { mostRouters, type Slot } from './slot.ts'
import { tickUpgrades, upgradeDeadline } from './upgrade.ts'

/** Asks and openings of this side at a time: each may cost an ICE negotiation. */
const PARALLEL = 3
/** Bucket links wait this long after joining, ms: in a rush of joins the ring settles first. */
const SETTLE = 250
/** Who joined less than this ago is young, and a rush of joins is over after it, ms: an ask, a dial and another ask take a second. */
const YOUTH = 2000
const RUSH = 1000
/** Pause before a plan that follows what a neighbour says of its neighbours, ms: a rush of joins makes few plans. */
export const NEWS_WAIT = SETTLE / 5
/** Pause between two plans while something is missing, ms. */
export const REPLAN = 400
/** The longest pause between attempts to fill slots that nobody wants to fill, ms. */
const FILL_MAX = 30_000
/** Named alternatives kept. */
export const ROOMY = 8
/** A surplus link is given up this long after the one that made it surplus came up, ms. */
const SHED_AFTER = 600
/** The signaling server is asked for a fresh sample after this long, doubling up to the second, ms. */
const SAMPLE_FIRST = 5000
const SAMPLE_MAX = 120_000

export class Plan {
  private readonly ground: Ground
  private readonly moves: Moves
  readonly seek: Seek
  /** From start to stop. */
  running = false
  private joinedAt = 0
  /** There is no mesh yet: the server introduces, several at a time. */
  private rushUntil = 0
  private hadLinks = false
  private planAt = Number.POSITIVE_INFINITY
  private shedAt = Number.POSITIVE_INFINITY
  private sampleAt = Number.POSITIVE_INFINITY
  private sampleIn = SAMPLE_FIRST
  private signalingUp = false
  private bootstrap: readonly PeerId[] = []
  /** Peers that are said to have room, the newest last. */
  private roomy: PeerId[] = []
  /** Routers are not asked whom they know before this. */
  private consultAt = 0
  private fillAt = 0
  private fillWait = REPLAN
  /** How long a lack of links waits for a fresh sample; doubles with each that was asked for. */
  private lackWait = REPLAN

  constructor(ground: Ground, moves: Moves) {
    this.ground = ground
    this.moves = moves
    this.seek = new Seek(ground, moves)
  }

  /** Named alternatives that wait to be asked. */
  get suggestions(): number {
    return this.roomy.length
  }

  get deadline(): number {
    if (!this.running) return Number.POSITIVE_INFINITY
    let earliest = Math.min(this.planAt, this.shedAt, this.sampleAt, this.ground.exchange.deadline)
    for (const slot of this.ground.slots)
      if (slot.phase !== 'up') earliest = Math.min(earliest, slot.deadline, this.againAt(slot))
    return Math.min(earliest, upgradeDeadline(this.ground), this.moves.beside?.deadline ?? earliest)
  }

  /** Whether a peer without links asks one at a time: not in a rush, and not who has lost them all. */
  private inTurn(now: number): boolean {
    return now >= this.rushUntil && !this.hadLinks
  }

  private againAt({ again, phase }: Slot): number {
    return again !== undefined && phase === 'asked' && this.signalingUp ? again.at : Number.POSITIVE_INFINITY
  }

  start(bootstrap: readonly PeerId[], now: number): void {
    this.running = true
    this.joinedAt = now
    this.hadLinks = false
    this.bootstrap = bootstrap
    this.planAt = now
  }

  /** More peers to ask first. */
  contacts(ids: readonly PeerId[], now: number): void {
    this.bootstrap = [...this.bootstrap, ...ids]
    this.replan(now, 0)
  }

  stop(): void {
    this.running = false
    this.planAt = this.shedAt = this.sampleAt = Number.POSITIVE_INFINITY
  }

  tick(now: number, out: Out): void {
    if (!this.running) return
    const { slots, exchange } = this.ground
    for (const slot of slots) {
      if (now >= this.againAt(slot)) this.moves.sayAgain(slot, now, out)
      if (slot.phase === 'up' || now < slot.deadline) continue
      this.moves.expire(slot, now, out)
      this.replan(now, 0)
    }
    if (tickUpgrades(this.ground, this.moves, now, out)) this.lost(now)
    const { beside } = this.moves
    if (beside !== undefined && now >= beside.deadline) {
      this.moves.expire(beside, now, out)
      this.replan(now, 0)
    }
    if (now >= this.shedAt) this.shed(now, out)
    if (now >= this.planAt) this.plan(now, out)
    if (now >= this.sampleAt) this.askSample(now, out)
    exchange.tick(slots.up(), now, out)
  }

  /**
   * A peer without links asks. To one that has none either, and is young, that is news: many join at once, and there is no mesh to be
   * introduced by.
   */
  asked(degree: number, now: number): void {
    if (degree > 0 || this.ground.slots.sound > 0 || now >= this.joinedAt + YOUTH) return
    this.rushUntil = now + RUSH
    this.moves.rushUntil = this.rushUntil
    this.replan(now, 0)
  }

  // ── what has happened ──────────────────────────────────────────────────────────────────────────────────

  /** Looks at what is missing `wait` ms from now at the latest. */
  replan(now: number, wait: number): void {
    if (this.running) this.planAt = Math.min(this.planAt, now + wait)
  }

  signaling(up: boolean, now: number): void {
    this.signalingUp = up
    this.sampleIn = SAMPLE_FIRST
    this.lackWait = REPLAN
    this.sampleAt = up
      ? now + jitter(this.ground.config.random, SAMPLE_FIRST, 0.25)
      : Number.POSITIVE_INFINITY
  }

  /** Alternatives that another peer names: known from now on, and asked first. */
  suggested(named: readonly PeerId[], now: number): void {
    const ids = named.slice(0, ALTERNATIVES)
    this.ground.hear(ids, now)
    // The first two are this peer's nearest on the ring (moves.ts, alternativesFor): planRing finds them by itself.
    this.roomy = [...this.roomy, ...ids.slice(2).reverse()].slice(-ROOMY)
  }

  /** A router has named peers: they are asked before others. */
  named(ids: readonly PeerId[]): void {
    const { id: self } = this.ground.config
    this.roomy = [...this.roomy, ...ids.filter(id => id !== self).reverse()].slice(-ROOMY)
  }

  /** A barred peer has named its neighbours: one of them as a neighbour of this peer's can carry the link. */
  askRelay(named: readonly PeerId[], now: number, out: Out): void {
    const { slots, backoff, barriers, config } = this.ground
    const peer = named
      .slice(0, ALTERNATIVES)
      .find(
        id =>
          id !== config.id && !this.moves.of(id) && !barriers.has(id, now) && backoff.ready(id, true, now),
      )
    if (peer === undefined || this.moves.beside !== undefined) return
    if (slots.full) this.moves.makeRoom(false, now, out)
    this.moves.ask(peer, false, now, out, undefined, true)
  }

  /** Neighbours tell of theirs: a relayed link may be needed no more. */
  review(now: number): void {
    if (idleCircuit(this.ground.config.id, this.ground.slots) !== undefined)
      this.shedAt = Math.min(this.shedAt, now + SHED_AFTER)
  }

  /** A peer that was asked has refused. */
  refused(ring: boolean, now: number): void {
    if (!ring) this.fillWait = Math.min(FILL_MAX, this.fillWait * 1.5)
    this.replan(now, 0)
  }

  /** A link has come up; another may be too much by now. */
  gained(now: number): void {
    this.hadLinks = true
    this.fillWait = REPLAN
    this.shedAt = Math.min(this.shedAt, now + jitter(this.ground.config.random, SHED_AFTER, 0.5))
    this.replan(now, 0)
  }

  /** A neighbour is gone: its slot is filled without waiting. */
  lost(now: number): void {
    this.fillAt = now
    this.fillWait = REPLAN
    this.lackWait = REPLAN
    this.replan(now, 0)
  }

  /** This peer was away: whatever waits is done now. */
  awake(now: number): void {
    this.lost(now)
    this.sampleIn = SAMPLE_FIRST
    if (this.signalingUp) this.sampleAt = now
  }

  // ── what is missing ────────────────────────────────────────────────────────────────────────────────────

  private plan(now: number, out: Out): void {
    const { ground } = this
    const { slots, backoff, config, target } = ground
    const alone = slots.sound === 0
    const routersAt = this.askRouters(now, out)
    if (alone && this.inTurn(now)) {
      // One at a time: once it has a link, this peer needs no server for the others.
      const hedge = slots.hedgedAt()
      if (hedge > now) {
        this.planAt = Math.min(hedge, routersAt)
        return
      }
    }
    const ringAt = planRing(ground, this.moves, now, out, this.inTurn(now))
    this.planAt = Math.min(ringAt, routersAt, this.seek.look(now, out))
    if (!alone && now < this.joinedAt + SETTLE) return this.replan(this.joinedAt + SETTLE, 0)
    if (slots.held(target, now) >= target) return
    if (now >= this.fillAt || alone) {
      this.planBuckets(now, out)
      this.fillAt = now + jitter(config.random, this.fillWait, 0.25)
    }
    // Something is missing: look again soon, and seldom where everybody has said no.
    this.replan(Math.max(now + REPLAN, Math.min(this.fillAt, backoff.nextReady(now))), 0)
    if (slots.pending(now) === 0 && !this.consult(now, out) && this.signalingUp) {
      this.sampleAt = Math.min(this.sampleAt, now + this.lackWait)
    }
  }

  /**
   * Routers have a place, whatever else is full, if there are no more of them than places beside the ring's. Says when one that
   * failed, or that gave the link up, may be asked again.
   */
  private askRouters(now: number, out: Out): number {
    const { slots, backoff, barriers, routers, config } = this.ground
    let again = Number.POSITIVE_INFINITY
    let placed = 0
    for (const peer of routers) if (this.moves.of(peer) !== undefined) placed++
    for (const peer of routers) {
      if (placed >= mostRouters(config.maxPeers)) break
      if (this.moves.of(peer) !== undefined || barriers.has(peer, now)) continue
      const ready = backoff.readyAt(peer, false)
      if (ready > now) again = Math.min(again, ready)
      else if (this.moves.beside === undefined && (!slots.full || this.moves.makeRoom(true, now, out))) {
        this.moves.ask(peer, false, now, out, undefined, true)
        placed++
      }
    }
    return again
  }

  /** Asks the routers whom they know; the server is asked after them. False where that has been done. */
  private consult(now: number, out: Out): boolean {
    const routers = this.ground.linkedRouters()
    if (now < this.consultAt || routers.length === 0) return false
    this.consultAt = now + HEARSAY_EVERY
    for (const { link } of routers) this.ground.exchange.shuffle(link, out)
    return true
  }

  /** Free slots go to peers of the buckets. */
  private planBuckets(now: number, out: Out): void {
    const { slots, target } = this.ground
    while (slots.held(target, now) < target && slots.pending(now) < PARALLEL) {
      if (slots.sound === 0 && this.inTurn(now) && slots.hedgedAt() > now) break
      const peer = this.nextBucketPeer(now)
      if (peer === undefined || (slots.size >= target && !this.moves.makeRoom(false, now, out))) break
      this.moves.ask(peer, false, now, out)
    }
  }

  private nextBucketPeer(now: number): PeerId | undefined {
    const { slots, backoff, barriers, config } = this.ground
    const free = (peer: PeerId) =>
      !slots.has(peer) && backoff.ready(peer, false, now) && (slots.sound === 0 || !barriers.has(peer, now))
    const first = this.bootstrap.find(free)
    if (first !== undefined && slots.sound === 0) return first
    for (let named = this.roomy.pop(); named !== undefined; named = this.roomy.pop())
      if (free(named)) return named
    return chooseBucketPeer(config.id, this.ground.known().keys(), free, slots.buckets(), config.random)
  }

  private askSample(now: number, out: Out): void {
    this.sampleIn = Math.min(SAMPLE_MAX, this.sampleIn * 2)
    this.lackWait = Math.min(FILL_MAX, this.lackWait * 2)
    this.sampleAt = now + jitter(this.ground.config.random, this.sampleIn, 0.25)
    out.push({ kind: 'signaling-sample' })
  }

  // ── what is too much ───────────────────────────────────────────────────────────────────────────────────

  private shed(now: number, out: Out): void {
    this.shedAt = Number.POSITIVE_INFINITY
    const idle = idleCircuit(this.ground.config.id, this.ground.slots)
    if (idle !== undefined) {
      this.moves.giveUp(idle, 'evicted', out)
      this.ground.exchange.changed(now)
    }
    if (this.ground.slots.up().length <= this.ground.target) return
    const spared = this.moves.spare(false, now, out)
    this.shedAt = now + jitter(this.ground.config.random, SHED_AFTER * (spared ? 1 : 4), 0.5)
  }
}
