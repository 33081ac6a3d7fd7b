import { expect, test } from 'vitest'
import { courseOf, pathData, pointAt, reversed } from './curve.ts'

const centre = { x: 0, y: 0 }

test('a pulse starts and ends where its link does', () => {
  const curve = courseOf({ x: -10, y: 4 }, { x: 10, y: 4 }, centre, false)
  expect(pointAt(curve, 0)).toEqual({ x: -10, y: 4 })
  expect(pointAt(curve, 1)).toEqual({ x: 10, y: 4 })
})

test('own links are straight, others bow away from the middle whichever end comes first', () => {
  const left = { x: -10, y: 4 }
  const right = { x: 10, y: 4 }
  expect(pointAt(courseOf(left, right, centre, true), 0.5)).toEqual({ x: 0, y: 4 })
  expect(pointAt(courseOf(left, right, centre, false), 0.5).y).toBeGreaterThan(4)
  expect(pointAt(courseOf(right, left, centre, false), 0.5).y).toBeGreaterThan(4)
})

test('a course is a quadratic path', () => {
  expect(pathData(courseOf({ x: 0, y: 0 }, { x: 10, y: 0 }, centre, true))).toBe('M0.0 0.0Q5.0 0.0 10.0 0.0')
})

test('a pulse can run a course from either end', () => {
  const curve = courseOf({ x: -10, y: 4 }, { x: 10, y: 9 }, centre, false)
  const there = pointAt(curve, 0.25)
  const back = pointAt(reversed(curve), 0.75)
  expect(back.x).toBeCloseTo(there.x)
  expect(back.y).toBeCloseTo(there.y)
})
