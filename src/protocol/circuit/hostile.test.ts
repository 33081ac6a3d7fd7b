/** What ends, relays and strangers may try, and what it gets them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSealer } from '../../crypto/seal.ts'
import { Score } from '../score.ts'
import { Frame } from '../wire/frame.ts'
import { MAX_CIRCUIT_PACKET } from '../wire/limits.ts'
import { Writer } from '../wire/writer.ts'
import { MAX_COUNTER, writeSetup } from './frames.ts'
import { AMPLE, World } from './world.testing.ts'

const SALT = new Uint8Array(8)
/** `circuit` of the first circuit on a link, in the numbering of the frame's sender, and in its receiver's. */
const MINE = 2
const YOURS = 3

function frame(type: number, circuit: number, ...rest: (number | Uint8Array)[]): Uint8Array {
  const writer = new Writer().u8(type).varint(circuit)
  for (const part of rest) typeof part === 'number' ? writer.varint(part) : writer.bytes(part)
  return writer.finish()
}

/** 0 and 2 have 1 between them, and a circuit over it that is open. */
function open(budget = AMPLE) {
  const world = new World(3, budget, createSealer)
  world.link(0, 1)
  world.link(1, 2)
  const [a, s] = world.circuit(0, 2, 1)
  world.elapse(100)
  return { world, a, s }
}

/** Points that a tab's link would have. */
const isClosed = (drops: readonly string[], perSecond: number): boolean => {
  const score = new Score()
  return drops.some((drop, i) => score.add(drop as Parameters<Score['add']>[0], (i / perSecond) * 1000))
}

describe('a relay that lies', () => {
  it('cannot put a packet in, change one, or play one again', () => {
    const { world, a, s } = open()
    const carried: Uint8Array[] = []
    world.tap = (from, _to, bytes) => {
      if (from !== 1 || bytes[0] !== Frame.CARRY) return [bytes]
      carried.push(bytes)
      const changed = bytes.slice()
      changed[changed.length - 1]! ^= 1
      return [changed, bytes, bytes, carried[0]!]
    }
    for (let i = 0; i < 10; i++) {
      world.send(0, a, Uint8Array.of(1, i))
      world.elapse(50)
    }
    expect(world.tab(2).got.get(s)).toEqual(Array.from({ length: 10 }, (_, i) => Uint8Array.of(1, i)))
    expect(new Set(world.tab(2).drops)).toEqual(new Set(['bad-seal']))
  })

  it('cannot send back to an end what it sent, nor on another circuit of the same two', () => {
    const { world, a, s } = open()
    const [b, t] = world.circuit(0, 2, 1)
    world.elapse(100)
    const taken: Uint8Array[] = []
    world.tap = (_from, to, bytes) => {
      if (to === 1 && bytes[0] === Frame.CARRY) taken.push(bytes)
      return [bytes]
    }
    world.send(0, a, Uint8Array.of(1, 2, 3))
    world.elapse(100)
    const box = taken[0]!.subarray(2)
    world.deliver(1, 0, frame(Frame.CARRY, YOURS, box))
    world.deliver(1, 2, frame(Frame.CARRY, 4, box))
    expect([world.tab(0).drops, world.tab(2).drops]).toEqual([['bad-seal'], ['bad-seal']])
    expect([world.tab(0).got.get(a), world.tab(0).got.get(b), world.tab(2).got.get(t)]).toEqual([[], [], []])
    expect(world.tab(2).got.get(s)).toHaveLength(1)
  })

  it('is left when nothing it brings opens, without a cost to its link', () => {
    const { world, a } = open()
    for (let i = 0; i < 100; i++) world.deliver(1, 0, frame(Frame.CARRY, YOURS, i, new Uint8Array(100)))
    expect(world.tab(0).told).toEqual([`open ${a}`, `closed ${a} failed`])
    expect(isClosed(world.tab(0).drops, 1000)).toBe(false)
  })

  it.each([
    ['credit for more than was sent', frame(Frame.CREDIT, YOURS, 1_000_000)],
    ['credit beyond all numbers', frame(Frame.CREDIT, YOURS, MAX_COUNTER)],
    ['no number', frame(Frame.CREDIT, YOURS)],
    ['more than a number', frame(Frame.CREDIT, YOURS, 0, 0)],
    ['a counter that no nonce has room for', frame(Frame.CARRY, YOURS, MAX_COUNTER + 1, new Uint8Array(20))],
    ['a box that is none', frame(Frame.CARRY, YOURS, 0, new Uint8Array(15))],
    ['a box too large', frame(Frame.CARRY, YOURS, 0, new Uint8Array(MAX_CIRCUIT_PACKET + 17))],
    ['half an ACCEPT', frame(Frame.ACCEPT, YOURS, SALT.subarray(1))],
  ])('ends the circuit with %s', (_what, bytes) => {
    const { world, a } = open()
    world.deliver(1, 0, bytes)
    expect(world.tab(0).drops).toEqual(['unexpected'])
    expect(world.tab(0).told).toEqual([`open ${a}`, `closed ${a} failed`])
    world.elapse(1000)
    expect(world.tab(1).circuits.stats.relayed).toBe(0)
  })

  it('may offer what nobody wants for a while, and holds eight places', () => {
    const { world } = open()
    const peer = world.tab(0).id
    for (let i = 2; i < 300; i++)
      world.deliver(1, 2, writeSetup(Frame.OFFER, (2 * i) ^ 1, { peer, session: i, salt: SALT }))
    expect(new Set(world.tab(2).drops)).toEqual(new Set(['rate']))
    expect(world.tab(2).circuits.stats.ends).toBe(1)
    expect(isClosed(world.tab(2).drops, 1)).toBe(false)
    expect(isClosed(world.tab(2).drops, 100)).toBe(true)
  })

  it('cannot pass off another circuit than the one that is expected', () => {
    const { world } = open()
    const { id: peer } = world.tab(0)
    const link = world.open(2, 0, 1, 77, false)
    const other = world.tab(1).id
    for (const setup of [
      { peer, session: 78, salt: SALT },
      { peer: other, session: 77, salt: SALT },
    ])
      world.deliver(1, 2, writeSetup(Frame.OFFER, (40 + 2 * (setup.session - 77)) ^ 1, setup))
    expect(world.tab(2).told).toHaveLength(1)
    world.deliver(1, 2, writeSetup(Frame.OFFER, 50 ^ 1, { peer, session: 77, salt: SALT }))
    expect(world.tab(2).told.at(-1)).toBe(`open ${link}`)
  })
})

