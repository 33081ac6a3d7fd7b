import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

describe('TokenBucket', () => {
  it.each([
    // [rate, burst, takes as [cost, at], waits]
    [
      10,
      2,
      [
        [1, 0],
        [1, 0],
        [1, 0],
      ],
      [0, 0, 100],
    ],
    [
      10,
      2,
      [
        [5, 0],
        [0, 300],
        [1, 300],
      ],
      [300, 0, 100],
    ],
    [
      1,
      1,
      [
        [1, 0],
        [1, 1000],
        [1, 1500],
      ],
      [0, 0, 500],
    ],
    [
      100,
      50,
      [
        [50, 0],
        [50, 10_000],
        [1, 10_000],
      ],
      [0, 0, 10],
    ],
  ] as const)('rate %d, burst %d, takes %j: waits %j', (rate, burst, takes, waits) => {
    const bucket = new TokenBucket(rate, burst, 0)
    expect(takes.map(([cost, at]) => Math.round(bucket.take(cost, at)))).toEqual(waits)
  })

  it('who waits as told never exceeds burst + rate · time (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 100 }), costs => {
        const bucket = new TokenBucket(20, 30, 0)
        let now = 0
        let spent = 0
        for (const cost of costs) {
          spent += cost
          now += bucket.take(cost, now)
          expect(spent).toBeLessThanOrEqual(30 + (20 * now) / 1000 + 1e-6)
        }
      }),
    )
  })
})
