import { describe, expect, test, vi } from 'vitest'
import type { RequestId } from '../input.ts'
import { Frame } from '../wire/frame.ts'
import { Writer } from '../wire/writer.ts'
import { ASK, FINAL, type TallyEntry, WAY, writeTally } from './control.ts'
import { Network, type NetworkOptions } from './network.test-support.ts'

// Thousands of events on machines that may be busy: the clock inside is virtual, the one outside must not decide.
vi.setConfig({ testTimeout: 60_000 })

function encodeTally([{ stream, hops, seq, count, kind }]: readonly [TallyEntry]): Uint8Array {
  const writer = new Writer()
  writeTally(writer, stream, hops, seq, count, kind)
  return writer.finish()
}

const WITHIN = 10_000
/** A swarm of this age, ms, has formed. */
const OLD = 10_000

/** How many peers have a text. */
function having(net: Network, text: string): number {
  return net.peers.filter(peer => peer.delivered.some(each => each.text === text)).length
}

interface Counted {
  readonly counts: readonly number[]
  readonly outcome: string | undefined
  /** Milliseconds from sending until it was settled. */
  readonly took: number
}

/** Broadcasts with receipts, and waits; no count that is told may be more than have the message then. */
function count(net: Network, from: number, text: string, within = WITHIN): Counted {
  const start = net.now
  const request: RequestId = net.broadcast(from, text, 'chat', undefined, within)
  const peer = net.peer(from)
  for (let waited = 0; !peer.settled.has(request) && waited < within + 100; waited += 10) {
    net.run(10)
    const told = peer.receipts.get(request)?.at(-1) ?? 0
    const have = having(net, text)
    if (told > have) throw new Error(`seed ${net.seed}: ${told} receipts, ${have} have it`)
  }
  return {
    counts: peer.receipts.get(request) ?? [],
    outcome: peer.settled.get(request),
    took: net.now - start,
  }
}

function graph(count: number, degree: number, options: NetworkOptions): Network {
  const net = new Network(options)
  net.randomGraph(count, degree)
  return net
}