describe('an end that lies', () => {
  it('finds no circuit that is not its own', () => {
    const { world } = open()
    for (const circuit of [0, 1, 5, 4, 1000, 2 ** 30 - 1]) {
      for (const type of [Frame.ACCEPT, Frame.CARRY, Frame.CREDIT])
        world.deliver(0, 1, frame(type, circuit, 0))
      world.deliver(0, 1, frame(Frame.HANGUP, circuit, 0))
    }
    const { drops } = world.tab(1)
    // 0 and 1 are numbers that were never given: as old as any.
    expect(drops).toEqual(Array(16).fill('unexpected'))
    world.deliver(0, 1, frame(Frame.CARRY, 2 ** 30, 0, SALT))
    world.deliver(0, 1, frame(0x46, MINE))
    expect(drops.slice(16)).toEqual(['malformed', 'unexpected'])
    expect(world.tab(1).circuits.stats.relayed).toBe(1)
  })

  it('cannot flood a relay with CONNECTs, nor its neighbours through it', () => {
    const { world } = open({ maxCircuits: 4, bytesPerSecond: 100_000 })
    const peer = world.tab(2).id
    const offers = () => world.tab(1).sent.filter(({ frame: [type] }) => type === Frame.OFFER).length
    const before = offers()
    for (let i = 0; i < 500; i++) {
      const circuit = 2 * (i + 2)
      world.deliver(0, 1, writeSetup(Frame.CONNECT, circuit ^ 1, { peer, session: i, salt: SALT }))
      world.deliver(0, 1, frame(Frame.HANGUP, circuit, 0))
    }
    expect(offers() - before).toBeLessThan(32)
    expect(world.tab(1).drops.filter(drop => drop === 'rate').length).toBeGreaterThan(400)
    world.elapse(1000)
    expect(isClosed(world.tab(2).drops, 1000)).toBe(false)
    expect(world.tab(1).circuits.stats.relayed).toBe(1)
  })

  it('cannot have a relay flood one of its neighbours together with others', () => {
    const world = new World(12)
    for (let i = 1; i < 12; i++) world.link(0, i)
    const peer = world.tab(1).id
    for (let i = 0; i < 20; i++)
      for (let from = 2; from < 12; from++) {
        world.deliver(from, 0, writeSetup(Frame.CONNECT, MINE ^ 1, { peer, session: i, salt: SALT }))
        world.deliver(from, 0, frame(Frame.HANGUP, MINE, 0))
      }
    expect(world.tab(0).sent.filter(({ frame: [type] }) => type === Frame.OFFER)).toHaveLength(32)
    expect(world.tab(0).circuits.stats.refused).toBe(200 - 32)
  })

  it('gets nothing through before the other end has answered, nor anything larger than a packet', () => {
    const { world } = open()
    const peer = world.tab(2).id
    world.deliver(0, 1, writeSetup(Frame.CONNECT, 4 ^ 1, { peer, session: 5, salt: SALT }))
    world.deliver(0, 1, frame(Frame.CARRY, 4, 0, new Uint8Array(100)))
    world.deliver(0, 1, frame(Frame.CARRY, MINE, 0, new Uint8Array(100_000)))
    expect(world.tab(1).drops).toEqual(['unexpected', 'too-large'])
  })

  it('cannot take a number twice, or one that the relay gave', () => {
    const { world } = open()
    const { id: peer } = world.tab(0)
    world.deliver(2, 1, writeSetup(Frame.CONNECT, YOURS ^ 1, { peer, session: 5, salt: SALT }))
    world.deliver(0, 1, writeSetup(Frame.OFFER, MINE ^ 1, { peer, session: 5, salt: SALT }))
    world.deliver(0, 1, frame(Frame.CONNECT, MINE))
    expect(world.tab(1).drops).toEqual(['malformed', 'unexpected', 'malformed'])
    expect(world.tab(1).circuits.stats.relayed).toBe(1)
  })

  it('may hang up and go on talking, for a while', () => {
    const { world } = open()
    world.deliver(0, 1, frame(Frame.HANGUP, MINE, 0))
    for (let i = 0; i < 20_000; i++) world.deliver(0, 1, frame(Frame.CARRY, MINE, i, SALT))
    const { drops } = world.tab(1)
    expect(new Set(drops)).toEqual(new Set(['rate']))
    expect(drops.length).toBeGreaterThan(3000)
  })
})

