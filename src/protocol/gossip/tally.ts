/**
 * The receipts of one message, as one peer counts them.
 * @module
 */
import type { LinkId } from '../input.ts'
import type { Request } from './request.ts'
import type { Message } from './stream.ts'

/** Between two reports of a sum that grows, ms: somebody watches a number. */
export const GROWING = 250
/** Until who is silent is asked, and asked again, ms. A thousand peers are done in less (measured: 0.5 s). */
export const ASK_AFTER = 600
/**
 * A sum whose way to the origin has ended may take this long to come round another way, ms: a question, its answer, and one
 * {@link GROWING} of those that have reported just before.
 */
export const TORN = 800
/** So soon after its join, ms, an origin waits so long for parts of the swarm that have not found each other yet. */
export const YOUNG = 10_000
export const FORMING = 1000

/** What is known of one message's receipts. */
export class Tally {
  readonly stream: number
  readonly seq: number
  /** Links the message has crossed; fewer where a way of fewer links to the origin was found since. */
  depth: number
  /** What others are told of that: one more when the parent is gone, or not nearer to the origin. */
  hops: number
  /** Whom to report to: the link that brought it, or one found when that ended; `undefined` at the origin. */
  parent: LinkId | undefined
  /** The parent has lost its way to the origin: somebody with fewer hops than this is reported to instead. 0: it has not. */
  seeking = 0
  readonly request: Request | undefined
  readonly since: number
  /** Links that have not said their last word. */
  readonly awaited = new Set<LinkId>()
  readonly counts = new Map<LinkId, number>()
  /** This peer has been given it, or never will be. */
  here: boolean
  /** This peer and all that was reported. */
  sum = 0
  /** What was reported, whether that was the last word, and when there may be more. */
  told = 0
  closed = false
  /** The part of it that went to former parents. */
  elsewhere = 0
  /** A link that had not said its last word has ended, or the swarm is forming: not final before this. */
  tornUntil = 0
  growAt: number
  askAt: number
  asks = 0

  constructor({ stream, seq, hops, request }: Message, parent: LinkId | undefined, now: number) {
    this.stream = stream.id
    this.seq = seq
    this.depth = hops
    this.hops = hops
    this.parent = parent
    this.request = request
    this.since = now
    this.here = request !== undefined
    this.growAt = now + GROWING
    this.askAt = now + ASK_AFTER
  }
}

export function keyOf(stream: number, seq: number): string {
  return `${stream}:${seq}`
}
