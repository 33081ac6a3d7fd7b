/**
 * What gossip keeps per link: how usable it is, what it owes an ack for, what it will announce, what it has
 * sent and not seen acked.
 * @module
 */

import type { Credit } from '../credit.ts'
import type { PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import type { GraftEntry, TallyEntry } from './control.ts'
import type { Message, Stream } from './stream.ts'

/** A push that waits for its ack. */
export interface Unacked {
  attempts: number
  due: number
  readonly bytes: number
}

export class Neighbour {
  readonly link: LinkId
  readonly peer: PeerId
  /** Milliseconds; `undefined` until measured. */
  roundTrip: number | undefined
  full = false
  suspect = false
  /** It was passed over while it could not be used: compare ranges as soon as it can. */
  owed = false
  /** Whom it says it is linked to. */
  peers: ReadonlySet<PeerId> | undefined

  /** Pushes to ack, as stream ids and sequence numbers side by side. */
  readonly ackStreams: number[] = []
  readonly ackSeqs: number[] = []
  ackAt = Number.POSITIVE_INFINITY

  /** Receipts to report. */
  tallies: TallyEntry[] = []
  tallyAt = Number.POSITIVE_INFINITY

  /** Messages to announce, when each is due, and from when on it may go along with other frames. */
  readonly digest: Message[] = []
  readonly digestDue: number[] = []
  readonly digestRipe: number[] = []
  digestAt = Number.POSITIVE_INFINITY
  /** Streams to prune and to graft, this turn. */
  readonly prunes: Stream[] = []
  readonly grafts: GraftEntry[] = []

  readonly unacked = new Map<Message, Unacked>()
  /** Bytes of the unacked pushes. */
  unackedBytes = 0
  /** No retry is due before this. */
  retryAt = Number.POSITIVE_INFINITY

  /** Bytes of repair it may ask for. */
  readonly repairCredit: Credit
  /** RANGES it may send that ask for an answer. */
  readonly rangesCredit: Credit
  /** Answers that were asked for and may still come. */
  answersDue = 0
  /** When it was last sent everything, for comparison. */
  comparedAt = Number.NEGATIVE_INFINITY
  /** A frame went to it in this turn: acks go along. */
  touched = false

  constructor(link: LinkId, peer: PeerId, repairCredit: Credit, rangesCredit: Credit) {
    this.link = link
    this.peer = peer
    this.repairCredit = repairCredit
    this.rangesCredit = rangesCredit
  }

  /** Something for it waits for the end of a turn, or for company. */
  get isWaiting(): boolean {
    return (
      this.ackStreams.length > 0 || this.digest.length > 0 || this.prunes.length > 0 || this.grafts.length > 0
    )
  }
}
