import { expect, it } from 'vitest'
import type { Effect } from './effect.ts'
import { base32, type PeerId } from './id.ts'
import { Door } from './node-door.ts'
import { LETTER } from './overlay/letters.ts'
import type { Letter } from './routing/routing.ts'

const idOf = (n: number) => base32(new Uint8Array(32).fill(n)) as PeerId
const letter = (n: number, kind: number): Letter =>
  ({
    kind: 'letter',
    from: idOf(n),
    letter: kind,
    body: Uint8Array.of(n),
    hops: 0,
    via: 'signaling',
  }) as Letter

it('of a silent peer hides it from strangers that ask, and from nobody else', () => {
  const door = new Door(false)
  const out: Effect[] = []
  expect(door.takes(letter(1, LETTER.ASK), out)).toBe(false)
  door.silent = true
  expect(door.takes(letter(1, LETTER.ASK), out)).toBe(true)
  expect(door.takes(letter(1, LETTER.ACCEPT), out)).toBe(false)
  door.acquaint(idOf(1))
  expect(door.takes(letter(1, LETTER.ASK), out)).toBe(false)
  expect(out).toEqual([])
})

it('asks the application once about a peer, keeps one ask of it meanwhile, and no more than 64 peers', () => {
  const door = new Door(true)
  const out: Effect[] = []
  expect(door.takes(letter(1, LETTER.ASK), out)).toBe(true)
  expect(door.lets(idOf(1), out)).toBe(false)
  expect(out).toEqual([{ kind: 'accept', peer: idOf(1) }])
  expect(door.decided(idOf(1), true)?.body).toEqual(Uint8Array.of(1))
  expect(door.lets(idOf(1), out)).toBe(true)
  for (let n = 2; n < 100; n++) door.takes(letter(n, LETTER.ASK), out)
  expect(out).toHaveLength(65)
  expect(door.decided(idOf(2), false)).toBeDefined()
  expect(door.lets(idOf(2), out)).toBe(false)
  expect(door.decided(idOf(99), true)).toBeUndefined()
  expect(door.lets(idOf(99), out)).toBe(false)
})
