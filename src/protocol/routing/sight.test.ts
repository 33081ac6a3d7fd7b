import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RING } from '../id.ts'
import { PLACE_UNIT, Sight } from './sight.ts'

const clockwise = (from: number, to: number) => (to - from + RING) % RING

test('the nearest place on either side is the one that a walk through all of them finds', () => {
  const place = fc.integer({ min: 0, max: RING / PLACE_UNIT - 1 })
  const target = fc.maxSafeNat().map(n => n % RING)
  fc.assert(
    fc.property(fc.array(place, { maxLength: 140 }), target, (places, at) => {
      const steps = (way: (to: number) => number) =>
        Math.min(
          ...places.map(unit => (unit === Math.floor(at / PLACE_UNIT) ? 0 : way(unit * PLACE_UNIT))),
          Number.POSITIVE_INFINITY,
        )
      const { beyond, before } = new Sight().look(Uint32Array.from(places).sort(), at)
      expect(beyond).toBe(steps(to => clockwise(at, to)))
      expect(before).toBe(steps(to => clockwise(to, at)))
    }),
    { numRuns: 500 },
  )
})
