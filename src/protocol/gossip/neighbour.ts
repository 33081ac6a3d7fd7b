/**
 * What gossip keeps per link: how usable it is, what it owes an ack for, what it will announce, what it has
 * sent and not seen acked.
 * @module
 */

import { Credit } from '../credit.ts'
import type { PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import { EVERYTHING } from '../topic.ts'
import { Writer } from '../wire/writer.ts'
import type { Beacon } from './beacon.ts'
import type { GraftEntry } from './control.ts'
import type { Message, Stream } from './stream.ts'

/** What a neighbour may ask of the past: a page that opens a few rooms, then one question in two seconds. */
const QUESTIONS = 10
const QUESTIONS_PER_SECOND = 0.5
/** Beacons of one neighbour: a root and its successors in a rush of joins, then one a second. */
const BEACONS = 32

/** Changes of interests: a person who looks around; a peer tells of them at most once in two seconds. */
const INTERESTS = 16
const INTERESTS_PER_SECOND = 0.6
/** Declined streams: every stream of a full table at once, then what a changing tree brings about. */
const DECLINES = 512
const DECLINES_PER_SECOND = 64

/** A push that waits for its ack. */
export interface Unacked {
  attempts: number
  due: number
  readonly bytes: number
}

export class Neighbour {
  /** When something is due, side by side: all of them are looked at in every tick. */
  private readonly times = new Float64Array(5).fill(Number.POSITIVE_INFINITY)
  readonly link: LinkId
  readonly peer: PeerId
  /** Milliseconds; `undefined` until measured. */
  roundTrip: number | undefined
  /** When it joined the swarm, as it says, on this peer's clock; `undefined` until it has compared. */
  since: number | undefined
  full = false
  suspect = false
  /** It was passed over while it could not be used: compare ranges as soon as it can. */
  owed = false
  /** Whom it says it is linked to. */
  peers: ReadonlySet<PeerId> | undefined

  /** Pushes to ack, as stream ids and sequence numbers side by side. */
  readonly ackStreams: number[] = []
  readonly ackSeqs: number[] = []

  /** Receipts to report. */
  readonly tallies = new Writer(64)

  /** Messages to announce, when each is due, and from when on it may go along with other frames. */
  readonly digest: Message[] = []
  readonly digestDue: number[] = []
  readonly digestRipe: number[] = []
  /** Nothing of it is ripe before this. */
  ripeAt = Number.POSITIVE_INFINITY
  /** Streams to prune and to graft, this turn. */
  readonly prunes: Stream[] = []
  readonly grafts: GraftEntry[] = []

  readonly unacked = new Map<Message, Unacked>()
  /** Bytes of the unacked pushes. */
  unackedBytes = 0

  /** Bytes of repair it may ask for. */
  readonly repairCredit: Credit
  /** RANGES it may send that ask for an answer. */
  readonly rangesCredit: Credit
  /** HISTORY that it may send, and that it may be sent. */
  readonly historyCredit: Credit
  readonly questionCredit: Credit
  /** Questions to it that are open, and how many messages may still come for each. */
  readonly questions = new Map<number, number>()
  /** Answers that were asked for and may still come. */
  answersDue = 0
  /** It has a backlog that this peer does not ask for before its turn: see heal.ts. */
  offering = false
  /** When it was last sent everything, for comparison. */
  comparedAt = Number.NEGATIVE_INFINITY
  /** Topics it wants to get, and means to publish. */
  interests: readonly string[] = EVERYTHING
  intents: readonly string[] = []
  /** It was told this peer's. */
  knowsInterests = false
  /** Streams to tell it the declined topics of, this turn; and those it has not confirmed. */
  readonly tells = new Set<Stream>()
  readonly unsure = new Set<Stream>()
  /** INTERESTS and entries of DECLINE it may send. */
  readonly interestsCredit: Credit
  readonly declineCredit: Credit
  /** A frame went to it in this turn: acks go along. */
  touched = false

  /** The last beacon of the ground tree it sent. */
  heard: Beacon | undefined
  readonly beacons = new Credit(BEACONS, 1, 0)

  constructor(link: LinkId, peer: PeerId, repairCredit: Credit, rangesCredit: Credit, now: number) {
    this.link = link
    this.peer = peer
    this.repairCredit = repairCredit
    this.rangesCredit = rangesCredit
    this.interestsCredit = new Credit(INTERESTS, INTERESTS_PER_SECOND, now)
    this.declineCredit = new Credit(DECLINES, DECLINES_PER_SECOND, now)
    this.historyCredit = new Credit(QUESTIONS, QUESTIONS_PER_SECOND, now)
    // A little less, so that an honest peer never asks too much.
    this.questionCredit = new Credit(QUESTIONS - 2, QUESTIONS_PER_SECOND * 0.9, now)
  }

  get ackAt(): number {
    return this.times[0] as number
  }
  set ackAt(at: number) {
    this.times[0] = at
  }
  get digestAt(): number {
    return this.times[1] as number
  }
  set digestAt(at: number) {
    this.times[1] = at
  }
  /** No retry is due before this. */
  get retryAt(): number {
    return this.times[2] as number
  }
  set retryAt(at: number) {
    this.times[2] = at
  }
  get tallyAt(): number {
    return this.times[3] as number
  }
  set tallyAt(at: number) {
    this.times[3] = at
  }
  /** When to tell it of interests again. */
  get tellAt(): number {
    return this.times[4] as number
  }
  set tellAt(at: number) {
    this.times[4] = at
  }

  /** The first of these times. */
  get dueAt(): number {
    const { times } = this
    let earliest = Number.POSITIVE_INFINITY
    for (let i = 0; i < times.length; i++) if ((times[i] as number) < earliest) earliest = times[i] as number
    return earliest
  }

  /** Something for it waits for the end of a turn, or for company. */
  get isWaiting(): boolean {
    return (
      this.ackStreams.length > 0 ||
      this.digest.length > 0 ||
      this.prunes.length > 0 ||
      this.grafts.length > 0 ||
      this.tallies.length > 0
    )
  }
}
