/**
 * What must hold at every moment of every run:
 *
 * 1. `links`: a peer has at most `maxPeers` links, half-open ones counted.
 * 2. `exactly-once`: nobody is given a message twice.
 * 3. `fifo`: messages of one origin are delivered in the order in which it sent them.
 *    Not of those that want no order.
 * 4. `true`: what is delivered was sent, by that origin, on that topic, with those bytes, to that peer.
 * 5. `settled-once`: a request is settled at most once, and only if it was made.
 * 6. `silent-after-leave`: a peer that has left does nothing.
 * 7. `link-use`: frames go over open links only, and no link handle is used twice.
 * 8. `progress`: virtual time does not stand still while peers are busy with themselves.
 * 9. `causal`: where a scenario wants it, nobody is given a message before one that its sender had before sending it.
 * 10. `receipts`: a count of receipts grows, and is never more than have the message.
 * 11. `bounds`: no table of a machine holds more than the bound that it documents.
 * 12. `ring`: where everybody can reach everybody and nothing happens any more, the ring is whole from both sides.
 *
 * The world checks 1 and 6–8 after each turn, the ledger 2–5, 9 and 10 at each delivery, settlement and count; an audit
 * (audit.ts) asks some peers each virtual second for 11; 12 is for whoever knows that it is quiet: a scenario that has
 * settled (lab.ts), a fuzz program at its end.
 * @module
 */

export type Invariant =
  | 'links'
  | 'exactly-once'
  | 'fifo'
  | 'true'
  | 'settled-once'
  | 'silent-after-leave'
  | 'link-use'
  | 'progress'
  | 'causal'
  | 'receipts'
  | 'bounds'
  | 'ring'

/** A violated invariant: the run is over. */
export class InvariantViolation extends Error {
  readonly invariant: Invariant
  /** Index of the peer that broke it. */
  readonly peer: number
  /** Virtual milliseconds. */
  readonly time: number

  constructor(invariant: Invariant, peer: number, time: number, detail: string) {
    super(`${invariant}: ${detail} (peer ${peer}, ${time.toFixed(3)} ms)`)
    this.name = 'InvariantViolation'
    this.invariant = invariant
    this.peer = peer
    this.time = time
  }
}
