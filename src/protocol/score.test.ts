import { describe, expect, it } from 'vitest'
import type { Drop } from './effect.ts'
import { LEAK, LIMIT, Score } from './score.ts'

/** How often in a row each reason is forgiven; Infinity for what an honest peer may cause at any rate. */
const FORGIVEN: readonly (readonly [Drop, number])[] = [
  ['malformed', 4],
  ['too-large', 1],
  ['unexpected', 19],
  ['bad-signature', 1],
  ['bad-seal', Number.POSITIVE_INFINITY],
  ['bad-record', 9],
  ['bad-binding', 0],
  ['wrong-swarm', 0],
  ['not-for-us', 19],
  ['hop-limit', Number.POSITIVE_INFINITY],
  ['replay', 49],
  ['rate', 99],
  ['table-full', Number.POSITIVE_INFINITY],
]

/** Points, in the cheapest coin. */
function charge(score: Score, times: number, now: number): boolean {
  let over = false
  for (let i = 0; i < times; i++) over = score.add('replay', now)
  return over
}

describe('a score', () => {
  it.each(FORGIVEN)('of %s at one moment is forgiven %d times', (drop, times) => {
    const score = new Score()
    let forgiven = 0
    while (forgiven < 10_000 && !score.add(drop, 1000)) forgiven++
    expect(forgiven).toBe(Math.min(times, 10_000))
  })

  it('leaks away with time, and never below nothing', () => {
    const score = new Score()
    score.add('too-large', 0)
    expect(score.add('too-large', (50 / LEAK) * 1000)).toBe(false)
    const rested = new Score()
    rested.add('malformed', 0)
    rested.add('malformed', 3_600_000)
    // An hour of good behaviour buys no more than a clean sheet: 20 points, and 80 more are the limit.
    expect(charge(rested, (LIMIT - 20) / 2 - 1, 3_600_000)).toBe(false)
    expect(charge(rested, 1, 3_600_000)).toBe(true)
  })

  it('forgives for ever what comes slower than it leaks', () => {
    const score = new Score()
    for (let second = 0; second < 1000; second++) {
      expect(score.add('unexpected', second * 5000 * LEAK)).toBe(false)
    }
  })

  it('does not forgive by a clock that starts late', () => {
    const score = new Score()
    const start = 1e12
    for (let i = 0; i < 4; i++) expect(score.add('malformed', start)).toBe(false)
    expect(score.add('malformed', start)).toBe(true)
  })

  it('stays over the limit until it has leaked', () => {
    const score = new Score()
    score.add('bad-binding', 0)
    expect(score.add('table-full', 0)).toBe(true)
    expect(score.add('table-full', 1000)).toBe(false)
  })
})
