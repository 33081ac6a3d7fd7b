/**
 * How much a link has on its way: no more than {@link WINDOW} bytes that the other side has not taken. After every
 * {@link GRAIN} bytes of packets it says so, with a text message of one character; packets are binary.
 *
 * SCTP's own window grows until something is lost. Where that is a burst (the socket's buffer, or a home router's, runs over), Chromium
 * recovers a packet or so per round of acknowledgements: a channel that both sides use stood still for 15 s and more, and its
 * peer was taken for dead. A window that the path's buffers hold loses nothing, is as fast, and keeps small messages quick.
 *
 * Invariants
 * 1. What is on its way is at most {@link WINDOW} and one packet, if the owner waits for drains.
 * 2. The other side's word counts for bytes that were sent, and for no more.
 * @module
 */

/** Bytes on their way: 21 Mbit/s over 100 ms, and more than two tabs of one machine need. Chromium loses none up to 512 KiB. */
export const WINDOW = 262_144
/** The other side is told after so many bytes, an eighth of the window: one message for two large packets. */
export const GRAIN = 32_768
/** What it is told. */
export const TAKEN = '+'

export class Window {
  /** Sent, and not known to be taken. */
  private flying = 0
  /** Taken, and not told of. */
  private taken = 0
  private waited = false

  /** Counts a packet that was sent. False where the owner is to wait for a drain. */
  sent(bytes: number): boolean {
    this.flying += bytes
    if (this.flying < WINDOW) return true
    this.waited = true
    return false
  }

  /** Counts a packet that came in. True where the other side is to be told. */
  received(bytes: number): boolean {
    this.taken += bytes
    if (this.taken < GRAIN) return false
    this.taken -= GRAIN
    return true
  }

  /** The other side has taken {@link GRAIN} bytes more. False where that cannot be. */
  settled(): boolean {
    this.flying -= GRAIN
    return this.flying >= 0
  }

  /** Whether so much is on its way still that what the other side answers may be long in coming. */
  get laden(): boolean {
    return this.flying >= GRAIN
  }

  /** Whether the owner waits, and need not any more; true once. */
  drained(): boolean {
    if (!this.waited || this.flying >= WINDOW) return false
    this.waited = false
    return true
  }
}
