import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffCeiling, backoffDelay, DEFAULT_BACKOFF } from './backoff.ts'

describe('backoff', () => {
  it.each([
    // [failures, ceiling]
    [0, 250],
    [1, 500],
    [2, 1000],
    [3, 2000],
    [4, 4000],
    [5, 8000],
    [6, 15_000],
    [7, 15_000],
    [1000, 15_000],
  ])('after %d failures waits at most %d ms', (failures, ceiling) => {
    expect(backoffCeiling(failures, DEFAULT_BACKOFF)).toBe(ceiling)
  })

  it.each([
    // [failures, random, delay]
    [0, 0, 0],
    [0, 0.5, 125],
    [3, 0.25, 500],
    [9, 0.999_999, 14_999],
  ])('after %d failures and a draw of %d waits %d ms', (failures, random, delay) => {
    expect(backoffDelay(failures, DEFAULT_BACKOFF, random)).toBe(delay)
  })

  it('stays under the ceiling for every draw (property)', () => {
    const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(fc.nat(200), draw, (failures, random) => {
        const delay = backoffDelay(failures, DEFAULT_BACKOFF, random)
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThan(backoffCeiling(failures, DEFAULT_BACKOFF))
      }),
    )
  })
})
