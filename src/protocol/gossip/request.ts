/**
 * A broadcast of this peer, from the call to its outcome.
 * @module
 */
import type { LinkId, RequestId } from '../input.ts'

export class Request {
  readonly id: RequestId
  /** Links whose ack is awaited. */
  readonly waiting = new Set<LinkId>()
  /** Links it was sent over. */
  readonly tried = new Set<LinkId>()
  /** Links that have it. */
  acked = 0
  /** When it times out, if nobody acks. */
  deadline = Number.POSITIVE_INFINITY
  settled = false
  /** Milliseconds for receipts to come in; `undefined` when the acks of neighbours are enough. */
  readonly receipt: number | undefined

  constructor(id: RequestId, receipt?: number) {
    this.id = id
    this.receipt = receipt
  }
}
