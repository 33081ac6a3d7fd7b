/**
 * How long a peer that could not be reached is left alone: `initial` ms after the first failure, `factor` times as long
 * after each further one, `max` at most (RFC 6298 §5.5 in spirit).
 * @module
 */

export interface BackoffOptions {
  /** Milliseconds after the first failed dial, 100 … 600,000, ± 25 %. Default 1,000. */
  readonly initial?: number
  /** The longest wait, milliseconds, 100 … 86,400,000. Default 60,000. */
  readonly max?: number
  /** How much longer each wait is than the one before, 1 … 10. Default 2. */
  readonly factor?: number
  /** Failures in a row after which a peer is taken for gone, 1 … 100. Default 3: one lost dial and one busy moment are forgiven. */
  readonly attempts?: number
}

export const BACKOFF: Required<BackoffOptions> = { initial: 1000, max: 60_000, factor: 2, attempts: 3 }

/** The wait after `failures` failures in a row, ms, before jitter. */
export function waitAfter(failures: number, { initial, max, factor }: Required<BackoffOptions>): number {
  return Math.min(max, initial * factor ** Math.max(0, failures - 1))
}
