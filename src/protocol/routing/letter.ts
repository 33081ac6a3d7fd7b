/**
 * Letters as they are handed to the other machines.
 * @module
 */
import type { PeerId } from '../id.ts'
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
