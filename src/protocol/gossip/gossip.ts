/**
 * The broadcast machine: everything a peer broadcasts reaches every peer, exactly once, in the order of its
 * origin, along a tree per origin that repairs itself (Plumtree; see tree.ts).
 *
 * Invariants:
 *  1. A message is delivered at most once while its stream or its tombstone is remembered: `maxStreams` streams,
 *     `maxTombstones` tombstones, least recently active and oldest out first.
 *  2. Nothing is delivered, acked or passed on before its signature is verified; nothing seen is verified again.
 *  3. Messages of an origin are delivered in its order, unless it wants none; causal ones after what they name. At most
 *     `maxHeld` per stream wait for one before them, for at most `gapTimeout`.
 *  4. History holds at most `historyBytes` (or one message that is larger); what waits to be delivered is part of it.
 *  5. At most `maxVerifying` pushes are being verified, `maxVerifyingPerLink` and `maxVerifyingBytes` from one link.
 *  6. A link has at most `maxUnacked` unacked pushes, 1,024 announcements and 256 acks waiting.
 *  7. Of one neighbour and stream at most `MAX_RANGES` ranges are kept; of streams nobody has proven, `maxRumours`.
 *  8. One GRAFT per stream is awaited at a time. It asks for `maxGraft` messages; answers are limited to as many, and
 *     per link to `historyBytes` at once and a mebibyte a second after that.
 *  9. Each broadcast of this peer is settled exactly once; at most `maxRequests` are open.
 * 10. Receipts are counted for at most `maxTallies` messages. A peer is counted over one link only: the one that brought
 *     it the message.
 * 11. At most 32 questions about the past are open, and what they have found holds `historyBytes` and one message at most. A
 *     neighbour gets a mebibyte for one question, of its `historyCredit` and `repairCredit`.
 * 12. Of one stream at most 64 topics are declined over a link, of all streams 4,096; of what was held back for it at most
 *     `MAX_RANGES` ranges are remembered. What the table forgets flows again.
 * 13. Without broadcasts, link changes or questions nothing but beacons is sent; without links nothing at all:
 *     `deadline` is Infinity.
 * @module
 */

import { Credit } from '../credit.ts'
import type { Drop, Outbox } from '../effect.ts'
import type { PeerId } from '../id.ts'
import type { LinkId, Order, RequestId } from '../input.ts'
import { EVERYTHING } from '../topic.ts'
import type { FrameType } from '../wire/frame.ts'
import type { Reader } from '../wire/reader.ts'
import { antiEntropyDue, catchUp, compareAll } from './compare.ts'
import type { GossipConfig } from './config.ts'
import { tellDue } from './declines.ts'
import { deliverEarly, forget, gapDue } from './delivery.ts'
import { readFrame } from './frames.ts'
import { groundDue, groundLinkLost, groundLinkUp } from './ground.ts'
import type { Ground } from './ground-state.ts'
import { healDue } from './heal.ts'
import { Inquiries } from './inquiries.ts'
import type { Question } from './inquiry.ts'
import { changeInterests, greet, tellInterests } from './interests.ts'
import { Neighbour } from './neighbour.ts'
import { flushAcks, flushDigest, flushTallies, flushTouched } from './notices.ts'
import { swapDue } from './optimize.ts'
import { Publisher } from './publish.ts'
import { PushHead } from './push.ts'
import { giveUpAll, retryDue } from './pushing.ts'
import { askAgain, awaitNoMore, review, talliesDue } from './receipts.ts'
import { checked } from './receive.ts'
import { graftDue } from './repair.ts'
import { settle } from './settle.ts'
import { GossipState, type GossipStats } from './state.ts'
import { type Stream, streamId } from './stream.ts'
import { orphan } from './tree.ts'
import { Verifying } from './verifying.ts'

