import { expect, test, vi } from 'vitest'
import { ringDistance, ringPosition } from '../id.ts'
import { Frame } from '../wire/frame.ts'
import { Writer } from '../wire/writer.ts'
import { MAX_PLACES } from './horizon.ts'
import { TestNetwork } from './network.test-support.ts'
import { PLACE_UNIT } from './sight.ts'

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

test('who is misled by what neighbours have heard goes by their own links at once', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const network = new TestNetwork({ seed })
    for (let i = 0; i < 10; i++) network.addPeer()
    const to = network.peer(0)
    const far = (i: number) => ringDistance(network.peer(i).id, to.id)
    // A way of four links to the target, and next to its first peer those who have heard of the target and lead nowhere.
    const [last, next, first, from, ...rumours] = [1, 2, 3, 4, 5, 6, 7, 8, 9].sort(
      (a, b) => far(a) - far(b),
    ) as [number, number, number, number, ...number[]]
    network.link(from, first)
    network.link(first, next)
    network.link(next, last)
    network.link(last, 0)
    for (const rumour of rumours) network.link(from, rumour)
    network.tellNeighbours()
    network.elapse(5 * SECONDS)
    const place = Math.floor(ringPosition(to.id) / PLACE_UNIT)
    const frame = new Writer().u8(Frame.HORIZON).varint(1)
    for (const shift of [16, 8, 0]) frame.u8((place >>> shift) & 255)
    const horizon = frame.finish()
    for (const rumour of rumours)
      network.inject(from, network.peer(from).links.get(rumour) as number, horizon.slice())
    let detours = 0
    network.tap = (_from, to, frame) => {
      if (frame[0] === Frame.ROUTED && rumours.includes(to)) detours++
      return frame
    }
    const request = network.send(from, to.id, new Uint8Array(4))
    network.elapse(5 * SECONDS)
    expect(network.outcome(from, request), `seed ${seed}`).toBe('ok')
    // The question for the target's record, and the letter itself.
    expect(detours, `seed ${seed}`).toBe(2)
  }
})

test('what a fault changes is told within half a second, four times in a row, and then seldom', () => {
  const network = TestNetwork.swarm(200, 8, { seed: 6 })
  network.elapse(200 * SECONDS)
  const told: number[] = []
  for (let fault = 0; fault < 6; fault++) {
    let frames = 0
    network.tap = (_from, _to, frame) => {
      if (frame[0] === Frame.HORIZON) frames++
      return frame
    }
    for (let i = fault; i < 200; i += 10) network.kill(i)
    network.tellNeighbours()
    network.elapse(SECONDS / 2 + 50)
    told.push(frames)
  }
  const first = told[0] as number
  expect(first, `${told}`).toBeGreaterThan(500)
  for (const frames of told.slice(1, 4)) expect(frames, `${told}`).toBeGreaterThan(first / 3)
  for (const frames of told.slice(4)) expect(frames, `${told}`).toBeLessThan(first / 10)
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
