import { describe, expect, test } from 'vitest'
import { Course } from './compass.ts'
import { MAX_BUDGET } from './frames.ts'
import { ROUTING_LIMITS } from './limits.ts'
import { deadEndDelay, nextTurn, RoundTrip, roadOf, turnOf } from './retry.ts'

describe('the road of an attempt', () => {
  test.each([
    ['mesh', 1, true, true, 'mesh'],
    ['mesh', 2, false, true, 'mesh'],
    ['any', 1, true, true, 'mesh'],
    ['any', 2, true, true, 'signaling'],
    ['any', 3, true, true, 'mesh'],
    ['any', 1, false, true, 'signaling'],
    ['any', 2, true, false, 'mesh'],
    ['signaling', 1, true, true, 'signaling'],
    ['signaling', 2, true, true, 'mesh'],
    ['signaling', 2, false, true, 'signaling'],
    ['signaling', 1, true, false, 'mesh'],
    ['signaling', 1, false, false, 'mesh'],
  ] as const)('%s, attempt %i, links %s, signaling %s: %s', (via, attempt, hasLinks, up, road) => {
    expect(roadOf(via, attempt, hasLinks, up)).toBe(road)
  })

  test('any, after dead ends: the mesh once more before the server', () => {
    const roads = [1, 2, 3, 4, 5].map(attempt => roadOf('any', attempt, true, true, attempt - 1))
    expect(roads).toEqual(['mesh', 'mesh', 'signaling', 'mesh', 'signaling'])
  })
})

test('three attempts come near the target from three sides, the fourth does not believe the ring', () => {
  const { NEAREST, BEYOND, BEFORE, LAST } = Course
  const courses: Course[] = []
  for (let turn = 0; courses.length < 5; turn = nextTurn(turn, false)) courses.push(turnOf(turn).course)
  expect(courses).toEqual([NEAREST, BEYOND, BEFORE, LAST, NEAREST])
})

test('a walk that was spent is followed by a search, and a search by the first turn again', () => {
  for (let turn = 0; turn < 5; turn++) {
    const search = nextTurn(turn, true)
    expect(turnOf(search)).toEqual({ course: Course.LAST, budget: MAX_BUDGET })
    expect(nextTurn(search, false)).toBe(0)
  }
})

test('dead ends are spread over the span that a ring needs to mend', () => {
  let span = 0
  for (let count = 1; count < ROUTING_LIMITS.deadEnds; count++) span += deadEndDelay(ROUTING_LIMITS, count)
  expect(span).toBeGreaterThanOrEqual(ROUTING_LIMITS.deadEndSpan)
})

describe('the retransmission timeout', () => {
  const { retryInitial, retryMin, retryMax, bytesPerMs } = ROUTING_LIMITS

  test('begins at the initial value, doubles, and ends at the most', () => {
    const roundTrip = new RoundTrip(ROUTING_LIMITS)
    expect([1, 2, 3, 9].map(attempt => roundTrip.timeout(attempt, 0))).toEqual([
      retryInitial,
      2 * retryInitial,
      retryMax,
      retryMax,
    ])
  })

  test('follows what is measured, not below the least', () => {
    const roundTrip = new RoundTrip(ROUTING_LIMITS)
    for (let i = 0; i < 50; i++) roundTrip.measured(10)
    expect(roundTrip.timeout(1, 0)).toBe(retryMin)
    for (let i = 0; i < 50; i++) roundTrip.measured(900)
    expect(roundTrip.timeout(1, 0)).toBeGreaterThan(900)
  })

  test('gives a large body the time it takes', () => {
    expect(new RoundTrip(ROUTING_LIMITS).timeout(1, 1000 * bytesPerMs)).toBe(retryInitial + 1000)
  })
})
