import { describe, expect, test, vi } from 'vitest'
import type { RequestId } from '../input.ts'
import { Frame } from '../wire/frame.ts'
import { writeRanges } from './frames.ts'
import { ROUTING_LIMITS } from './limits.ts'
import { TestNetwork } from './network.test-support.ts'

vi.setConfig({ testTimeout: 60_000 })
const SECONDS = 1000
const body = new Uint8Array(100)

/** 0 – 1 – 3 and 0 – 2 – 3: the two ends know each other already. */
function diamond(seed: number, limits = {}): TestNetwork {
  const network = new TestNetwork({ seed, ...limits })
  for (let i = 0; i < 4; i++) network.addPeer()
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 3],
  ] as const)
    network.link(a, b)
  network.tellNeighbours()
  network.send(0, network.peer(3).id, body)
  network.elapse(2 * SECONDS)
  return network
}

function sum(network: TestNetwork, field: 'retries' | 'resent'): number {
  return network.peers.reduce((all, { routing }) => all + routing.stats[field], 0)
}

function kept(network: TestNetwork): number {
  return network.peers.reduce((all, { routing }) => all + routing.stats.tables.kept, 0)
}

function outcomes(network: TestNetwork, requests: readonly RequestId[]): (string | undefined)[] {
  return [...new Set(requests.map(request => network.outcome(0, request)))]
}

describe('frames between two hops', () => {
  test('a hop that dies with letters in flight takes none with it: they go another way at once, not from end to end', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const network = diamond(seed)
      let via = 1
      network.tap = (from, to, frame) => {
        if (from === 0 && frame[0] === Frame.ROUTED) via = to
        return frame
      }
      const requests = Array.from({ length: 20 }, () => network.send(0, network.peer(3).id, body))
      // Less than any link takes.
      network.elapse(5)
      network.kill(via)
      network.tellNeighbours()
      network.elapse(300)
      expect([seed, outcomes(network, requests), sum(network, 'retries')]).toEqual([seed, ['ok'], 0])
      expect(network.peer(3).delivered.length).toBe(21)
    }
  })

  test('an answer whose hop dies goes another way, too', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const network = diamond(seed)
      let back: number | undefined
      network.tap = (from, to, frame) => {
        if (from === 3 && frame[0] === Frame.ROUTED) back = to
        return frame
      }
      const request = network.send(0, network.peer(3).id, body)
      while (back === undefined) network.elapse(1)
      network.kill(back)
      network.elapse(300)
      expect([seed, network.outcome(0, request), sum(network, 'retries')]).toEqual([seed, 'ok', 0])
    }
  })

  test('what a silent hop has not taken goes past it; a neighbour that may be asked is asked', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const network = diamond(seed)
      for (const link of network.peer(0).links.values()) network.peer(0).routing.roundTrip(link, 60)
      let via = 0
      network.tap = (from, to, frame) => {
        if (via === 0 && from === 0 && frame[0] === Frame.ROUTED) via = to
        return from === via || to === via ? undefined : frame
      }
      // No receipt: nobody else would notice.
      network.send(0, network.peer(3).id, body, { receipt: false })
      network.elapse(4 * SECONDS)
      expect([seed, network.peer(3).delivered.length]).toEqual([seed, 2])
      expect(network.doubts).toEqual([network.peer(0).links.get(via)])
    }
  })

  test('one in five frames lost, TAKEN too: all arrive once', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const network = TestNetwork.swarm(60, 6, { seed })
      for (const { routing, links } of network.peers)
        for (const link of links.values()) routing.roundTrip(link, 60)
      network.tap = (_from, _to, frame) => (network.random.u32() % 5 === 0 ? undefined : frame)
      const requests = Array.from({ length: 200 }, (_, i) =>
        network.send(0, network.peer(1 + (i % 59)).id, body),
      )
      network.elapse(12 * SECONDS)
      expect([seed, outcomes(network, requests)]).toEqual([seed, ['ok']])
      expect(network.peers.reduce((all, { delivered }) => all + delivered.length, 0)).toBe(200)
      network.elapse(30 * SECONDS)
      expect([seed, kept(network)]).toEqual([seed, 0])
    }
  })

  test('where nothing is lost nothing goes twice, and TAKEN costs a few bytes', () => {
    const network = diamond(7)
    const bytes = { taken: 0, all: 0 }
    network.tap = (_from, _to, frame) => {
      bytes.all += frame.length
      if (frame[0] === Frame.TAKEN) bytes.taken += frame.length
      return frame
    }
    for (let i = 0; i < 500; i++) {
      network.send(0, network.peer(3).id, body)
      network.elapse(10)
    }
    network.elapse(2 * SECONDS)
    expect([sum(network, 'resent'), sum(network, 'retries'), kept(network)]).toEqual([0, 0, 0])
    expect(bytes.taken / bytes.all).toBeLessThan(0.03)
    expect(network.doubts).toEqual([])
  })

  test('what is kept stays under its bounds; what is over them goes all the same', () => {
    const network = diamond(8, { maxHopFrames: 5, maxHopBytes: 2000 })
    const requests = Array.from({ length: 40 }, () => network.send(0, network.peer(3).id, body))
    const large = network.send(0, network.peer(3).id, new Uint8Array(5000))
    expect(network.peer(0).routing.stats.tables.kept).toBeLessThanOrEqual(10)
    network.elapse(5 * SECONDS)
    expect(outcomes(network, [...requests, large])).toEqual(['ok'])
  })

  test('a frame that comes twice is taken once, and TAKEN is said again', () => {
    const network = diamond(9)
    const types: number[] = []
    const requests: RequestId[] = []
    network.tap = (from, to, frame) => {
      if (from === 0 && frame[0] === Frame.ROUTED)
        network.inject(to, network.peer(to).links.get(from) as number, frame)
      if (to === 0) types.push(frame[0] as number)
      return frame
    }
    requests.push(network.send(0, network.peer(3).id, body))
    network.elapse(2 * SECONDS)
    expect(outcomes(network, requests)).toEqual(['ok'])
    expect(network.peer(3).delivered.length).toBe(2)
    expect(types).not.toContain(Frame.BOUNCED)
  })

  test('TAKEN for what was never sent is an offence; so is one longer than any that is written', () => {
    const network = diamond(10)
    const [link] = network.peer(0).links.values()
    const many = Array.from({ length: 129 }, (_, i) => [2 * i, 2 * i]).flat()
    network.inject(0, link as number, writeRanges(Frame.TAKEN, [1000, 1000]))
    network.inject(0, link as number, writeRanges(Frame.TAKEN, many))
    expect(network.peer(0).drops).toEqual(['unexpected', 'too-large'])
    expect(ROUTING_LIMITS.maxHopFrames).toBeGreaterThan(64)
  })
})
