import { describe, expect, it } from 'vitest'
import { Frame } from '../wire/frame.ts'
import { CIRCUIT_WINDOW, MAX_CIRCUIT_PACKET, MAX_PACKET } from '../wire/limits.ts'
import type { RelayBudget } from './circuits.ts'
import { writeCarry } from './frames.ts'
import { AMPLE, World } from './world.testing.ts'

/** 0 is the relay of all the others. */
function star(count: number, budget: RelayBudget | false = AMPLE): World {
  const world = new World(count, budget)
  for (let i = 1; i < count; i++) world.link(0, i)
  return world
}

/** What becomes of a circuit that one asks for. */
function outcome(world: World, asker: number, other: number): string {
  const [link] = world.circuit(asker, other, 0)
  world.elapse(100)
  const told = world.tab(asker).told.filter(what => what.split(' ')[1] === `${link}`)
  return told.map(what => what.replace(` ${link}`, '')).join(', ')
}

/** Bytes that a tab sent in the busiest second. */
function busiest(world: World, at: number): number {
  const { sent } = world.tab(at)
  let most = 0
  let sum = 0
  let first = 0
  for (const { at: now, frame } of sent) {
    sum += frame.length
    while (sent[first]!.at <= now - 1000) sum -= sent[first++]!.frame.length
    most = Math.max(most, sum)
  }
  return most
}

describe('a relay refuses at once', () => {
  it('who asks for somebody that is no neighbour of its own, or for itself', () => {
    const world = star(3)
    expect(outcome(world, 1, 1)).toBe('closed refused')
    expect(outcome(world, 1, 0)).toBe('closed refused')
    world.cut(0, 2)
    expect(outcome(world, 1, 2)).toBe('closed refused')
    expect(world.tab(0).circuits.stats).toMatchObject({ refused: 3, relayed: 0 })
    expect(world.tab(0).sent.every(({ to }) => to === 1)).toBe(true)
  })

  it('everybody, if it relays nothing', () => {
    const world = star(3, false)
    expect(outcome(world, 1, 2)).toBe('closed refused')
    expect(world.tab(0).sent).toHaveLength(1)
  })

  it('more circuits than it has, and more than half of them for one asker', () => {
    const world = star(8, { maxCircuits: 4, bytesPerSecond: 1_000_000 })
    const outcomes = [1, 1, 1, 2, 2, 2, 3].map((asker, i) => outcome(world, asker, ((asker + i) % 4) + 4))
    expect(outcomes).toEqual([
      'open',
      'open',
      'closed refused',
      'open',
      'open',
      ...Array(2).fill('closed refused'),
    ])
    expect(world.tab(0).circuits.stats).toMatchObject({ relayed: 4, refused: 3 })
    world.cut(0, 1)
    world.elapse(100)
    expect(outcome(world, 3, 7)).toBe('open')
    expect(world.tab(0).circuits.stats.relayed).toBe(3)
  })

  it('nobody because one of two links to the other end has gone', () => {
    const world = star(3)
    const { circuits } = world.tab(0)
    circuits.neighbourUp(1000, world.tab(2).id)
    world.act(0, (machine, out) => machine.carrierDown(1000, world.now, out))
    expect(outcome(world, 1, 2)).toBe('open')
  })

  it('a neighbour that it has by a circuit only', () => {
    const world = star(4)
    const [a, s] = world.circuit(1, 2, 0)
    world.elapse(100)
    expect([world.tab(1).told, world.tab(2).told]).toEqual([[`open ${a}`], [`open ${s}`]])
    // 3 is linked to 1, and asks it for 2.
    world.link(3, 1)
    const link = world.open(3, 2, 1, 5, true)
    world.elapse(100)
    expect(world.tab(3).told).toEqual([`closed ${link} refused`])
  })
})

