/**
 * What routing hands to the other machines.
 * @module
 */
import type { Effect } from '../effect.ts'
import type { PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import type { PeerRecord } from '../record.ts'

/** A letter for another machine. Proven to be from `from`, who knows this peer's record. */
export interface Letter {
  readonly kind: 'letter'
  readonly from: PeerId
  /** Which kind of letter, 1 … 63. */
  readonly letter: number
  readonly body: Uint8Array
  /** Links it crossed; 0 through the signaling server. */
  readonly hops: number
  readonly via: 'mesh' | 'signaling' | 'link'
  readonly record: PeerRecord
}

/** A neighbour has not taken what it was sent in its time: ask it for a sign of life. */
export interface Doubt {
  readonly kind: 'doubt'
  readonly link: LinkId
}

/** What routing wants done, in order. */
export type RoutingEffect = Effect | Letter | Doubt

export interface RoutingOutbox {
  push(...items: RoutingEffect[]): unknown
}
