/**
 * An open link before and after its handshake: its frames are put together, its rate is bounded, its faults are scored.
 * @module
 */
import { Credit } from './credit.ts'
import { MAX_HELD } from './handshake/handshake.ts'
import type { LinkId } from './input.ts'
import { Score } from './score.ts'
import { Unpacker } from './wire/packet.ts'

/** Frames of liveness and overlay from one link: a rush of joins among 64 neighbours is 10 a second each. */
const CHATTER_BURST = 100
const CHATTER_PER_SECOND = 20
/**
 * SEEKs from one link. Where half of a swarm has died each survivor passes on some 25 a second over all its links, for as long as
 * gaps are open.
 */
const SEEKS_BURST = 256
const SEEKS_PER_SECOND = 64
/** Bytes of frames that wait for the last AUTH to be verified: one packet of a busy neighbour, 64 times. */
export const MAX_HELD_BYTES = 1024 * 1024

export class Channel {
  readonly link: LinkId
  readonly unpacker = new Unpacker()
  readonly score = new Score()
  /** Frames of liveness and overlay that it may send: a burst is read, a flood is not. */
  readonly chatter: Credit
  /** SEEKs, which are passed on, that it may send. */
  readonly seeks: Credit
  /** Frames that arrived while the last AUTH was at the verifier. */
  held: Uint8Array[] = []
  heldBytes = 0
  up = false
  /** Types of the frames it has sent that count once. */
  readonly told = new Set<number>()
  /** Its link is gone. */
  ended = false

  constructor(link: LinkId, now: number) {
    this.link = link
    this.chatter = new Credit(CHATTER_BURST, CHATTER_PER_SECOND, now)
    this.seeks = new Credit(SEEKS_BURST, SEEKS_PER_SECOND, now)
  }

  /** Keeps a copy of a frame until the link is up; false when there is no room. */
  hold(bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start
    if (this.held.length >= MAX_HELD || this.heldBytes + length > MAX_HELD_BYTES) return false
    this.held.push(bytes.slice(start, end))
    this.heldBytes += length
    return true
  }
}
