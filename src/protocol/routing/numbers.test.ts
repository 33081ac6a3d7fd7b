import { expect, test } from 'vitest'
import type { PeerId } from '../id.ts'
import { Numbers } from './numbers.ts'

test('a receiver that was forgotten never gets a number twice', () => {
  const numbers = new Numbers(3)
  const given = new Map<string, Set<number>>()
  for (let i = 0; i < 200; i++) {
    const to = `peer ${(i * i) % 7}` as PeerId
    const number = numbers.next(to)
    const before = given.get(to) ?? new Set()
    expect(before.has(number)).toBe(false)
    expect(number).toBeGreaterThan(Math.max(0, ...before))
    expect(numbers.highest(to)).toBe(number)
    given.set(to, before.add(number))
    expect(numbers.size).toBeLessThanOrEqual(3)
  }
})
