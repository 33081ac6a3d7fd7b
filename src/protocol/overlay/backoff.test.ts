import { expect, it } from 'vitest'
import { idFromBytes } from '../id.ts'
import { Backoff, FIRST_WAIT, GONE_AFTER, MAX_WAIT, waitAfter } from './backoff.ts'
import { seeded } from './network.testing.ts'

const peer = idFromBytes(new Uint8Array(32).fill(7))

it.each([
  [1, FIRST_WAIT],
  [2, 2 * FIRST_WAIT],
  [4, 8 * FIRST_WAIT],
  [30, MAX_WAIT],
])('after %i failures the wait is %i ms', (failures, wait) => {
  expect(waitAfter(failures)).toBe(wait)
})

it('a failed peer waits, and is gone after three failures', () => {
  const backoff = new Backoff(seeded(1))
  expect(backoff.failed(peer, false, 0)).toBe(false)
  expect(backoff.ready(peer, true, 700)).toBe(false)
  expect(backoff.ready(peer, true, 1300)).toBe(true)
  backoff.failed(peer, false, 0)
  expect(backoff.failed(peer, false, 0)).toBe(true)
  expect(GONE_AFTER).toBe(3)
  backoff.succeeded(peer)
  expect(backoff.ready(peer, false, 0)).toBe(true)
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
