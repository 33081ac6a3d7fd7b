import fc from 'fast-check'
import type { PeerId } from 'tabmesh'
import { expect, test } from 'vitest'
import type { GraphNode } from './graph.ts'
import { clockwiseFrom, outerRing, ringLayout } from './ring-layout.ts'

const id = (name: string): PeerId => name.padEnd(52, 'a') as PeerId
const ring = outerRing({ width: 600, height: 400, side: 50, above: 30, below: 70 })

test('digits come after letters on the ring, and the walk starts behind this tab', () => {
  const [a, m, z, two, seven] = ['ab', 'm', 'z', '2', '7'].map(id) as [PeerId, PeerId, PeerId, PeerId, PeerId]
  expect(clockwiseFrom(m, [seven, a, two, z])).toEqual([z, two, seven, a])
})

test('every peer has a place of its own inside the frame, this tab in the middle', () => {
  const peers = fc.uniqueArray(fc.stringMatching(/^[a-z2-7]{52}$/), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(peers, fc.integer({ min: 0, max: 8 }), (ids, linked) => {
      const nodes = ids.map((name, index): GraphNode => {
        return { id: name as PeerId, kind: index === 0 ? 'self' : index <= linked ? 'neighbour' : 'known' }
      })
      const places = ringLayout(nodes, ring)
      expect(places.size).toBe(ids.length)
      expect(places.get(ids[0] as PeerId)).toEqual(ring.centre)
      expect(new Set([...places.values()].map(({ x, y }) => `${x.toFixed(2)} ${y.toFixed(2)}`)).size).toBe(
        ids.length,
      )
      for (const { x, y } of places.values()) {
        expect(x).toBeGreaterThanOrEqual(49.9)
        expect(x).toBeLessThanOrEqual(550.1)
        expect(y).toBeGreaterThanOrEqual(29.9)
        expect(y).toBeLessThanOrEqual(330.1)
      }
    }),
  )
})

test('the order in which peers become known moves nobody', () => {
  const nodes = ['self', 'b', 'k', 'x', '4'].map((name, index): GraphNode => {
    return { id: id(name), kind: index === 0 ? 'self' : 'neighbour' }
  })
  const [first, ...others] = nodes as [GraphNode, ...GraphNode[]]
  const places = ringLayout(nodes, ring)
  for (const [peer, place] of ringLayout([first, ...others.reverse()], ring))
    expect(places.get(peer)).toEqual(place)
})

test('a frame too flat for two rings has one, with everybody on it', () => {
  const nodes = ['self', 'b', 'k', 'x', '4'].map((name, index): GraphNode => {
    return { id: id(name), kind: index === 0 ? 'self' : index < 3 ? 'neighbour' : 'known' }
  })
  const reach = (frame: typeof ring) =>
    [...ringLayout(nodes, frame).values()]
      .slice(1)
      .map(({ x, y }) => Math.hypot((x - frame.centre.x) / frame.rx, (y - frame.centre.y) / frame.ry))
      .map(share => share.toFixed(2))
  const flat = outerRing({ width: 600, height: 200, side: 50, above: 30, below: 70 })
  expect(reach(ring).sort()).toEqual(['0.54', '0.54', '1.00', '1.00'])
  expect(reach(flat)).toEqual(['1.00', '1.00', '1.00', '1.00'])
})