/** Announcements hurry this long after a link was lost: others may have been lost with it. */
const HURRY_AFTER_LOSS = 10_000
/** A neighbour's comparisons: a burst when links change, then one in two seconds. */
const COMPARISONS = 16
const COMPARISONS_PER_SECOND = 0.5
/** A neighbour that was told everything this lately is not told again because this peer was away, ms. */
const COMPARED_LATELY = 2000
/** Repair beyond the first burst: a backlog crosses a cut in seconds, a greedy neighbour costs 8 Mbit/s. */
const REPAIR_PER_SECOND = 1024 * 1024
const NEVER = Number.POSITIVE_INFINITY

export class Gossip {
  private readonly state: GossipState
  private readonly verifying: Verifying
  private readonly publisher: Publisher
  private readonly inquiries: Inquiries
  private readonly head = new PushHead()

  constructor(config: GossipConfig) {
    const forgetting = (stream: Stream): void => forget(this.state, stream)
    this.state = new GossipState(config, streamId(config.key, config.epoch), forgetting)
    this.verifying = new Verifying(this.state.settings)
    this.publisher = new Publisher(this.state)
    this.inquiries = new Inquiries(this.state)
  }

  /** The earliest time `tick` is wanted; Infinity for none. */
  get deadline(): number {
    return this.state.deadline
  }

  /** The swarm was joined: what is broadcast from now on must arrive here. */
  start(now: number): void {
    this.state.joinedAt = now
  }

  /** The swarm is left: requests end as `left`, links and trees are forgotten; what was seen is remembered. */
  stop(now: number, out: Outbox): void {
    const { state } = this
    state.now = now
    state.out = out
    this.publisher.clear()
    this.inquiries.clear()
    state.neighbours.clear()
    this.verifying.clear()
    for (const stream of [...state.streams.byId.values()])
      if (stream !== state.own) state.streams.drop(stream)
    state.history.clear()
    state.own.edges.clear()
    state.own.seeded = false
    state.ground.clear()
    state.streams.timed.clear()
    state.touched.length = 0
    state.stranded.length = 0
    state.tallies.clear()
    state.counted.clear()
    state.tallyAt = NEVER
    state.joinedAt = undefined
    state.antiEntropyAt = NEVER
    state.interestsAt = NEVER
    state.healing.at = NEVER
    state.activeAt = Number.NEGATIVE_INFINITY
    state.deadline = NEVER
  }

  /** There are others, and none of them can be reached: what is broadcast waits for the first link. */
  cutOff(cutOff: boolean): void {
    this.state.cutOff = cutOff
  }

  linkUp(link: LinkId, peer: PeerId, now: number, out: Outbox): void {
    const { state } = this
    if (state.joinedAt === undefined || state.neighbours.has(link)) return
    this.begin(now, out)
    if (state.neighbours.size === 0) this.publisher.redate()
    const repair = new Credit(state.settings.historyBytes, REPAIR_PER_SECOND, now)
    const comparisons = new Credit(COMPARISONS, COMPARISONS_PER_SECOND, now)
    const neighbour = new Neighbour(link, peer, repair, comparisons, now)
    state.neighbours.set(link, neighbour)
    greet(state, neighbour)
    compareAll(state, neighbour)
    groundLinkUp(state, neighbour)
    askAgain(state, neighbour)
    this.inquiries.met()
    this.end()
  }

  linkDown(link: LinkId, now: number, out: Outbox): void {
    const { state } = this
    const neighbour = state.neighbours.get(link)
    if (neighbour === undefined) return
    this.begin(now, out)
    state.neighbours.delete(link)
    state.hurryUntil = now + HURRY_AFTER_LOSS
    giveUpAll(state, neighbour)
    groundLinkLost(state, link)
    awaitNoMore(state, link)
    this.inquiries.lost(link)
    for (const stream of state.streams.byId.values()) {
      stream.edges.delete(link)
      if (stream.parent === link) orphan(state, stream)
    }
    this.end()
  }

  /** The link's buffer is full: pushes go around it until {@link linkDrained}. */
  linkFull(link: LinkId): void {
    const neighbour = this.state.neighbours.get(link)
    if (neighbour !== undefined) neighbour.full = true
  }

