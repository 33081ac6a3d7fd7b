import { expect, test } from 'vitest'
import { GOSSIP_DEFAULTS } from './config.ts'
import { seeded } from './network.test-support.ts'
import { givenUpAfter, graftWait, retryDelay, transferTime } from './timing.ts'

const middle = { u32: () => 2 ** 31, bytes: (length: number) => new Uint8Array(length) }

test.each([
  [1, undefined, 250],
  [1, 20, 250],
  [1, 100, 350],
  [1, 1000, 2150],
  [2, 100, 350],
  [3, 100, 1000],
  [4, 100, 2000],
  [6, 100, 8000],
  [6, 6000, 12_150],
  [20, 100, 30_000],
])('the delay after attempt %i at a round trip of %s ms is %i ms', (attempts, roundTrip, delay) => {
  expect(retryDelay(attempts, roundTrip, GOSSIP_DEFAULTS, middle)).toBeCloseTo(delay)
})

test('questions are spread by a quarter, never below the delay of acks and two round trips', () => {
  const random = seeded(1)
  for (let i = 0; i < 1000; i++) {
    const delay = retryDelay(4, 10, GOSSIP_DEFAULTS, random)
    expect(delay).toBeGreaterThanOrEqual(1500)
    expect(delay).toBeLessThanOrEqual(2500)
    expect(retryDelay(3, 500, GOSSIP_DEFAULTS, random)).toBeGreaterThanOrEqual(1150)
  }
})

test('a request outlasts every question', () => {
  expect(givenUpAfter(GOSSIP_DEFAULTS)).toBe((250 + 250 + 1000 + 2000 + 4000 + 8000) * 1.25)
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
