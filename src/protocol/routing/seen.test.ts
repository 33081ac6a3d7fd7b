import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_RANGES, Seen } from './seen.ts'

describe('numbers that have arrived', () => {
  test('are new once, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60), { maxLength: 200 }), numbers => {
        const seen = new Seen()
        const model = new Set<number>()
        for (const number of numbers) {
          expect(seen.add(number)).toBe(model.has(number) ? 'seen' : 'new')
          model.add(number)
        }
      }),
    )
  })

  test('in a row are one range, however many', () => {
    const seen = new Seen()
    for (let number = 1; number <= 10_000; number++) seen.add(number)
    expect(seen.size).toBe(1)
    expect(seen.add(1)).toBe('seen')
  })

  test('with too many gaps close the lowest: bounded, and nothing is new twice', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5000), { minLength: 400, maxLength: 600 }), numbers => {
        const seen = new Seen()
        const model = new Set<number>()
        for (const number of numbers) {
          const sighting = seen.add(number)
          // A plain comparison: 50,000 of them.
          if (sighting === (model.has(number) ? 'new' : 'seen')) throw new Error(`${number} is ${sighting}`)
          if (sighting === 'new') model.add(number)
          if (seen.size > MAX_RANGES) throw new Error(`${seen.size} ranges`)
        }
      }),
    )
  })

  test('below a closed gap are stale, which is not a receipt', () => {
    const seen = new Seen()
    for (let i = 0; i <= MAX_RANGES; i++) seen.add(10 + 2 * i)
    expect(seen.add(9)).toBe('stale')
    expect(seen.add(10)).toBe('stale')
    expect(seen.add(11)).toBe('new')
    expect(seen.add(12)).toBe('seen')
  })
})
