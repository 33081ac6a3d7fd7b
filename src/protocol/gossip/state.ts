/**
 * What the parts of a broadcast machine share: tables, the turn at hand, counters. No rule lives here.
 * @module
 */
import { overDefaults } from '../defaults.ts'
import type { Effect, Outbox } from '../effect.ts'
import type { LinkId, RequestId } from '../input.ts'
import { EVERYTHING, TopicSet } from '../topic.ts'
import { GOSSIP_DEFAULTS, type GossipConfig, type GossipSettings } from './config.ts'
import { Ground } from './ground-state.ts'
import { Healing } from './healing.ts'
import { History } from './history.ts'
import type { Neighbour } from './neighbour.ts'
import type { Request } from './request.ts'
import type { Message, Stream } from './stream.ts'
import { StreamTable } from './streams.ts'
import type { Tally } from './tally.ts'

/** Counters since the machine was made, and the sizes of its tables now. */
export interface GossipStats {
  /** Broadcasts of this peer. */
  sent: number
  delivered: number
  /** Pushes passed on, this peer's own included. */
  pushed: number
  /** Pushes that arrived a second time. */
  duplicates: number
  retries: number
  /** GRAFTs sent for a missing message or a parent. */
  grafts: number
  prunes: number
  /** IHAVE frames sent. */
  announcements: number
  /** ACK frames sent. */
  acks: number
  /** RANGES frames sent. */
  comparisons: number
  /** Messages sent again because a neighbour asked. */
  repaired: number
  /** Pushes a link was given up for. */
  gaveUp: number
  /** Messages that were skipped because nobody had them. */
  skipped: number
  /** Acks for what was not awaited: late, repeated or forged. */
  strayAcks: number
  /** Announcements that were forgotten because the announcer never sent what it claimed. */
  emptyPromises: number
  /** Streams forgotten for newer ones. */
  forgotten: number
  badSignatures: number
  /** DECLINE frames sent. */
  declines: number
  /** Messages of the past that neighbours asked for. */
  recalled: number

  links: number
  streams: number
  rumours: number
  tombstones: number
  messages: number
  historyBytes: number
  held: number
  verifying: number
  unacked: number
  requests: number
  tallies: number
  inquiries: number
}

export class GossipState {
  readonly config: GossipConfig
  readonly settings: GossipSettings
  readonly streams: StreamTable
  readonly history: History
  readonly neighbours = new Map<LinkId, Neighbour>()
  readonly requests = new Map<RequestId, Request>()
  /** Messages whose request lost the last link it waited for, this turn. */
  readonly stranded: Message[] = []
  /** This peer's own stream. */
  readonly own: Stream
  readonly ground: Ground
  /** When this peer joined; `undefined` before and after. */
  joinedAt: number | undefined
  /** Without links, and not because there is nobody. */
  cutOff = false
  /** When the next comparison with a random neighbour is due. */
  antiEntropyAt = Number.POSITIVE_INFINITY
  /** When a stream was active last. */
  activeAt = Number.NEGATIVE_INFINITY
  readonly healing = new Healing()
  /** A link was lost lately: announcements hurry until then. */
  hurryUntil = 0
  held = 0
  /** Topics that are delivered to this peer's application. */
  interests = new TopicSet(EVERYTHING)
  /** Topics it means to publish: told to neighbours, and nothing else. */
  intents: readonly string[] = []
  /** When the neighbours may be told of interests next, and when they will be. */
  interestsAfter = Number.NEGATIVE_INFINITY
  interestsAt = Number.POSITIVE_INFINITY
  /** Streams whose first message waits for one of another origin. */
  readonly early = new Set<Stream>()
  /** Receipts being counted, oldest first. */
  readonly tallies = new Map<string, Tally>()
  /** When one of them wants something. */
  tallyAt = Number.POSITIVE_INFINITY
  /** Deliveries here up to this one have been named by a causal message of this peer, or need not be. */
  named = 0

  // the turn at hand
  now = 0
  out: Outbox = []
  /** No timer is due before this. */
  deadline = Number.POSITIVE_INFINITY
  /** What that was for has been settled. */
  stale = false
  /** Tallies that changed in this turn. */
  readonly counted = new Set<Tally>()
  /** Neighbours that got a frame in this turn. */
  readonly touched: Neighbour[] = []

  readonly counters = {
    sent: 0,
    delivered: 0,
    pushed: 0,
    duplicates: 0,
    retries: 0,
    grafts: 0,
    prunes: 0,
    announcements: 0,
    acks: 0,
    comparisons: 0,
    repaired: 0,
    gaveUp: 0,
    skipped: 0,
    strayAcks: 0,
    emptyPromises: 0,
    forgotten: 0,
    badSignatures: 0,
    declines: 0,
    recalled: 0,
  }

  constructor(config: GossipConfig, ownId: number, forget: (stream: Stream) => void) {
    this.config = config
    this.settings = overDefaults(GOSSIP_DEFAULTS, config)
    this.history = new History(this.settings.historyBytes)
    this.streams = new StreamTable(this.settings, forget)
    this.own = this.streams.prove(ownId, config.key, config.epoch)
    this.own.permanent = true
    this.own.origin = config.id
    this.own.next = 1
    this.ground = new Ground(config.id)
  }

  wake(at: number): void {
    if (at < this.deadline) this.deadline = at
  }

  /** What was to happen at `at` need not any more: if that was the next thing, the deadline is worked out anew. */
  spare(at: number): void {
    if (at <= this.deadline) this.stale = true
  }

  emit(effect: Effect): void {
    this.out.push(effect)
  }

  send(neighbour: Neighbour, frame: Uint8Array): void {
    this.out.push({ kind: 'send', link: neighbour.link, frame })
    if (!neighbour.touched) {
      neighbour.touched = true
      this.touched.push(neighbour)
    }
  }

  /** Whether pushes may go to a neighbour; otherwise it is repaired by ranges later. */
  usable(neighbour: Neighbour): boolean {
    return !neighbour.full && !neighbour.suspect && neighbour.unacked.size < this.settings.maxUnacked
  }

  /** A timer of a stream. */
  wakeStream(stream: Stream, at: number): void {
    this.streams.timed.add(stream)
    this.wake(at)
  }
}
