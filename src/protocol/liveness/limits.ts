/**
 * How long silence may last, and how often it is broken.
 * @module
 */
export interface LivenessDefaults {
  /** Silence after which a link is probed, ms. 1 s: a crash is suspected within 2 s at 10 bytes a second. */
  readonly probeAfter: number
  /** Wait for a PONG before the next PING, ms; at least four round trips. */
  readonly probeWait: number
  /** Unanswered PINGs until a neighbour is suspect, where none are lost. Two: one lost or late answer is no news. */
  readonly suspectAfter: number
  /** Silence after which a link is given up, ms. 6 s: longer than the stalls of a busy page, near ICE's own 5.4 s. */
  readonly deadAfter: number
  /** The same where the signaling server has seen the peer's socket close, ms. */
  readonly deadAfterHint: number
  /** Round trips are measured at least this often, ms. */
  readonly measureEvery: number
}

export const LIVENESS: LivenessDefaults = {
  probeAfter: 1000,
  probeWait: 300,
  suspectAfter: 2,
  deadAfter: 6000,
  deadAfterHint: 1200,
  measureEvery: 15_000,
}