describe('the budget of a relay', () => {
  it.each([40_000, 200_000, 1_000_000])('%d bytes in any second, shared fairly', bytesPerSecond => {
    const world = star(7, { maxCircuits: 8, bytesPerSecond })
    const pairs = [
      [1, 2],
      [3, 4],
      [5, 6],
    ].map(([a, b]) => ({ a: a!, b: b!, links: world.circuit(a!, b!, 0) }))
    world.elapse(100)
    const from = world.tab(0).circuits.stats.relayedBytes
    const began = world.now
    for (const { a, b, links } of pairs) {
      world.send(a, links[0], new Uint8Array(bytesPerSecond * 4).fill(1))
      world.send(b, links[1], new Uint8Array(bytesPerSecond * 4).fill(1))
    }
    world.elapse(10_000)
    expect(busiest(world, 0)).toBeLessThanOrEqual(bytesPerSecond + MAX_PACKET)
    const { relayedBytes } = world.tab(0).circuits.stats
    // Three quarters of it all the time.
    expect(relayedBytes - from).toBeGreaterThan(bytesPerSecond * 7)
    const share = [1, 2, 3, 4, 5, 6].map(to =>
      world
        .tab(0)
        .sent.filter(sent => sent.to === to && sent.at >= began)
        .reduce((sum, { frame }) => sum + frame.length, 0),
    )
    expect(Math.min(...share)).toBeGreaterThan(Math.max(...share) - 3 * MAX_PACKET)
    world.elapse(60_000)
    for (const { a, b, links } of pairs) {
      expect(world.tab(a).got.get(links[0])).toHaveLength(1)
      expect(world.tab(b).got.get(links[1])).toHaveLength(1)
    }
    expect(world.tabs.flatMap(tab => tab.drops)).toEqual([])
  })

  it('lets a small frame of one circuit pass the large ones of another', () => {
    const world = star(5, { maxCircuits: 8, bytesPerSecond: 100_000 })
    const [bulk] = world.circuit(1, 2, 0)
    const [chat, other] = world.circuit(3, 4, 0)
    world.elapse(100)
    world.send(1, bulk, new Uint8Array(2_000_000).fill(1))
    world.elapse(2000)
    world.send(3, chat, Uint8Array.of(1))
    world.elapse(400)
    expect(world.tab(4).got.get(other)).toHaveLength(1)
  })

  it('shows signs of life to both ends however little of it is theirs', () => {
    const world = star(3, { maxCircuits: 2, bytesPerSecond: 8000 })
    const [a, s] = world.circuit(1, 2, 0)
    world.elapse(100)
    const lives = new Map<number, number[]>([
      [a, []],
      [s, []],
    ])
    world.heard = (link, at) => lives.get(link)!.push(at)
    world.send(1, a, new Uint8Array(300_000).fill(1))
    world.elapse(60_000)
    expect(world.tab(2).got.get(s)).toHaveLength(1)
    for (const times of lives.values())
      for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeLessThan(6000)
    expect(lives.get(a)!.length).toBeGreaterThan(8)
  })

  it('hangs up on an end that overruns its window, and on nobody else', () => {
    const world = star(5, { maxCircuits: 8, bytesPerSecond: 10_000 })
    const [a, s] = world.circuit(1, 2, 0)
    const [b, t] = world.circuit(3, 4, 0)
    world.elapse(100)
    let most = 0
    for (let sent = 0; sent < 2 * CIRCUIT_WINDOW; sent += MAX_CIRCUIT_PACKET) {
      world.deliver(1, 0, writeCarry(0, sent, new Uint8Array(MAX_CIRCUIT_PACKET)).with(1, 2))
      most = Math.max(most, world.tab(0).circuits.stats.waiting)
    }
    expect(most).toBeGreaterThan(CIRCUIT_WINDOW - MAX_PACKET)
    expect(world.tab(0).drops[0]).toBe('rate')
    // What comes after that is late, not hostile.
    expect(world.tab(0).drops).toHaveLength(1)
    world.elapse(1000)
    expect(world.tab(1).told.at(-1)).toBe(`closed ${a} failed`)
    expect(world.tab(2).told.at(-1)).toBe(`closed ${s} failed`)
    expect([world.tab(3).told, world.tab(4).told]).toEqual([[`open ${b}`], [`open ${t}`]])
    expect(world.tab(0).circuits.stats).toMatchObject({ relayed: 1, waiting: 0 })
  })

  it('is not spent on what nobody takes any more', () => {
    const world = star(3, { maxCircuits: 2, bytesPerSecond: 10_000 })
    const [a, s] = world.circuit(1, 2, 0)
    world.elapse(100)
    world.send(1, a, new Uint8Array(100_000).fill(1))
    world.send(2, s, new Uint8Array(100_000).fill(2))
    world.elapse(100)
    const { circuits, sent } = world.tab(0)
    expect(circuits.stats.waiting).toBeGreaterThan(150_000)
    world.close(1, a)
    world.elapse(20)
    const before = sent.length
    // What 1 said before it hung up still goes to 2; nothing goes to 1, and nothing of 2's waits for it.
    expect(circuits.stats.waiting).toBeLessThan(110_000)
    world.send(2, s, new Uint8Array(10_000).fill(3))
    world.elapse(5000)
    expect(sent.length).toBeGreaterThan(before)
    expect(sent.slice(before).filter(({ to }) => to === 1)).toEqual([])
    const after = sent.length
    world.close(2, s)
    world.elapse(20)
    expect(circuits.stats).toMatchObject({ relayed: 0, waiting: 0 })
    world.elapse(60_000)
    expect(sent).toHaveLength(after)
  })

  it('is not eaten up by circuits that nobody answers or uses', () => {
    const world = star(3, { maxCircuits: 2, bytesPerSecond: 10_000 })
    world.tap = (from, _to, frame) => (from === 2 ? [] : [frame])
    const link = world.open(1, 2, 0, 1, true)
    world.elapse(20)
    expect(world.tab(0).circuits.stats.relayed).toBe(1)
    world.tap = (from, _to, frame) => (from === 0 ? [frame] : [])
    world.elapse(11_000)
    expect(world.tab(1).told).toEqual([`closed ${link} timeout`])
    expect(world.tab(0).circuits.stats.relayed).toBe(0)
    world.tap = (_from, _to, frame) => [frame]
    world.circuit(1, 2, 0)
    world.elapse(100)
    expect(world.tab(0).circuits.stats.relayed).toBe(1)
    world.elapse(301_000)
    expect(world.tab(0).circuits.stats.relayed).toBe(0)
    expect(world.tab(1).told.at(-1)).toMatch(/failed/)
  })
})

