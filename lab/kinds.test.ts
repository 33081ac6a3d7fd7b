import { describe, expect, it } from 'vitest'
import { allCases, FEW_CASES, hasTurn, KINDS } from './kinds.ts'
import { PLACES, placesOf } from './place.ts'

describe('the cases', () => {
  it('are every pair of kinds, once without TURN and once with it', () => {
    const cases = allCases()
    const pairs = (KINDS.length * (KINDS.length + 1)) / 2
    expect(cases).toHaveLength(2 * pairs)
    for (const turn of [false, true]) {
      const names = cases.filter(one => one.turn === turn).map(({ a, b }) => [a, b].sort().join(' '))
      expect(new Set(names).size).toBe(pairs)
    }
  })

  it('of a short run are among them', () => {
    for (const one of FEW_CASES) expect(allCases()).toContainEqual(one)
  })

  it('give TURN to a network without UDP always, to others where it is configured', () => {
    expect(KINDS.filter(kind => hasTurn(kind, false))).toEqual(['blocked'])
    expect(KINDS.filter(kind => hasTurn(kind, true))).toEqual([...KINDS])
  })
})

describe('the places', () => {
  it('of a pair are two, behind two routers, also where both are of one kind', () => {
    for (const { a, b } of allCases()) {
      const [left, right] = placesOf(a, b)
      expect([left.kind, right.kind]).toEqual([a, b])
      expect(left.namespace).not.toBe(right.namespace)
      expect(left.outside).not.toBe(right.outside)
    }
  })

  it('have addresses and names of their own, and names that the kernel takes for an interface', () => {
    for (const field of ['name', 'namespace', 'outside', 'inside'] as const)
      expect(new Set(PLACES.map(place => place[field])).size).toBe(PLACES.length)
    // IFNAMSIZ is 16, with the final zero.
    for (const { name } of PLACES) expect(name.length).toBeLessThanOrEqual(15)
  })
})
