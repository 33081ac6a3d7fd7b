import type { PeerId } from 'tabmesh'
import { expect, test } from 'vitest'
import { defaultName, idNumber } from './pleasant-name.ts'

const id = (start: string): PeerId => start.padEnd(52, 'a') as PeerId

test('a default name is the same in every tab and two words long', () => {
  expect(defaultName(id('k3f7qxab'))).toBe(defaultName(id('k3f7qxab')))
  expect(defaultName(id('k3f7qxab'))).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/)
})

test('the first forty bits of an id are read as base32', () => {
  expect(idNumber(id('aaaaaaab'))).toBe(1)
  expect(idNumber(id('aaaaaa7a'))).toBe(31 * 32)
  expect(idNumber(id('77777777'))).toBe(2 ** 40 - 1)
})

test('a hundred random ids have some ninety names', () => {
  const letters = 'abcdefghijklmnopqrstuvwxyz234567'
  let state = 7
  const letter = (): string => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return letters[state >>> 27] ?? 'a'
  }
  const names = new Set(
    Array.from({ length: 100 }, () => defaultName(id(Array.from({ length: 8 }, letter).join('')))),
  )
  expect(names.size).toBeGreaterThan(90)
})