it('random bytes never throw, and grow no table past its bound', () => {
  const type = fc.integer({ min: Frame.CONNECT, max: 0x47 })
  const circuit = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.nat())
  const part = fc.oneof(
    fc.nat(),
    fc.uint8Array({ maxLength: 64 }),
    fc.constantFrom(SALT, new Uint8Array(32), new Uint8Array(17_000)),
  )
  const step = fc.record({
    from: fc.integer({ min: 0, max: 2 }),
    to: fc.integer({ min: 0, max: 2 }),
    what: fc.oneof(
      fc.tuple(type, circuit, fc.array(part, { maxLength: 3 })).map(([t, c, rest]) => frame(t, c, ...rest)),
      fc.tuple(type, fc.uint8Array({ maxLength: 80 })).map(([t, rest]) => Uint8Array.of(t, ...rest)),
      fc
        .tuple(
          fc.constantFrom<number>(Frame.CONNECT, Frame.OFFER),
          circuit,
          fc.integer({ min: 0, max: 3 }),
          fc.nat(4),
        )
        .map(([t, c, who, session]) => ({ t, c, who, session })),
    ),
    wait: fc.constantFrom(0, 0, 0, 20, 2000),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const world = new World(4, { maxCircuits: 3, bytesPerSecond: 20_000 })
      world.link(0, 1)
      world.link(1, 2)
      world.link(2, 3)
      const [a, s] = world.circuit(0, 2, 1)
      world.open(2, 0, 1, 3, false)
      world.elapse(100)
      for (const { from, to, what, wait } of steps) {
        // The world checks every table against its bound after every input.
        const bytes =
          what instanceof Uint8Array
            ? what
            : writeSetup(what.t, what.c ^ 1, {
                peer: world.tab(what.who).id,
                session: what.session,
                salt: SALT,
              })
        world.deliver(from, to, bytes)
        world.send(0, a, Uint8Array.of(1))
        world.send(2, s, Uint8Array.of(1))
        world.elapse(wait)
      }
      // Without the hostile ones everything comes to rest.
      for (const [x, y] of [
        [0, 1],
        [1, 2],
        [2, 3],
      ] as const)
        world.cut(x, y)
      world.elapse(400_000)
      for (const { circuits } of world.tabs) {
        expect(circuits.stats).toMatchObject({ ends: 0, relayed: 0, waiting: 0 })
        expect(circuits.deadline).toBe(Number.POSITIVE_INFINITY)
      }
    }),
    { numRuns: 150 },
  )
})
