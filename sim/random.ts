/**
 * Seeded randomness: xoshiro128** 1.1 (Blackman & Vigna, "Scrambled linear pseudorandom number generators",
 * 2021), seeded through a 32-bit mixer. Integer arithmetic only, so a seed gives the same run on any machine.
 *
 * Every concern of the simulator draws from a stream of its own: turning loss on does not change who joins when.
 * @module
 */
import type { Random } from '../src/protocol/random.ts'

/** Two 32-bit words mixed into one (the finalizer of MurmurHash3 over their combination). */
export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul((b + 0x7f4a7c15) | 0, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A seed (an integer up to 2⁵³) and a name, as one 32-bit word. */
export function wordOf(seed: number, name: string): number {
  let word = mix((seed % 2 ** 32) | 0, Math.floor(seed / 2 ** 32))
  for (let i = 0; i < name.length; i++) word = mix(word, name.charCodeAt(i))
  return word
}

function rotl(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k))
}

export class Stream implements Random {
  private s0: number
  private s1: number
  private s2: number
  private s3: number

  /** The four words of state; not all zero. */
  constructor(s0: number, s1: number, s2: number, s3: number) {
    this.s0 = s0 | 0
    this.s1 = s1 | 0
    this.s2 = s2 | 0
    this.s3 = s3 | 0
  }

  /** The stream of one concern under a seed. */
  static of(seed: number, name: string): Stream {
    const word = wordOf(seed, name)
    return new Stream(mix(word, 1), mix(word, 2), mix(word, 3), mix(word, 4) | 1)
  }

  u32(): number {
    const result = Math.imul(rotl(Math.imul(this.s1, 5), 7), 9)
    const t = this.s1 << 9
    this.s2 ^= this.s0
    this.s3 ^= this.s1
    this.s1 ^= this.s2
    this.s0 ^= this.s3
    this.s2 ^= t
    this.s3 = rotl(this.s3, 11)
    return result >>> 0
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; ) {
      let word = this.u32()
      for (let k = 0; k < 4 && i < length; k++, i++) {
        bytes[i] = word
        word >>>= 8
      }
    }
    return bytes
  }

  /** A uniform number in [0, 1). */
  unit(): number {
    return this.u32() / 2 ** 32
  }

  /** A uniform integer, 0 … `limit` − 1. */
  below(limit: number): number {
    return Math.floor(this.unit() * limit)
  }

  /** True with probability `p`. Draws nothing for 0, so a fault that is off costs nothing and shifts nothing. */
  chance(p: number): boolean {
    return p > 0 && this.unit() < p
  }

  /**
   * An exponential draw with mean 1, by comparisons alone (von Neumann, "Various techniques used in connection with
   * random digits", 1951): a logarithm may differ in its last digit from one engine to the next.
   */
  exponential(): number {
    for (let whole = 0; ; whole++) {
      const first = this.unit()
      let last = first
      let run = 1
      for (let next = this.unit(); next <= last; next = this.unit()) {
        last = next
        run++
      }
      if (run % 2 === 1) return whole + first
    }
  }

  /** `count` different elements, in drawn order; all of them when there are fewer. */
  sample<T>(items: readonly T[], count: number): T[] {
    const pool = items.slice()
    const taken = Math.min(count, pool.length)
    for (let i = 0; i < taken; i++) {
      const j = i + this.below(pool.length - i)
      const held = pool[i] as T
      pool[i] = pool[j] as T
      pool[j] = held
    }
    pool.length = taken
    return pool
  }
}