  linkDrained(link: LinkId, now: number, out: Outbox): void {
    const neighbour = this.state.neighbours.get(link)
    if (neighbour === undefined) return
    this.begin(now, out)
    neighbour.full = false
    catchUp(this.state, neighbour)
    this.end()
  }

  /** A measured round trip, in milliseconds. */
  roundTrip(link: LinkId, ms: number): void {
    const neighbour = this.state.neighbours.get(link)
    if (neighbour !== undefined) neighbour.roundTrip = ms
  }

  /** A link fell silent, or spoke again. */
  suspect(link: LinkId, suspected: boolean, now: number, out: Outbox): void {
    const { state } = this
    const neighbour = state.neighbours.get(link)
    if (neighbour === undefined || neighbour.suspect === suspected) return
    this.begin(now, out)
    neighbour.suspect = suspected
    if (suspected) {
      state.hurryUntil = now + HURRY_AFTER_LOSS
      neighbour.owed = true
      giveUpAll(state, neighbour)
      groundLinkLost(state, link)
      awaitNoMore(state, link)
      this.inquiries.lost(link)
      for (const stream of state.streams.byId.values()) {
        if (stream.parent === link) orphan(state, stream)
      }
    } else {
      greet(state, neighbour)
      catchUp(state, neighbour)
    }
    this.end()
  }

  /** This peer was away: it compares with every neighbour what both have. */
  awake(now: number, out: Outbox): void {
    this.begin(now, out)
    for (const neighbour of this.state.neighbours.values()) {
      if (now < neighbour.comparedAt + COMPARED_LATELY) continue
      neighbour.owed = true
      catchUp(this.state, neighbour)
    }
    this.end()
  }

  /** What a neighbour says its neighbours are. */
  neighboursOf(link: LinkId, peers: ReadonlySet<PeerId>): void {
    const neighbour = this.state.neighbours.get(link)
    if (neighbour !== undefined) neighbour.peers = peers
  }

  /** What is delivered to this peer, and what it means to publish, from now on. */
  interested(interests: readonly string[], intents: readonly string[], now: number, out: Outbox): void {
    this.begin(now, out)
    changeInterests(this.state, interests, intents)
    this.end()
  }

  /** What a neighbour is interested in; everything and nothing until it says so. */
  topicsOf(link: LinkId): { readonly interests: readonly string[]; readonly intents: readonly string[] } {
    const { interests = EVERYTHING, intents = [] } = this.state.neighbours.get(link) ?? {}
    return { interests, intents }
  }

  broadcast(
    request: RequestId,
    topic: string,
    body: Uint8Array,
    now: number,
    out: Outbox,
    order: Order = 'fifo',
    receipt?: number,
  ): void {
    this.begin(now, out)
    this.publisher.broadcast(request, topic, body, order, receipt)
    this.end()
  }

  /** Asks neighbours for the latest messages of a topic. */
  history(question: Question, now: number, out: Outbox): void {
    this.begin(now, out)
    this.inquiries.open(question)
    this.end()
  }

  /** The application waits no longer. The message goes on. */
  cancel(request: RequestId, out: Outbox): void {
    this.state.out = out
    this.inquiries.cancel(request)
    const open = this.state.requests.get(request)
    if (open === undefined) return
    settle(this.state, open, 'aborted')
  }

  /** A gossip frame; the reader stands behind its type byte. */
  frame(link: LinkId, type: FrameType, reader: Reader, now: number, out: Outbox): Drop | undefined {
    const neighbour = this.state.neighbours.get(link)
    if (neighbour === undefined) return 'unexpected'
    this.begin(now, out)
    const drop = readFrame(this.state, this.verifying, this.inquiries, this.head, neighbour, type, reader)
    this.end()
    return drop
  }

  signed(n: number, signature: Uint8Array, now: number, out: Outbox): void {
    this.begin(now, out)
    this.publisher.signed(n, signature)
    this.end()
  }

