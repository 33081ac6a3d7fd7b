/**
 * A direct link that is up, with the circuits that go over it.
 *
 * Bounds: `circuits` has this node's own ends (as many as it opens) and what the relay admits (relay.ts); `early`
 * {@link MAX_EARLY}.
 * @module
 */
import { Credit } from '../credit.ts'
import type { Drop } from '../effect.ts'
import type { PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import type { Reader } from '../wire/reader.ts'
import type { CircuitOutbox } from './effect.ts'
import type { Setup } from './frames.ts'

/** Set-ups to and from one neighbour: a burst, and so many a second. What a neighbour does not expect costs it a point, and one a second is forgiven. */
const SETUPS = 32
/** Frames of circuits that have ended: one's windows in both directions, twice; and so many a second. */
const LATE = 16_384
const LATE_PER_SECOND = 100
/** Offers that are not expected yet, of one neighbour: the letter that tells of them is on its way. */
export const MAX_EARLY = 8

/** What a frame of a circuit is for: an end, or half of what is relayed. */
export interface Party {
  /** A frame behind its `circuit`; of those on a circuit that is set up. */
  frame(type: number, reader: Reader, now: number, out: CircuitOutbox): Drop | undefined
  /** The other side of this link has hung up. */
  hangup(reason: number, now: number, out: CircuitOutbox): void
  /** The link has ended. */
  carrierDown(now: number, out: CircuitOutbox): void
}

export class Line {
  readonly link: LinkId
  readonly peer: PeerId
  /** By `circuit` as it is received. */
  readonly circuits = new Map<number, Party>()
  readonly early = new Map<number, Setup>()
  /** CONNECTs that are read. */
  readonly asked = new Credit(SETUPS, 1, 0)
  /** OFFERs that are sent. */
  readonly offered = new Credit(SETUPS, 1, 0)
  /** Circuits that it has asked this node to relay. */
  relayed = 0
  /** The last number given, and the highest the neighbour has used. */
  private last = 0
  private theirs = 0
  private readonly late = new Credit(LATE, LATE_PER_SECOND, 0)

  constructor(link: LinkId, peer: PeerId) {
    this.link = link
    this.peer = peer
  }

  /** Enters a circuit under the next number of this side's, or under the one that the neighbour has given it. */
  enter(party: Party, ref = ++this.last * 2 + 1): number {
    this.circuits.set(ref, party)
    this.seen(ref)
    return ref
  }

  /** The neighbour has used this number. */
  seen(ref: number): void {
    if ((ref & 1) === 0) this.theirs = Math.max(this.theirs, ref)
  }

  /** A frame of no circuit: of one that has ended, while its other end did not know, or out of the air. */
  stray(ref: number, now: number): Drop | undefined {
    if (ref > ((ref & 1) === 1 ? this.last * 2 + 1 : this.theirs)) return 'unexpected'
    return this.late.take(1, now) ? undefined : 'rate'
  }
}
