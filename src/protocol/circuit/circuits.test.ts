import { describe, expect, it } from 'vitest'
import { createSealer } from '../../crypto/seal.ts'
import { sameBytes } from '../id.ts'
import { seeded } from '../routing/network.test-support.ts'
import { Frame } from '../wire/frame.ts'
import { CIRCUIT_WINDOW, MAX_PACKET } from '../wire/limits.ts'
import { AMPLE, World } from './world.testing.ts'

/** 0 and 2 have 1 between them. */
function line(budget = AMPLE): World {
  const world = new World(3, budget)
  world.link(0, 1)
  world.link(1, 2)
  return world
}

/** Frames of 1 byte to 1 MB, mostly small. */
function frames(seed: number, count: number): Uint8Array[] {
  const random = seeded(seed)
  return Array.from({ length: count }, () => {
    const length = 1 + Math.floor(2 ** ((random.u32() / 2 ** 32) * 20))
    return new Uint8Array(length).fill(random.u32() & 255).fill(1, 0, 1)
  })
}

/** The same frames, in any order: small ones overtake large ones. */
function same(got: readonly Uint8Array[], sent: readonly Uint8Array[]): boolean {
  const sorted = (all: readonly Uint8Array[]) =>
    [...all].sort((a, b) => a.length - b.length || a[a.length - 1]! - b[b.length - 1]!)
  const wanted = sorted(sent)
  return got.length === sent.length && sorted(got).every((frame, i) => sameBytes(frame, wanted[i]!))
}