  /** The answer to a `verify`, of a message of the past or a new one. A drop names the link that delivered the forgery. */
  verified(
    n: number,
    ok: boolean,
    now: number,
    out: Outbox,
    past = false,
  ): { readonly drop: Drop; readonly link: LinkId } | undefined {
    this.begin(now, out)
    const drop = past ? this.inquiries.checked(n, ok) : checked(this.state, this.verifying, n, ok)
    this.end()
    return drop
  }

  /** Another machine sends to this link in this turn: waiting acks may go along. Optional. Whether anything waits. */
  piggyback(link: LinkId, now: number, out: Outbox): boolean {
    const neighbour = this.state.neighbours.get(link)
    if (neighbour === undefined || neighbour.touched || !neighbour.isWaiting) return false
    this.begin(now, out)
    neighbour.touched = true
    this.state.touched.push(neighbour)
    this.end()
    return true
  }

  tick(now: number, out: Outbox): void {
    const { state } = this
    if (now < state.deadline) return
    this.begin(now, out)
    state.deadline = NEVER
    for (const neighbour of state.neighbours.values()) {
      if (neighbour.dueAt > now) continue
      if (neighbour.ackAt <= now) flushAcks(state, neighbour)
      if (neighbour.digestAt <= now) flushDigest(state, neighbour, now)
      if (neighbour.retryAt <= now) retryDue(state, neighbour)
      if (neighbour.tellAt <= now) tellDue(state, neighbour)
      if (neighbour.tallyAt <= now) flushTallies(state, neighbour)
    }
    if (state.tallyAt <= now) talliesDue(state)
    for (const stream of state.streams.timed) {
      if (stream.graftAt <= now) graftDue(state, stream, this.verifying)
      if (stream.gapAt <= now) gapDue(state, stream)
      if (stream.swapAt <= now) swapDue(state, stream)
      if (stream.deadline === NEVER) state.streams.timed.delete(stream)
    }
    if (state.antiEntropyAt <= now) antiEntropyDue(state)
    if (state.interestsAt <= now) tellInterests(state)
    if (state.healing.at <= now) healDue(state, this.verifying)
    if (state.ground.deadline <= now) groundDue(state)
    if (state.requests.size > 0) this.publisher.expire()
    if (this.inquiries.deadline <= now) this.inquiries.tick()
    state.stale = true
    this.end()
  }

  /** The tree that first messages follow, to look at. */
  get ground(): Ground {
    return this.state.ground
  }

  get stats(): GossipStats {
    const { state } = this
    let unacked = 0
    for (const neighbour of state.neighbours.values()) unacked += neighbour.unacked.size
    return {
      ...state.counters,
      links: state.neighbours.size,
      streams: state.streams.proven,
      rumours: state.streams.rumours,
      tombstones: state.streams.tombstones.size,
      messages: state.history.count,
      historyBytes: state.history.bytes,
      held: state.held,
      verifying: this.verifying.size,
      unacked,
      requests: state.requests.size,
      tallies: state.tallies.size,
      inquiries: this.inquiries.size,
    }
  }

  private begin(now: number, out: Outbox): void {
    this.state.now = now
    this.state.out = out
  }

  private end(): void {
    const { state } = this
    if (state.early.size > 0) deliverEarly(state)
    if (state.counted.size > 0) review(state)
    if (state.stranded.length > 0) this.publisher.settleStranded()
    if (state.touched.length > 0) flushTouched(state)
    if (state.stale) this.schedule()
  }

  /** After a tick the deadline is exact; between ticks it is never too late. */
  private schedule(): void {
    const { state } = this
    state.stale = false
    const { antiEntropyAt, ground, tallyAt } = state
    let at = Math.min(
      state.healing.at,
      antiEntropyAt,
      state.interestsAt,
      ground.deadline,
      tallyAt,
      this.publisher.deadline,
      this.inquiries.deadline,
    )
    for (const neighbour of state.neighbours.values()) {
      const { dueAt } = neighbour
      if (dueAt < at) at = dueAt
    }
    for (const stream of state.streams.timed) at = Math.min(at, stream.deadline)
    state.deadline = at
  }
}