describe('receipts', () => {
  test('of nobody are none', () => {
    const net = new Network({ seed: 1 })
    net.add()
    expect(count(net, 0, 'x')).toMatchObject({ counts: [], outcome: 'ok' })
  })

  test.each([2, 3, 9])('of a full mesh of %i peers are all of them, told within two round trips', peers => {
    const net = new Network({ seed: 2 })
    net.fullMesh(peers)
    net.run(OLD)
    const { counts, outcome, took } = count(net, 0, 'x')
    expect([counts.at(-1), outcome]).toEqual([peers - 1, 'ok'])
    expect(took).toBeLessThan(200)
  })

  test.each([11, 12, 13])('of a sender nobody has heard before, and of a warm one (seed %i)', seed => {
    const net = graph(120, 6, { seed })
    for (const text of ['cold', 'second', 'warm']) {
      const { counts, outcome, took } = count(net, 7, text)
      expect([text, counts.at(-1), outcome]).toEqual([text, 119, 'ok'])
      // A cold tree has branches that wait for an announcement.
      if (text === 'warm') expect(took).toBeLessThan(1500)
    }
  })

  test('grow, are told in a few steps, and reach the origin in sums, never one by one', () => {
    const net = graph(150, 5, { seed: 21, latency: [100, 200] })
    count(net, 0, 'warm-up')
    let toOrigin = 0
    net.onFrame = (_, to, frame) => {
      if (frame[0] === Frame.TALLY && to.index === 0) toOrigin++
    }
    const { counts } = count(net, 0, 'x')
    expect(counts.at(-1)).toBe(149)
    expect(counts.length).toBeGreaterThan(2)
    expect([...counts].sort((a, b) => a - b)).toEqual(counts)
    // Each of its links: a partial sum four times a second, the last word.
    expect(toOrigin).toBeLessThan(5 * 12)
  })

  test('of a swarm that is forming are waited for a second: parts of it may not have found each other', () => {
    const net = new Network({ seed: 23 })
    for (let i = 0; i < 6; i++) net.add()
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [3, 4],
      [4, 5],
    ] as const)
      net.link(a, b)
    net.at(net.now + 500, () => net.link(2, 3))
    const { counts, took } = count(net, 0, 'x')
    expect(counts.at(-1)).toBe(5)
    expect(took).toBeLessThan(1100)
  })

  test('a push that asks for none costs nothing', () => {
    const net = graph(30, 5, { seed: 22 })
    net.broadcast(0, 'x')
    net.run(5000)
    expect(net.byType.get(Frame.TALLY)).toBe(undefined)
    expect(net.total('tallies')).toBe(0)
  })

  test.each([31, 32, 33, 34])('with a packet in twenty lost are all the same (seed %i)', seed => {
    const net = graph(80, 6, { seed, loss: 0.05 })
    for (let i = 0; i < 4; i++) {
      const { counts, outcome } = count(net, i, `m${i}`, 30_000)
      expect([i, counts.at(-1), outcome]).toEqual([i, 79, 'ok'])
    }
  })

  test.each([41, 42])(
    'while a quarter crashes: no more than have it, most of those that live (seed %i)',
    seed => {
      const net = graph(100, 6, { seed })
      for (let i = 0; i < 3; i++) count(net, 0, `warm${i}`)
      net.at(net.now + 60, () => {
        for (let i = 1; i <= 25; i++) net.crash(i * 3, 2000)
      })
      const { counts, outcome } = count(net, 0, 'x', 20_000)
      expect(outcome).toBe('ok')
      expect(counts.at(-1)).toBeGreaterThan(0)
      expect(counts.at(-1)).toBeLessThanOrEqual(having(net, 'x'))
    },
  )

  test('a silent link is waited for no longer than it is suspected, or the time that was given', () => {
    const net = graph(3, 2, { seed: 51 })
    net.run(OLD)
    count(net, 0, 'warm')
    for (const pipe of net.peer(1).pipes.values()) pipe.silent = true
    expect(count(net, 0, 'x', 3000)).toMatchObject({ counts: [1], outcome: 'ok', took: 3010 })
    const request = net.broadcast(0, 'y', 'chat', undefined, 60_000)
    net.run(500)
    expect(net.peer(0).settled.has(request)).toBe(false)
    for (const end of [0, 2]) {
      for (const [link, pipe] of net.peer(end).pipes)
        if (pipe.silent)
          net.turn(net.peer(end), out => net.peer(end).gossip.suspect(link, true, net.now, out))
    }
    net.run(500)
    expect(net.peer(0).settled.get(request)).toBe('ok')
    expect(net.peer(0).receipts.get(request)).toEqual([1])
  })

  // 0–1–2–3 in a ring, and 4 behind 1: 1 loses its link to the origin when it has the message, and nobody's report yet.
  test('find another way round when the link they would have taken ends', () => {
    const net = new Network({ seed: 56, latency: [20, 21] })
    for (let i = 0; i < 5; i++) net.add()
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
      [1, 3],
      [2, 3],
      [1, 4],
    ] as const)
      net.link(a, b)
    net.run(8000)
    for (let i = 0; i < 5; i++) expect(count(net, 0, `warm${i}`).counts.at(-1)).toBe(4)
    net.at(net.now + 30, () => net.cut(0, 1))
    const { counts, outcome } = count(net, 0, 'x')
    expect(having(net, 'x')).toBe(4)
    expect([counts.at(-1), outcome]).toEqual([4, 'ok'])
  })

  // 0–1–2 and 0–3–2: behind 1, which loses its link to the origin, stands only who has the message from it.
  test.each([2, 3])(
    'go back the way they came where the link behind them ends, past whoever has another (seed %i)',
    seed => {
      const net = new Network({ seed, latency: [20, 21] })
      for (let i = 0; i < 6; i++) net.add()
      for (const [a, b] of [
        [0, 1],
        [1, 2],
        [2, 4],
        [4, 5],
      ] as const)
        net.link(a, b)
      net.run(8000)
      for (let i = 0; i < 5; i++) expect(count(net, 0, `warm${i}`).counts.at(-1)).toBe(4)
      // Peer 5 has a way of its own as soon as the message is with it; the others have none but through it.
      net.at(net.now + 30, () => net.cut(0, 1))
      net.at(net.now + 95, () => {
        net.link(0, 3)
        net.link(3, 5)
      })
      const { counts, outcome } = count(net, 0, 'x')
      expect(having(net, 'x')).toBe(5)
      expect([counts.at(-1), outcome]).toEqual([5, 'ok'])
    },
  )

  test('that nobody gives is a timeout', () => {
    const net = graph(3, 2, { seed: 52 })
    for (const pipe of net.peer(0).pipes.values()) pipe.silent = true
    expect(count(net, 0, 'x', 3000)).toMatchObject({ counts: [], outcome: 'timeout', took: 3010 })
  })

  test('are not told after the caller has given up', () => {
    const net = graph(20, 4, { seed: 53 })
    const request = net.broadcast(0, 'x', 'chat', undefined, WITHIN)
    net.turn(net.peer(0), out => net.peer(0).gossip.cancel(request, out))
    net.run(10_000)
    expect(net.peer(0).receipts.get(request)).toBe(undefined)
  })

  test('counts are kept for so many messages and no more', () => {
    const net = graph(10, 4, { seed: 54, settings: { maxTallies: 8 } })
    for (let i = 0; i < 40; i++) net.broadcast(i % 10, `${i}`, 'chat', undefined, WITHIN)
    net.run(12_000)
    for (const peer of net.peers) {
      expect(peer.gossip.stats.tallies).toBeLessThanOrEqual(8)
      expect([...peer.settled.values()]).toEqual(['ok', 'ok', 'ok', 'ok'])
      for (const counts of peer.receipts.values()) expect(Math.max(...counts)).toBeLessThanOrEqual(9)
    }
  })

  test('reports that make no sense change nothing', () => {
    const net = graph(4, 3, { seed: 55 })
    count(net, 0, 'x')
    const peer = net.peer(1)
    const [link] = peer.pipes.keys()
    for (const kind of [0, FINAL, ASK, WAY])
      for (const seq of [1, 7, 2 ** 40])
        expect(net.inject(1, link!, encodeTally([{ stream: 99, hops: 3, seq, count: 5, kind }]))).toBe(
          undefined,
        )
    expect(net.inject(1, link!, Uint8Array.of(Frame.TALLY))).toBe('malformed')
    expect(count(net, 0, 'y')).toMatchObject({ outcome: 'ok' })
  })
})