describe('a circuit', () => {
  it('carries frames of every size both ways', () => {
    const world = line()
    const [a, s] = world.circuit(0, 2, 1)
    world.elapse(100)
    expect(world.tab(0).told).toEqual([`open ${a}`])
    expect(world.tab(2).told).toEqual([`open ${s}`])
    const [there, back] = [frames(1, 120), frames(2, 120)]
    for (let i = 0; i < 120; i++) {
      world.send(0, a, there[i]!)
      world.send(2, s, back[i]!)
      world.elapse(5)
    }
    world.elapse(60_000)
    expect(same(world.tab(2).got.get(s)!, there)).toBe(true)
    expect(same(world.tab(0).got.get(a)!, back)).toBe(true)
    expect(world.tabs.flatMap(tab => tab.drops)).toEqual([])
    const { relayed, relayedBytes, waiting } = world.tab(1).circuits.stats
    expect({ relayed, waiting }).toEqual({ relayed: 1, waiting: 0 })
    expect(relayedBytes).toBeGreaterThan([...there, ...back].reduce((sum, frame) => sum + frame.length, 0))
  })

  it('is bound to both box keys, alike at both ends, and sealed from the relay', () => {
    const world = new World(3, AMPLE, createSealer)
    world.link(0, 1)
    world.link(1, 2)
    const [a, s] = world.circuit(0, 2, 1)
    world.elapse(100)
    const [first, second] = world.tab(0).id < world.tab(2).id ? [0, 2] : [2, 0]
    const keys = [...world.tab(first).sealer.publicKey, ...world.tab(second).sealer.publicKey]
    expect([...world.tab(0).bindings.get(a)!]).toEqual(keys)
    expect([...world.tab(2).bindings.get(s)!]).toEqual(keys)
    const text = 'nobody on the way may read this'
    world.send(0, a, new TextEncoder().encode(text))
    world.elapse(100)
    expect(new TextDecoder().decode(world.tab(2).got.get(s)![0])).toBe(text)
    for (const { frame } of world.tab(1).sent) expect(new TextDecoder().decode(frame)).not.toContain('nobody')
  })

  it('never seals two packets with one nonce, not even where a session number comes again', () => {
    const nonces = new Set<string>()
    let seals = 0
    const world = new World(3, AMPLE, seed => {
      const sealer = createSealer(seed)
      const seal: typeof sealer.seal = (shared, nonce, plain) => {
        seals++
        nonces.add(`${shared} ${nonce}`)
        return sealer.seal(shared, nonce, plain)
      }
      return { ...sealer, seal }
    })
    world.link(0, 1)
    world.link(1, 2)
    for (let round = 0; round < 3; round++) {
      const [a, s] = world.circuit(0, 2, 1, 7)
      world.elapse(100)
      for (let i = 0; i < 5; i++) {
        world.send(0, a, Uint8Array.of(1, i))
        world.send(2, s, Uint8Array.of(1, i))
        world.elapse(10)
      }
      world.close(0, a)
      world.elapse(100)
    }
    expect(seals).toBe(30)
    expect(nonces.size).toBe(30)
  })

  it('is one of several that two relays and four tabs have at a time', () => {
    const world = new World(4)
    for (const end of [0, 3]) for (const relay of [1, 2]) world.link(end, relay)
    const pairs = [world.circuit(0, 3, 1), world.circuit(0, 3, 2), world.circuit(3, 0, 1)].map(
      ([x, y], i) => (i === 2 ? [y, x] : [x, y]) as [number, number],
    )
    const [crossing, other] = world.circuit(1, 2, 0)
    world.elapse(100)
    pairs.forEach(([at0, at3], i) => {
      world.send(0, at0, Uint8Array.of(1, i))
      world.send(3, at3, Uint8Array.of(2, i))
    })
    world.send(1, crossing, Uint8Array.of(9))
    world.elapse(100)
    pairs.forEach(([at0, at3], i) => {
      expect(world.tab(3).got.get(at3)).toEqual([Uint8Array.of(1, i)])
      expect(world.tab(0).got.get(at0)).toEqual([Uint8Array.of(2, i)])
    })
    expect(world.tab(2).got.get(other)).toEqual([Uint8Array.of(9)])
    const { circuits, links } = world.tab(0)
    expect([...links.values()].map(link => circuits.carries(link))).toEqual([3, 2])
  })

  it('closes at both ends, after what was said before', () => {
    const world = line({ maxCircuits: 2, bytesPerSecond: 50_000 })
    const [a, s] = world.circuit(0, 2, 1)
    world.elapse(100)
    const last = Array.from({ length: 20 }, (_, i) => new Uint8Array(5000).fill(i))
    world.send(0, a, ...last)
    world.close(0, a)
    expect(world.tab(0).circuits.has(a)).toBe(false)
    world.send(0, a, Uint8Array.of(1))
    world.elapse(10_000)
    expect(world.tab(0).told).toEqual([`open ${a}`])
    expect(world.tab(2).told).toEqual([`open ${s}`, `closed ${s} closed`])
    expect(world.tab(2).got.get(s)).toEqual(last)
    expect(world.tabs.map(tab => tab.circuits.stats)).toMatchObject([
      { ends: 0 },
      { relayed: 0, waiting: 0 },
      { ends: 0 },
    ])
    expect(world.tabs.flatMap(tab => tab.drops)).toEqual([])
  })

  it('sends what was said in the same turn before it closes', () => {
    const world = line()
    const [a, s] = world.circuit(0, 2, 1)
    world.elapse(100)
    world.act(0, (circuits, out) => {
      circuits.send(a, Uint8Array.of(1))
      circuits.close(a, world.now, out)
    })
    world.elapse(100)
    expect(world.tab(2).got.get(s)).toEqual([Uint8Array.of(1)])
    expect(world.tab(2).told.at(-1)).toBe(`closed ${s} closed`)
  })

  it('takes what the other end was still sending when it closed for no offence', () => {
    const world = line()
    const [a, s] = world.circuit(0, 2, 1)
    world.elapse(100)
    world.close(0, a)
    for (let i = 0; i < 20; i++) world.send(2, s, new Uint8Array(1000).fill(1))
    world.elapse(1000)
    expect(world.tabs.flatMap(tab => tab.drops)).toEqual([])
  })

  it('fails at both ends when the relay goes, and at the other when one loses its carrier', () => {
    const world = line()
    const [a, s] = world.circuit(0, 2, 1)
    const [b, t] = world.circuit(2, 0, 1)
    world.elapse(100)
    world.cut(0, 1)
    world.elapse(100)
    expect(world.tab(0).told.slice(2).sort()).toEqual([`closed ${a} failed`, `closed ${t} failed`].sort())
    expect(world.tab(2).told.slice(2).sort()).toEqual([`closed ${s} failed`, `closed ${b} failed`].sort())
    expect(world.tab(1).circuits.stats.relayed).toBe(0)
    expect(world.tab(1).circuits.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  it('says nothing more after the machine has stopped', () => {
    const world = line()
    const [a, s] = world.circuit(0, 2, 1)
    world.elapse(100)
    world.send(0, a, new Uint8Array(1_000_000).fill(1))
    world.act(0, (circuits, out) => circuits.stop(world.now, out))
    const { sent, told, circuits } = world.tab(0)
    const before = [sent.length, told.length]
    world.send(2, s, Uint8Array.of(1))
    world.elapse(400_000)
    world.cut(0, 1)
    expect([sent.length, told.length]).toEqual(before)
    expect(circuits.deadline).toBe(Number.POSITIVE_INFINITY)
    expect(world.tab(2).told).toContain(`closed ${s} closed`)
    world.act(1, (relay, out) => relay.stop(world.now, out))
    const quiet = world.tab(1).sent.length
    world.elapse(400_000)
    expect(world.tab(1).sent).toHaveLength(quiet)
  })
})

describe('the window', () => {
  it('holds a sender whose receiver takes nothing, small frames first when it goes on', () => {
    const world = line()
    const [a, s] = world.circuit(0, 2, 1)
    world.elapse(100)
    world.tap = (from, _to, frame) => (from === 2 ? [] : [frame])
    world.send(0, a, new Uint8Array(1_000_000).fill(1), Uint8Array.of(2), new Uint8Array(700_000).fill(3))
    world.elapse(500)
    const bytes = world.tab(0).sent.reduce((sum, { frame }) => sum + frame.length, 0)
    expect(bytes).toBeGreaterThan(CIRCUIT_WINDOW - 2 * MAX_PACKET)
    expect(bytes).toBeLessThan(CIRCUIT_WINDOW + MAX_PACKET)
    expect(world.tab(0).told).toEqual([`open ${a}`, `full ${a}`])
    expect(world.tab(2).got.get(s)).toEqual([Uint8Array.of(2)])
    // A later one goes ahead of the rest of the large ones, as soon as there is credit again.
    world.send(0, a, Uint8Array.of(4))
    world.tap = (_from, _to, frame) => [frame]
    world.elapse(30_000)
    expect(
      world
        .tab(2)
        .got.get(s)!
        .map(frame => frame[0]),
    ).toEqual([2, 4, 1, 3])
    expect(world.tab(0).told).toEqual([`open ${a}`, `full ${a}`, `drained ${a}`])
  })

  it('goes on after everything was lost that was on its way, in either direction', () => {
    const world = line()
    const [a, s] = world.circuit(0, 2, 1)
    world.elapse(100)
    world.tap = () => []
    world.send(0, a, new Uint8Array(600_000).fill(1))
    world.elapse(20_000)
    world.tap = (_from, _to, frame) => [frame]
    world.send(0, a, Uint8Array.of(7), new Uint8Array(500_000).fill(8))
    world.elapse(20_000)
    expect(
      world
        .tab(2)
        .got.get(s)!
        .map(frame => frame[0]),
    ).toEqual([7, 8])
    expect(world.tab(0).circuits.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  it('goes on after nothing but its CREDIT was lost', () => {
    const world = line()
    const [a, s] = world.circuit(0, 2, 1)
    world.elapse(100)
    world.tap = (_from, _to, frame) => (frame[0] === Frame.CREDIT ? [] : [frame])
    world.send(0, a, new Uint8Array(1_000_000).fill(1))
    world.elapse(20_000)
    expect(world.tab(2).got.get(s)).toEqual([])
    world.tap = (_from, _to, frame) => [frame]
    world.elapse(10_000)
    expect(world.tab(2).got.get(s)).toHaveLength(1)
  })

  it('survives loss and duplicates: what arrives whole is delivered once', () => {
    const world = line()
    const [a, s] = world.circuit(0, 2, 1)
    const random = seeded(5)
    world.tap = (_from, _to, frame) => {
      const chance = random.u32() % 10
      return chance === 0 ? [] : chance === 1 ? [frame, frame] : [frame]
    }
    for (let i = 0; i < 4; i++) world.elapse(1000)
    const count = 2000
    for (let i = 0; i < count; i++) {
      world.send(0, a, Uint8Array.of(1, i >> 8, i & 255, ...new Uint8Array(500)))
      world.elapse(3)
    }
    world.elapse(20_000)
    const got = world
      .tab(2)
      .got.get(s)!
      .map(frame => frame[1]! * 256 + frame[2]!)
    expect(got.length).toBeGreaterThan(count * 0.75)
    expect(got).toEqual([...new Set(got)].sort((x, y) => x - y))
    expect(new Set(world.tabs.flatMap(tab => tab.drops))).toEqual(new Set(['bad-seal']))
  })

  it('gives a circuit up for which too much waits', () => {
    const world = line()
    const [a, s] = world.circuit(0, 2, 1)
    world.elapse(100)
    world.tap = (from, _to, frame) => (from === 0 ? [frame] : [])
    const large = new Uint8Array(16 * 1024 * 1024).fill(1)
    world.send(0, a, large, large)
    expect(world.tab(0).circuits.has(a)).toBe(true)
    world.send(0, a, large)
    expect(world.tab(0).told.at(-1)).toBe(`closed ${a} failed`)
    world.tap = (_from, _to, frame) => [frame]
    world.elapse(10_000)
    expect(world.tab(1).circuits.stats.relayed).toBe(0)
    expect(world.tab(2).told.at(-1)).toBe(`closed ${s} closed`)
  })
})
