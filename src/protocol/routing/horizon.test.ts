import { expect, test, vi } from 'vitest'
import { Frame } from '../wire/frame.ts'
import { Writer } from '../wire/writer.ts'
import { MAX_PLACES } from './horizon.ts'
import { TestNetwork } from './network.test-support.ts'

vi.setConfig({ testTimeout: 60_000 })
const SECONDS = 1000

function meanHops(network: TestNetwork, messages: number): number {
  for (const peer of network.peers) peer.delivered.length = 0
  const { length } = network.peers
  for (let i = 0; i < messages; i++) {
    const from = network.random.u32() % length
    const to = network.random.u32() % length
    if (from !== to) network.send(from, network.peer(to).id, new Uint8Array(4))
    network.elapse(20)
  }
  network.elapse(5 * SECONDS)
  const hops = network.peers.flatMap(({ delivered }) => delivered.map(message => message.hops))
  return hops.reduce((sum, each) => sum + each, 0) / hops.length
}

test('letters take a fifth less with horizons, where links are few', () => {
  const hops = [true, false].map(isBlind => {
    const network = TestNetwork.swarm(1000, 5, { seed: 3 })
    network.tap = (_from, _to, frame) => (isBlind && frame[0] === Frame.HORIZON ? undefined : frame)
    network.elapse(40 * SECONDS)
    return meanHops(network, 400)
  }) as [number, number]
  expect(hops[1] / hops[0], `${hops}`).toBeLessThan(0.8)
})

test('nothing is told while nothing changes, and never more than a bound', () => {
  const network = TestNetwork.swarm(200, 8, { seed: 4 })
  let frames = 0
  let longest = 0
  network.tap = (_from, _to, frame) => {
    if (frame[0] === Frame.HORIZON) {
      frames++
      longest = Math.max(longest, frame.length)
    }
    return frame
  }
  network.elapse(60 * SECONDS)
  expect(frames).toBeGreaterThan(0)
  expect(longest).toBeLessThanOrEqual(3 + 3 * MAX_PLACES)
  frames = 0
  network.tellNeighbours()
  network.elapse(120 * SECONDS)
  expect(frames).toBe(0)
})

test('a horizon that does not parse is told apart', () => {
  const network = TestNetwork.swarm(2, 4, { seed: 5 })
  const [link] = network.peer(0).links.values()
  const inject = (...bytes: number[]) =>
    network.inject(0, link as number, Uint8Array.of(Frame.HORIZON, ...bytes))
  inject()
  inject(2, 1, 2, 3)
  inject(1, 1, 2)
  inject(200)
  network.inject(
    0,
    link as number,
    new Writer().u8(Frame.HORIZON).varint(0).bytes(new Uint8Array(390)).finish(),
  )
  expect(network.peer(0).drops).toEqual(['malformed', 'malformed', 'malformed', 'malformed', 'too-large'])
})
