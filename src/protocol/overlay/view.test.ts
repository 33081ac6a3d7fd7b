import { expect, it } from 'vitest'
import { bucketOf, clockwise, idFromBytes, type PeerId } from '../id.ts'
import { seeded } from './network.testing.ts'
import { NEAREST, PassiveView, VIEW_SIZE } from './view.ts'

function filled(count: number, k: number, seed: number) {
  const random = seeded(seed)
  const self = idFromBytes(random.bytes(32))
  const view = new PassiveView(self, random, k)
  const all: PeerId[] = []
  for (let i = 0; i < count; i++) {
    const id = idFromBytes(random.bytes(32))
    all.push(id)
    view.add(id)
  }
  return { self, view, all }
}

it('keeps the nearest on both sides, whoever else comes', () => {
  const { self, view, all } = filled(2000, 20, 1)
  all.sort((a, b) => clockwise(self, a) - clockwise(self, b))
  for (const id of [...all.slice(0, NEAREST), ...all.slice(-NEAREST)]) expect(view.has(id)).toBe(true)
})

it('is bounded, and holds k of a bucket besides the nearest', () => {
  for (const k of [3, 20]) {
    const { self, view } = filled(2000, k, 2)
    expect(view.size).toBeLessThanOrEqual(VIEW_SIZE)
    const counts = new Map<number, number>()
    for (const { id } of view) counts.set(bucketOf(self, id), (counts.get(bucketOf(self, id)) ?? 0) + 1)
    for (const count of counts.values()) expect(count).toBeLessThanOrEqual(k + 2 * NEAREST)
  }
})

it('a larger k keeps more of the far half', () => {
  const far = (k: number) => {
    const { self, view } = filled(2000, k, 3)
    return [...view].filter(({ id }) => bucketOf(self, id) === 0).length
  }
  expect(far(20)).toBeGreaterThan(far(5))
})

it('does not know itself, and forgets what it is told to', () => {
  const { self, view, all } = filled(10, 20, 4)
  view.add(self)
  expect(view.has(self)).toBe(false)
  const [first] = all
  if (first !== undefined) view.remove(first)
  expect(view.size).toBe(9)
  view.clear()
  expect(view.size).toBe(0)
})
