import { describe, expect, it } from 'vitest'
import { encodeAsk, LETTER } from './letters.ts'
import { OverlayNetwork } from './network.testing.ts'
import type { OverlayEffect } from './overlay.ts'

/** Joins `n` peers `gap` ms apart, then lets `quiet` ms pass. */
function grown(n: number, maxPeers: number, gap: number, seed: number, quiet = 10_000): OverlayNetwork {
  const net = new OverlayNetwork(seed, maxPeers)
  for (let i = 0; i < n; i++) {
    net.join()
    net.run(net.now + gap)
  }
  net.run(net.now + quiet)
  return net
}

const CASES = [
  { n: 2, maxPeers: 4, gap: 0 },
  { n: 5, maxPeers: 4, gap: 0 },
  { n: 8, maxPeers: 4, gap: 0 },
  { n: 20, maxPeers: 4, gap: 0 },
  { n: 20, maxPeers: 4, gap: 30 },
  { n: 60, maxPeers: 5, gap: 50 },
  { n: 100, maxPeers: 8, gap: 0 },
  { n: 100, maxPeers: 8, gap: 50 },
]

describe.each(CASES)('$n peers, maxPeers $maxPeers, one every $gap ms', ({ n, maxPeers, gap }) => {
  it.each([1, 2, 3])('is one island with a whole ring and never passes its bound (seed %i)', seed => {
    const net = grown(n, maxPeers, gap, seed)
    const told = `seed ${seed}`
    expect(net.islands(), told).toBe(1)
    expect(net.ringGaps(), told).toBe(0)
    for (const member of net.alive()) expect(member.mostUsed, told).toBeLessThanOrEqual(maxPeers)
  })
})

it('a swarm of maxPeers + 1 is a full mesh', () => {
  expect(grown(5, 4, 20, 4).degrees()).toEqual([4, 4, 4, 4, 4])
  expect(grown(9, 8, 0, 5).degrees()).toEqual(new Array(9).fill(8))
})

it('links that work are not churned', () => {
  const net = grown(60, 8, 20, 6, 30_000)
  const before = net.alive().reduce((sum, member) => sum + member.changes, 0)
  net.run(net.now + 600_000)
  const changes = net.alive().reduce((sum, member) => sum + member.changes, 0) - before
  expect(changes / 60 / 10).toBeLessThanOrEqual(0.1)
})

it('heals into one island with a whole ring after half of the peers die without a word', () => {
  const net = grown(100, 8, 20, 7)
  for (const [i, member] of net.alive().entries()) if (i % 2 === 0) net.kill(member, 2000)
  net.run(net.now + 20_000)
  expect(net.alive()).toHaveLength(50)
  expect(net.islands()).toBe(1)
  expect(net.ringGaps()).toBe(0)
})

it('a peer that has died is forgotten by everybody, not by its neighbours only', () => {
  const net = grown(20, 4, 20, 9, 60_000)
  const [victim] = net.alive()
  if (victim === undefined) throw new Error('nobody joined')
  const knew = net.alive().filter(member => member.overlay.known().has(victim.id))
  expect(knew.length).toBeGreaterThan(10)
  net.kill(victim, 1000)
  net.run(net.now + 5000)
  expect(net.alive().filter(member => member.overlay.known().has(victim.id))).toEqual([])
  // Nor does a shuffle bring it back.
  net.run(net.now + 120_000)
  expect(net.alive().filter(member => member.overlay.known().has(victim.id))).toEqual([])
})

it('an ask that comes late has the link probed, and does not close it', () => {
  const net = grown(2, 4, 20, 11, 60_000)
  const [a, b] = net.alive()
  if (a === undefined || b === undefined) throw new Error('nobody joined')
  const out: OverlayEffect[] = []
  const late = encodeAsk({ session: 1, ring: true, degree: 0 })
  a.overlay.letter(b.id, LETTER.ASK, late, net.now, out)
  expect(out.map(effect => effect.kind)).toEqual(['doubt', 'tell'])
  expect(a.overlay.up().map(slot => slot.peer)).toEqual([b.id])
})

it('a peer that is alone asks the server ever more seldom', () => {
  const net = new OverlayNetwork(10, 4)
  const { overlay } = net.join()
  const asked = (until: number) => {
    let count = 0
    for (let now = net.now; now < until; now += 50) {
      const out: { kind: string }[] = []
      if (overlay.deadline <= now) overlay.tick(now, out as never[])
      count += out.filter(effect => effect.kind === 'signaling-sample').length
    }
    return count
  }
  expect(asked(5000)).toBeGreaterThan(1)
  expect(asked(600_000)).toBeLessThan(40)
})

it('nothing is left to do after leaving', () => {
  const net = grown(10, 4, 10, 8)
  const [member] = net.alive()
  member?.overlay.leave([])
  expect(member?.overlay.used).toBe(0)
  expect(member?.overlay.deadline).toBe(Number.POSITIVE_INFINITY)
})
