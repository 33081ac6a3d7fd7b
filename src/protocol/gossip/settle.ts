/**
 * How a broadcast of this peer ends.
 * @module
 */
import type { Outcome } from '../effect.ts'
import type { Request } from './request.ts'
import type { GossipState } from './state.ts'

/** The one outcome of a request. */
export function settle(state: GossipState, request: Request, outcome: Outcome): void {
  if (request.settled) return
  request.settled = true
  state.requests.delete(request.id)
  state.emit({ kind: 'settle', request: request.id, outcome })
}
