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

/** What is known of one message's receipts. */
export class Tally {
  readonly stream: number
  readonly seq: number
  readonly hops: number
  /** Whom to report to: the link that brought it; `undefined` at the origin. */
  readonly parent: LinkId | undefined
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
  growAt: number
  askAt: number
  asks = 0

  constructor({ stream, seq, hops, request }: Message, parent: LinkId | undefined, now: number) {
    this.stream = stream.id
    this.seq = seq
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
