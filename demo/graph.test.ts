import type { LinkStats, PeerId } from 'tabmesh'
import { expect, test } from 'vitest'
import { edgeKey, graphOf, wayBetween } from './graph.ts'

const id = (name: string): PeerId => name.padEnd(52, 'a') as PeerId
const [self, b, c, d, e] = ['self', 'b', 'c', 'd', 'e'].map(id) as [PeerId, PeerId, PeerId, PeerId, PeerId]

const link = (peer: PeerId): LinkStats => ({
  peer,
  roundTrip: 1,
  bytesSent: 0,
  bytesReceived: 0,
  packetsSent: 0,
  packetsReceived: 0,
  path: 'direct',
  slot: 'ring',
  signaledBy: 'mesh',
  age: 0,
  interests: ['*'],
  intents: [],
})

test('own links and hearsay make one graph without doubles', () => {
  const topology = [
    { peer: b, neighbours: [self, c, d] },
    { peer: c, neighbours: [b, self] },
  ]
  const graph = graphOf(self, [e], { links: [link(b), link(c)], topology })
  expect(graph.nodes.map(({ id, kind }) => [id, kind])).toEqual([
    [self, 'self'],
    [b, 'neighbour'],
    [c, 'neighbour'],
    [d, 'known'],
    [e, 'known'],
  ])
  expect(new Set(graph.edges.map(({ key }) => key))).toEqual(
    new Set([edgeKey(self, b), edgeKey(self, c), edgeKey(b, c), edgeKey(b, d)]),
  )
  expect(graph.edges.filter(({ link }) => link).length).toBe(2)
})

test('a neighbour that claims a link to us which we do not have gets none', () => {
  const graph = graphOf(self, [], { links: [link(b)], topology: [{ peer: c, neighbours: [self] }] })
  expect(graph.edges.map(({ key }) => key)).toEqual([edgeKey(self, b)])
})

test('what finds no room is counted, neighbours come first', () => {
  const graph = graphOf(self, [c, d, e], { links: [link(b)], topology: [] }, 2)
  expect(graph.nodes.map(({ id }) => id)).toEqual([self, b, c])
  expect(graph.hidden).toBe(2)
})

test('the way of a message is the shortest known one, or none', () => {
  const topology = [
    { peer: b, neighbours: [d] },
    { peer: d, neighbours: [e] },
  ]
  const graph = graphOf(self, [c], { links: [link(b)], topology })
  expect(wayBetween(graph, e, self)).toEqual([e, d, b, self])
  expect(wayBetween(graph, b, self)).toEqual([b, self])
  expect(wayBetween(graph, c, self)).toEqual([])
  expect(wayBetween(graph, self, self)).toEqual([self])
})
