/**
 * When to try again: exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015): of the schemes compared there, full jitter needs the fewest calls in total when
 * many clients lose one server at once.
 * @module
 */

export interface Backoff {
  /** Milliseconds: the widest first wait. 250: a server that restarts at once is found again within a blink. */
  readonly initial: number
  /** Milliseconds: the widest wait of all. 15,000: a thousand tabs then cost a dead server 130 attempts a second. */
  readonly max: number
}

export const DEFAULT_BACKOFF: Backoff = { initial: 250, max: 15_000 }

/** The widest wait after `failures` failures in a row (0 for the first): min(max, initial · 2^failures). */
export function backoffCeiling(failures: number, backoff: Backoff): number {
  // 2^32 is past every ceiling; beyond it the power would only grow towards Infinity.
  return Math.min(backoff.max, backoff.initial * 2 ** Math.min(failures, 32))
}

/** The wait: uniform between 0 and the ceiling. `random` is uniform in [0, 1). */
export function backoffDelay(failures: number, backoff: Backoff, random: number): number {
  return Math.floor(random * backoffCeiling(failures, backoff))
}