describe('the set-up', () => {
  it('times out where the other end does not want it, and leaves nothing behind', () => {
    const world = star(3)
    const expected = world.open(2, 1, 0, 1, false)
    const lonely = world.open(1, 2, 0, 2, true)
    world.elapse(6000)
    expect(world.tab(2).told).toEqual([`closed ${expected} timeout`])
    expect(world.tab(1).told).toEqual([`closed ${lonely} refused`])
    expect(world.tabs.map(tab => tab.circuits.deadline)).toEqual(Array(3).fill(Number.POSITIVE_INFINITY))
    expect(world.tab(0).circuits.stats.relayed).toBe(0)
  })

  it('waits for an end that hears of it later than the offer', () => {
    const world = star(3)
    const a = world.open(1, 2, 0, 1, true)
    world.elapse(300)
    const s = world.open(2, 1, 0, 1, false)
    world.elapse(100)
    expect([world.tab(1).told, world.tab(2).told]).toEqual([[`open ${a}`], [`open ${s}`]])
  })

  it.each([Frame.CONNECT, Frame.OFFER, Frame.ACCEPT])('comes through when the first %d is lost', type => {
    const world = star(3)
    let lost = 0
    world.tap = (_from, _to, frame) => (frame[0] === type && lost++ === 0 ? [] : [frame])
    const [a, s] = world.circuit(1, 2, 0)
    world.elapse(1500)
    expect([world.tab(1).told, world.tab(2).told]).toEqual([[`open ${a}`], [`open ${s}`]])
    world.send(1, a, Uint8Array.of(1))
    world.send(2, s, Uint8Array.of(2))
    world.elapse(100)
    expect(world.tab(1).got.get(a)).toEqual([Uint8Array.of(2)])
    expect(world.tab(2).got.get(s)).toEqual([Uint8Array.of(1)])
  })

  it('fails at once without a carrier', () => {
    const world = star(2)
    const link = world.open(1, 0, 5, 1, true)
    expect(world.tab(1).told).toEqual([`closed ${link} failed`])
    expect(world.tab(1).circuits.has(link)).toBe(false)
  })

  it('closes politely before it is through', () => {
    const world = star(3)
    const [a, s] = world.circuit(1, 2, 0)
    world.close(1, a)
    world.elapse(1000)
    expect(world.tab(1).told).toEqual([])
    expect(world.tab(2).told).toEqual([`open ${s}`, `closed ${s} closed`])
    expect(world.tab(0).circuits.stats.relayed).toBe(0)
  })
})
