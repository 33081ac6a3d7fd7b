import { describe, expect, test, vi } from 'vitest'
import { Frame } from '../wire/frame.ts'
import { BODY, network } from './ledger.test-support.ts'
import type { Network } from './network.test-support.ts'

// Thousands of events on machines that may be busy: the clock inside is virtual, the one outside must not decide.
vi.setConfig({ testTimeout: 60_000 })

function duplicatesDuring(net: Network, act: () => void): number {
  net.resetCounters()
  const before = net.total('duplicates')
  act()
  const deliveries = net.peers.reduce((sum, peer) => sum + peer.delivered.length, 0)
  return (net.total('duplicates') - before) / deliveries
}

describe('everything arrives exactly once and in order', () => {
  test('on a line', () => {
    const { net, ledger } = network({ seed: 1 })
    for (let i = 0; i < 10; i++) net.add()
    for (let i = 0; i < 9; i++) net.link(i, i + 1)
    net.run(1000)
    for (const from of [0, 5, 9, 0, 5, 9]) ledger.send(from)
    net.run(5000)
    expect(ledger.differences()).toEqual([])
  })

  test('on a ring', () => {
    const { net, ledger } = network({ seed: 2 })
    net.randomGraph(12, 2)
    for (let round = 0; round < 3; round++) for (let from = 0; from < 12; from += 3) ledger.send(from)
    net.run(5000)
    expect(ledger.differences()).toEqual([])
  })

  test('in a full mesh of six: once over each link from the first message, nobody passes it on', () => {
    const { net, ledger } = network({ seed: 3 })
    net.fullMesh(6)
    for (let from = 0; from < 6; from++) {
      ledger.send(from)
      net.run(1000)
    }
    expect(ledger.differences()).toEqual([])
    expect(net.total('duplicates')).toBe(0)
    expect(net.total('pushed')).toBe(6 * 5)
    expect(net.peers.flatMap(peer => peer.delivered).every(each => each.hops === 1)).toBe(true)
  })

  test.each([
    [20, 4, 11],
    [60, 5, 12],
    [200, 8, 13],
  ])('in a random graph of %i peers of degree %i', (count, degree, seed) => {
    const { net, ledger } = network({ seed })
    net.randomGraph(count, degree)
    for (let round = 0; round < 3; round++) {
      for (let from = 0; from < 8; from++) ledger.send(from)
      net.run(300)
    }
    net.run(10_000)
    expect(ledger.differences()).toEqual([])
  })

  test('twenty at once by one peer, signatures answered late', () => {
    const { net, ledger } = network({ seed: 4, cryptoTime: 40 })
    net.randomGraph(20, 4)
    for (let i = 0; i < 20; i++) ledger.send(7)
    net.run(5000)
    expect(ledger.differences()).toEqual([])
  })
})

describe('duplicates', () => {
  test.each([
    [20, 4],
    [100, 8],
  ])('%i peers of degree %i: none for a warm sender, few for a cold one beside it', (count, degree) => {
    const { net, ledger } = network({ seed: 21 })
    net.randomGraph(count, degree)
    ledger.send(0)
    net.run(5000)
    expect(
      duplicatesDuring(net, () => {
        ledger.send(0)
        net.run(5000)
      }),
    ).toBeLessThanOrEqual(0.05)
    expect(
      duplicatesDuring(net, () => {
        for (let i = 0; i < 10; i++) {
          ledger.send(0)
          net.run(500)
        }
        net.run(5000)
      }),
      // The tree that began with the ground's is still being shortened.
    ).toBeLessThanOrEqual(0.01)
    expect(
      duplicatesDuring(net, () => {
        for (let from = 1; from <= 5; from++) {
          ledger.send(from)
          net.run(3000)
        }
      }),
    ).toBeLessThanOrEqual(0.3)
    expect(
      duplicatesDuring(net, () => {
        for (let from = 1; from <= 5; from++) {
          ledger.send(from)
          net.run(3000)
        }
      }),
    ).toBeLessThanOrEqual(0.05)
  })

  test('are acked, and cost no crypto', () => {
    const { net } = network({ seed: 5 })
    net.fullMesh(2)
    let frame: Uint8Array | undefined
    net.onFrame = (_, __, bytes) => {
      if (bytes[0] === 0x20) frame = bytes
    }
    net.broadcast(0, 'once')
    net.run(1000)
    const [link] = net.peer(1).pipes.keys()
    const acks = net.peer(1).gossip.stats.acks
    for (let i = 0; i < 10; i++) expect(net.inject(1, link!, frame!)).toBeUndefined()
    expect(net.peer(1).gossip.stats.verifying).toBe(0)
    net.run(1000)
    expect(net.peer(1).gossip.stats.duplicates).toBe(10)
    expect(net.peer(1).gossip.stats.acks).toBe(acks + 1)
    expect(net.peer(1).delivered).toHaveLength(1)
  })
})

describe('packets and bytes per delivery of 200 bytes', () => {
  test('stay below 2 and 500 when twenty tabs of degree 4 talk', () => {
    const { net } = network({ seed: 6 })
    net.randomGraph(20, 4)
    for (let i = 0; i < 20; i++) {
      net.broadcast(i, BODY)
      net.run(200)
    }
    net.run(5000)
    net.resetCounters()
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 20; i++) {
        net.broadcast(i, BODY)
        net.run(50)
      }
    }
    net.run(40_000)
    expect(net.peers.reduce((sum, peer) => sum + peer.delivered.length, 0)).toBe(20 * 5 * 19)
    expect(net.packets / (20 * 5 * 19)).toBeLessThan(2)
    expect(net.bytes / (20 * 5 * 19)).toBeLessThan(500)
  })

  test('nothing but a beacon in ten seconds is sent when nothing happens', () => {
    const { net, ledger } = network({ seed: 7 })
    net.randomGraph(20, 4)
    ledger.send(0)
    net.run(65_000)
    net.resetCounters()
    net.run(3_600_000)
    expect([...net.byType]).toEqual([[Frame.BEACON, 360 * 2 * 40]])
    expect(net.bytes / 40 / 3600).toBeLessThan(3)
    for (let i = 0; i < 20; i++) for (let j = 0; j < i; j++) net.cut(i, j)
    net.run(60_000)
    for (const peer of net.peers) expect(peer.gossip.deadline).toBe(Number.POSITIVE_INFINITY)
  })
})
