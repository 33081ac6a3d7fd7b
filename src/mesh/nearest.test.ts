import { describe, expect, it } from 'vitest'
import { editDistance, nearest } from './nearest.ts'

describe('edit distance', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', 'ABC', 0],
    ['', 'abc', 3],
    ['maxPeer', 'maxPeers', 1],
    ['iceServres', 'iceServers', 1],
    ['kitten', 'sitting', 3],
  ])('from %j to %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
    expect(editDistance(b, a)).toBe(distance)
  })
})

it('finds the nearest name', () => {
  expect(nearest('swrm', ['transport', 'swarm', 'identity'])).toBe('swarm')
  expect(nearest('x'.repeat(1e6), ['swarm'])).toBe('swarm')
  expect(nearest('x', [])).toBeUndefined()
})
