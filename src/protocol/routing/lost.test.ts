import { describe, expect, test, vi } from 'vitest'
import type { PeerId } from '../id.ts'
import { idOfKey } from '../record.ts'
import { Frame } from '../wire/frame.ts'
import { Lost, MOST_LOST } from './lost.ts'
import { seeded, TestNetwork } from './network.test-support.ts'

vi.setConfig({ testTimeout: 60_000 })
const body = new Uint8Array(20)
const ask = { kind: 1, receipt: false, timeout: 3000, via: 'any', tentative: true } as const

/** A swarm a third of which has died, and nothing is mended yet. */
function wounded(seed: number): { network: TestNetwork; dead: number[]; live: number[] } {
  const network = TestNetwork.swarm(90, 8, { seed })
  const dead = network.peers.map((_, i) => i).filter(i => i % 3 === 0)
  for (const index of dead) {
    for (const [other, link] of network.peer(index).links)
      if (other % 3 !== 0) {
        const to = network.peer(other).links.get(index)
        if (link !== undefined && to !== undefined) network.peer(other).routing.suspect(to, true)
      }
    network.kill(index)
  }
  network.tellNeighbours()
  return { network, dead, live: network.peers.map((_, i) => i).filter(i => i % 3 !== 0) }
}

/** Writes to peers that all know the record of, and counts ROUTED and BOUNCED frames per letter. */
function cost(network: TestNetwork, from: readonly number[], to: readonly number[], more: object): number {
  let frames = 0
  network.tap = (_from, _to, frame) => {
    if (frame[0] === Frame.ROUTED || frame[0] === Frame.BOUNCED) frames++
    return frame
  }
  for (const [i, index] of from.entries()) {
    const { id, record } = network.peer(to[i % to.length] as number)
    network.run(index, (routing, out) => routing.learn(record, network.now, out))
    network.elapse(10)
    network.send(index, id, body, { ...ask, ...more })
    network.elapse(100)
  }
  network.elapse(10_000)
  return frames / from.length
}

describe('a letter to a peer that may not be there', () => {
  test.each([1, 2, 3])('costs a tenth of what any other does if it is not (seed %i)', seed => {
    const { network, dead, live } = wounded(seed)
    const tentative = cost(network, live, dead, {})
    const other = wounded(seed)
    const certain = cost(other.network, other.live, other.dead, { tentative: false })
    expect(tentative).toBeLessThan(6)
    expect(certain).toBeGreaterThan(10 * tentative)
  })

  test.each([1, 2, 3])('finds most who are there while nothing is mended (seed %i)', seed => {
    const { network, live } = wounded(seed)
    cost(network, live, [...live].reverse(), {})
    const arrived = live.filter(index => network.peer(index).letters.length > 0).length
    expect(arrived / live.length).toBeGreaterThan(0.75)
  })

  test('is settled, and leaves nothing open', () => {
    const { network, dead, live } = wounded(4)
    const from = live[0] as number
    const request = network.send(from, network.peer(dead[0] as number).id, body, ask)
    network.elapse(10_000)
    expect(network.outcome(from, request)).toBeDefined()
    expect(network.peer(from).routing.stats.tables.requests).toBe(0)
  })
})

describe('who was lost', () => {
  const random = seeded(1)
  const ids = Array.from({ length: MOST_LOST + 1 }, () => idOfKey(random.bytes(32)))
  const [first, second] = ids as [PeerId, PeerId]

  test('is remembered for a while, or until it shows itself', () => {
    const lost = new Lost()
    lost.add(first, 0)
    lost.add(second, 5000)
    expect([lost.has(first, 9999), lost.has(first, 10_000)]).toEqual([true, false])
    lost.found(second)
    expect(lost.has(second, 5000)).toBe(false)
  })

  test('the longest lost is forgotten first', () => {
    const lost = new Lost()
    for (const id of ids) lost.add(id, 0)
    expect([lost.size, lost.has(first, 0), lost.has(second, 0)]).toEqual([MOST_LOST, false, true])
  })
})
