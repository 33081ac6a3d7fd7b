/**
 * The machines' randomness in a browser: `crypto.getRandomValues`, which needs no secure context.
 * @module
 */
import type { Random } from '../protocol/random.ts'

/** Words drawn at once: one call into the engine for 256 numbers. */
const POOL = 256

export function webRandom(): Random {
  const pool = new Uint32Array(POOL)
  let at = POOL
  return {
    u32() {
      if (at === POOL) {
        crypto.getRandomValues(pool)
        at = 0
      }
      return pool[at++] ?? 0
    },
    bytes: length => crypto.getRandomValues(new Uint8Array(length)),
  }
}
