/**
 * Meshes that are no ring, or one with holes: a letter finds its way wherever there is one.
 */
import { describe, expect, test, vi } from 'vitest'
import { ringPosition } from '../id.ts'
import { TestNetwork } from './network.test-support.ts'

vi.setConfig({ testTimeout: 120_000 })
const SECONDS = 1000

function peers(count: number, seed: number): TestNetwork {
  const network = new TestNetwork({ seed })
  for (let i = 0; i < count; i++) network.addPeer()
  return network
}

function join(network: TestNetwork, a: number, b: number): void {
  if (a !== b && !network.peer(a).links.has(b)) network.link(a, b)
}

/** 0 – 1 – 2 – 3 …, whatever their ids. */
function line(count: number, seed: number): TestNetwork {
  const network = peers(count, seed)
  for (let i = 1; i < count; i++) join(network, i - 1, i)
  return network
}

/** Everybody linked to the next on the ring and to two others, and then every third ring link cut. */
function holes(count: number, seed: number): TestNetwork {
  const network = TestNetwork.swarm(count, 4, { seed })
  const ring = network.peers.map((_, i) => i)
  ring.sort((a, b) => ringPosition(network.peer(a).id) - ringPosition(network.peer(b).id))
  for (let i = 0; i < count; i += 3) network.cut(ring[i] as number, ring[(i + 1) % count] as number)
  return network
}

/** Two full meshes, one link between them. */
function dumbbell(count: number, seed: number): TestNetwork {
  const network = peers(count, seed)
  const half = count >> 1
  for (let a = 0; a < count; a++)
    for (let b = a + 1; b < count; b++) if (a < half === b < half) join(network, a, b)
  join(network, 0, half)
  return network
}

/** A random tree. */
function tree(count: number, seed: number): TestNetwork {
  const network = peers(count, seed)
  for (let i = 1; i < count; i++) join(network, i, network.random.u32() % i)
  return network
}

/** A swarm as the overlay makes it, a third of its peers gone, and nothing mended yet. */
function damaged(count: number, seed: number): TestNetwork {
  const network = TestNetwork.swarm(count, 8, { seed })
  for (let i = 0; i < count; i++) if (network.random.u32() % 3 === 0) network.kill(i)
  return network
}

/** Who can be reached from whom, by the number of an island. */
function islandsOf(network: TestNetwork): number[] {
  const island = network.peers.map(() => -1)
  for (let i = 0; i < island.length; i++) {
    if (island[i] !== -1) continue
    const stack = [i]
    while (stack.length > 0) {
      const at = stack.pop() as number
      if (island[at] !== -1) continue
      island[at] = i
      stack.push(...network.peer(at).links.keys())
    }
  }
  return island
}

const SEEDS = [1, 2, 3, 4]

/** Sends between random pairs that have a way; what did not arrive, though it had half a minute. */
function tried(make: (count: number, seed: number) => TestNetwork, count: number, messages: number) {
  const missed: string[] = []
  let total = 0
  for (const seed of SEEDS) {
    const network = make(count, seed)
    network.tellNeighbours()
    const island = islandsOf(network)
    const requests: [number, number, number][] = []
    while (requests.length < messages) {
      const from = network.random.u32() % count
      const to = network.random.u32() % count
      if (from === to || island[from] !== island[to] || !network.peer(from).alive) continue
      const { id } = network.peer(to)
      requests.push([from, to, network.send(from, id, new Uint8Array(20), { timeout: 30 * SECONDS })])
      network.elapse(10)
    }
    network.elapse(32 * SECONDS)
    for (const [from, to, request] of requests) {
      total++
      const outcome = network.outcome(from, request)
      if (outcome !== 'ok') missed.push(`seed ${seed}: ${from} → ${to} ${outcome}`)
    }
    const delivered = network.peers.reduce((sum, peer) => sum + peer.delivered.length, 0)
    expect(delivered, `seed ${seed}`).toBeLessThanOrEqual(messages)
  }
  return { missed, total }
}

describe('every message arrives once where there is a way', () => {
  test.each([
    ['a line of 10', line, 10, 100],
    ['a line of 30', line, 30, 100],
    ['a ring of 60 with holes', holes, 60, 100],
    ['a ring of 200 with holes', holes, 200, 100],
    ['two cliques of 10 and one link', dumbbell, 20, 100],
    ['two cliques of 24 and one link', dumbbell, 48, 100],
    ['a tree of 30', tree, 30, 100],
    ['two thirds of a swarm of 60', damaged, 60, 100],
  ] as const)('%s', (_name, make, count, messages) => {
    const { missed, total } = tried(make, count, messages)
    expect(missed, `${missed.length} of ${total}`).toEqual([])
  })

  // Where the ring looks whole and is not (the hubs of a tree; a third dead and nothing mended), a peer may be
  // given up for gone after three looks from three sides. Measured over six seeds: 99.5 and 99.8 %.
  test.each([
    ['a tree of 60', tree, 60, 100],
    ['two thirds of a swarm of 300', damaged, 300, 100],
  ] as const)('nearly every one: %s', (_name, make, count, messages) => {
    const { missed, total } = tried(make, count, messages)
    expect(missed.length / total, missed.join(', ')).toBeLessThanOrEqual(0.01)
  })
})
