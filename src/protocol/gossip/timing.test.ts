import { expect, test } from 'vitest'
import { GOSSIP_DEFAULTS } from './config.ts'
import { seeded } from './network.test-support.ts'
import { givenUpAfter, graftWait, retryDelay, transferTime } from './timing.ts'

const middle = { u32: () => 2 ** 31, bytes: (length: number) => new Uint8Array(length) }

test.each([
  [1, undefined, 1500],
  [1, 100, 1500],
  [1, 1000, 4000],
  [2, 100, 1000],
  [3, 100, 2000],
  [4, 100, 4000],
  [5, 100, 8000],
  [5, 3000, 12_000],
  [20, 100, 30_000],
])('the delay after attempt %i at a round trip of %s ms is %i ms', (attempts, roundTrip, delay) => {
  expect(retryDelay(attempts, roundTrip, GOSSIP_DEFAULTS, middle)).toBeCloseTo(delay)
})

test('retries are spread by a quarter, never below four round trips', () => {
  const random = seeded(1)
  for (let i = 0; i < 1000; i++) {
    const delay = retryDelay(3, 10, GOSSIP_DEFAULTS, random)
    expect(delay).toBeGreaterThanOrEqual(1500)
    expect(delay).toBeLessThanOrEqual(2500)
    expect(retryDelay(2, 300, GOSSIP_DEFAULTS, random)).toBeGreaterThanOrEqual(1200)
  }
})

test('a request outlasts every retry', () => {
  expect(givenUpAfter(GOSSIP_DEFAULTS)).toBe((1500 + 1000 + 2000 + 4000 + 8000) * 1.25)
})

test.each([
  [undefined, 0, 280],
  [0, 0, 80],
  [50, 0, 180],
  [50, 1, 360],
  [50, 3, 1440],
  [50, 9, 1440],
])('at a round trip of %s ms after %i silences a graft waits %i ms', (roundTrip, silences, wait) => {
  expect(graftWait(roundTrip, silences, GOSSIP_DEFAULTS.graftDelay)).toBe(wait)
})

test('an ack is not late before a slow link could have carried what it acks', () => {
  expect(transferTime(0)).toBe(0)
  expect(transferTime(256)).toBe(1)
  expect(transferTime(16 * 1024 * 1024)).toBe(65_536)
})
