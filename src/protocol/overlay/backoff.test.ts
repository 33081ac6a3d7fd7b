import { expect, it } from 'vitest'
import { BACKOFF, waitAfter } from '../backoff.ts'
import { idFromBytes } from '../id.ts'
import { Backoff } from './backoff.ts'
import { seeded } from './network.testing.ts'

const peer = idFromBytes(new Uint8Array(32).fill(7))

it.each([
  [1, 1000],
  [2, 2000],
  [4, 8000],
  [30, 60_000],
])('after %i failures the wait is %i ms', (failures, wait) => {
  expect(waitAfter(failures, BACKOFF)).toBe(wait)
})

it('a failed peer waits, and is gone after three failures', () => {
  const backoff = new Backoff(seeded(1))
  expect(backoff.failed(peer, false, 0)).toBe(false)
  expect(backoff.ready(peer, true, 700)).toBe(false)
  expect(backoff.ready(peer, true, 1300)).toBe(true)
  backoff.failed(peer, false, 0)
  expect(backoff.failed(peer, false, 0)).toBe(true)
  backoff.succeeded(peer)
  expect(backoff.ready(peer, false, 0)).toBe(true)
})

it('is doubted for ten seconds after its wait', () => {
  const backoff = new Backoff(seeded(1))
  backoff.failed(peer, true, 0)
  const ready = backoff.readyAt(peer, true)
  expect(backoff.failing(peer)).toBe(true)
  expect(backoff.failing(peer, ready + 9999)).toBe(true)
  expect(backoff.failing(peer, ready + 10_000)).toBe(false)
})

it('waits as it is told to', () => {
  const options = { initial: 100, max: 500, factor: 3, attempts: 2 }
  expect([1, 2, 3].map(failures => waitAfter(failures, options))).toEqual([100, 300, 500])
  const backoff = new Backoff(seeded(1), options)
  expect(backoff.failed(peer, false, 0)).toBe(false)
  expect(backoff.ready(peer, true, 130)).toBe(true)
  expect(backoff.failed(peer, false, 0)).toBe(true)
})

it('forgets its waits after a sleep, and not who misbehaved', () => {
  const backoff = new Backoff(seeded(4))
  const other = idFromBytes(new Uint8Array(32).fill(8))
  backoff.failed(peer, true, 0)
  backoff.shun(other, 0)
  backoff.calm()
  expect([backoff.ready(peer, true, 1), backoff.shuns(other, 1)]).toEqual([true, true])
})

it('a full peer may still be asked for the ring', () => {
  const backoff = new Backoff(seeded(2))
  backoff.defer(peer, 4000, false, 0)
  expect(backoff.ready(peer, false, 100)).toBe(false)
  expect(backoff.ready(peer, true, 100)).toBe(true)
})

it('remembers a bounded number of peers', () => {
  const random = seeded(3)
  const backoff = new Backoff(random)
  const first = idFromBytes(random.bytes(32))
  backoff.failed(first, false, 0)
  for (let i = 0; i < 300; i++) backoff.failed(idFromBytes(random.bytes(32)), false, 10_000)
  expect(backoff.ready(first, true, 0)).toBe(true)
})
