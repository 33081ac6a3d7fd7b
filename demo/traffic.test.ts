import type { LinkStats, PeerId } from 'tabmesh'
import { expect, test } from 'vitest'
import { Traffic } from './traffic.ts'

const link = (name: string, bytesSent: number, bytesReceived: number): LinkStats => ({
  peer: name.padEnd(52, 'a') as PeerId,
  roundTrip: undefined,
  bytesSent,
  bytesReceived,
  packetsSent: 0,
  packetsReceived: 0,
  path: 'unknown',
  slot: 'ring',
  signaledBy: 'mesh',
  age: 0,
  interests: ['*'],
  intents: [],
})

test('a new link has carried nothing; a heartbeat is no message; a message shows its direction', () => {
  const traffic = new Traffic()
  expect(traffic.since([link('b', 900, 900)])).toEqual([])
  expect(traffic.since([link('b', 912, 912)])).toEqual([])
  expect(traffic.since([link('b', 1200, 912)]).map(({ direction }) => direction)).toEqual(['out'])
  expect(traffic.since([link('b', 1200, 1300)]).map(({ direction }) => direction)).toEqual(['in'])
})

test('a link that was closed and opened again starts from its new counters', () => {
  const traffic = new Traffic()
  traffic.since([link('b', 5000, 5000)])
  traffic.since([])
  expect(traffic.since([link('b', 200, 200)])).toEqual([])
})
