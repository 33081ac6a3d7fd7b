/**
 * Randomness as the machines see it: handed in, never taken from the air, so that a seed repeats a run.
 * In the browser it is `crypto.getRandomValues`, in the simulator a seeded generator.
 * @module
 */
export interface Random {
  /** A uniform integer, 0 … 2³² − 1. */
  u32(): number
  /** `length` fresh random bytes. */
  bytes(length: number): Uint8Array
}

/** A uniform integer, 0 … `below` − 1. The bias of the modulo is under 2⁻²⁰ for `below` ≤ 4096. */
export function below(random: Random, limit: number): number {
  return random.u32() % limit
}

/** A uniform number in [0, 1). */
export function unit(random: Random): number {
  return random.u32() / 2 ** 32
}

/** `value` spread uniformly over ± `share` of itself: the jitter of every retry and period. */
export function jitter(random: Random, value: number, share: number): number {
  return value * (1 + share * (2 * unit(random) - 1))
}
