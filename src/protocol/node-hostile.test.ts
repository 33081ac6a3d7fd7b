import { beforeEach, describe, expect, it } from 'vitest'
import type { Drop } from './effect.ts'
import { idToBytes } from './id.ts'
import { SWARM, signature, type Tab, World } from './node.testing.ts'
import { Frame } from './wire/frame.ts'
import { MAX_FRAME, MAX_PACKET } from './wire/limits.ts'
import { Writer } from './wire/writer.ts'

let world: World
/** A full mesh of four: the victim, the villain, and two who must not notice. */
let victim: Tab
let villain: Tab
let honest: [Tab, Tab]

beforeEach(() => {
  world = new World(1, { cryptoDelay: 0 })
  const [a, b, c, d] = world.swarm(4, {}, 1000) as [Tab, Tab, Tab, Tab]
  victim = a
  villain = b
  honest = [c, d]
})

const isLinked = () => victim.neighbours.includes(villain.id)

/** Repeats an offence until the link is closed; says how often it took. */
function offend(once: () => void, most = 200): number {
  for (let times = 0; times < most; times++) {
    if (!isLinked()) return times
    once()
    world.run(0)
  }
  return most
}

/** The villain is out, by name; nobody else is, and the mesh works. */
function expectOnlyVillainOut(): void {
  expect(victim.seen('peer-disconnect')).toMatchObject([{ peer: villain.id, reason: 'misbehaved' }])
  for (const tab of honest) expect(victim.neighbours).toContain(tab.id)
  const requests = [victim.broadcast('on'), victim.send(honest[0], 'goes'), victim.send(honest[1], 'goes')]
  world.run(1000)
  for (const request of requests) expect(victim.outcomes.get(request)).toBe('ok')
  for (const tab of honest) {
    expect(tab.heard.sort()).toEqual(['goes', 'on'])
    expect(tab.seen('peer-disconnect').filter(effect => effect.peer === victim.id)).toEqual([])
    expect(tab.node.counters.drops.size).toBe(0)
  }
}

const pushFrom = (key: Uint8Array, seq: number, body: string, sign = signature) => {
  const signed = new Writer()
    .bytes(key)
    .u48(1000)
    .varint(seq)
    .u8(0)
    .text('chat')
    .bytes(Buffer.from(body))
    .finish()
  const covered = new Writer().text('tabmesh broadcast 1').bytes(SWARM).bytes(signed).finish()
  return new Writer().u8(Frame.PUSH).u8(1).u8(0).bytes(signed).bytes(sign(key, covered)).finish()
}
const forged = () => new Uint8Array(64).fill(3)

/** An envelope: kind, receiver, way, and content. */
const envelope = (kind: number, to: Uint8Array, way: number, content: Uint8Array) =>
  new Writer().u8(kind).bytes(to).u48(way).bytes(content).finish()
let serial = 1000
const bounced = () => {
  const content = new Uint8Array(78)
  const bytes = envelope(0, world.random.bytes(32), 1, content)
  return new Writer().u8(Frame.BOUNCED).u8(1).u8(8).varint(serial++).bytes(bytes).finish()
}
const routed = (bytes: Uint8Array, hops = 1) =>
  new Writer().u8(Frame.ROUTED).u8(hops).u8(8).varint(serial++).bytes(bytes).finish()

describe('a neighbour is closed as misbehaved', () => {
  const truncated = (type: number) => Uint8Array.of(type, 0xff, 0xff, 0xff)
  it.each([
    ['packets of no known kind', 'malformed', 5, () => villain.emitPacket(victim, Uint8Array.of(7, 1, 2))],
    ['empty packets', 'malformed', 5, () => villain.emitPacket(victim, new Uint8Array(0))],
    ['oversize packets', 'too-large', 2, () => villain.emitPacket(victim, new Uint8Array(MAX_PACKET + 1))],
    [
      'frames promised over the limit',
      'too-large',
      2,
      () =>
        villain.emitPacket(
          victim,
          new Writer()
            .u8(1)
            .varint(0)
            .varint(MAX_FRAME + 1)
            .varint(0)
            .u8(1)
            .finish(),
        ),
    ],
    ['frames of unknown types', 'unexpected', 20, () => villain.emit(victim, Uint8Array.of(0x7f, 1, 2))],
    [
      'forged broadcasts',
      'bad-signature',
      2,
      () => villain.emit(victim, pushFrom(villain.key, 1, 'x', forged)),
    ],
    ['broken PINGs', 'malformed', 5, () => villain.emit(victim, truncated(Frame.PING))],
    ['broken NEIGHBOURS', 'malformed', 5, () => villain.emit(victim, truncated(Frame.NEIGHBOURS))],
    ['broken SHUFFLEs', 'malformed', 5, () => villain.emit(victim, truncated(Frame.SHUFFLE))],
    ['broken PUSHes', 'malformed', 5, () => villain.emit(victim, truncated(Frame.PUSH))],
    ['broken ACKs', 'malformed', 5, () => villain.emit(victim, truncated(Frame.ACK))],
    ['broken IHAVEs', 'malformed', 5, () => villain.emit(victim, truncated(Frame.IHAVE))],
    ['broken GRAFTs', 'malformed', 5, () => villain.emit(victim, truncated(Frame.GRAFT))],
    ['broken PRUNEs', 'malformed', 5, () => villain.emit(victim, truncated(Frame.PRUNE))],
    ['broken RANGES', 'malformed', 5, () => villain.emit(victim, truncated(Frame.RANGES))],
    ['broken ROUTED', 'malformed', 5, () => villain.emit(victim, truncated(Frame.ROUTED))],
    ['broken BOUNCED', 'malformed', 5, () => villain.emit(victim, truncated(Frame.BOUNCED))],
    ['broken DATA', 'malformed', 5, () => villain.emit(victim, truncated(Frame.DATA))],
    ['broken RECEIPTs', 'malformed', 5, () => villain.emit(victim, truncated(Frame.RECEIPT))],
    ['bounces of nothing sent', 'unexpected', 20, () => villain.emit(victim, bounced())],
  ] as readonly [string, Drop, number, () => void][])('after %s', (_what, drop, times, once) => {
    expect(offend(once)).toBe(times)
    expect(victim.drops(drop)).toBe(times)
    expect([...victim.node.counters.drops.keys()]).toEqual([drop])
    expectOnlyVillainOut()
  })

  it('is told why, and not asked again at once', () => {
    offend(() => villain.emitPacket(victim, new Uint8Array(0)))
    const bye = victim.seen('send').filter(({ frame }) => frame[0] === Frame.BYE)
    expect(bye).toMatchObject([{ frame: Uint8Array.of(Frame.BYE, 4, 0) }])
    world.run(500)
    expect(isLinked()).toBe(false)
  })

  it('by the rest of the packet that closed it, no more', () => {
    const frames = Array.from({ length: 100 }, () => Uint8Array.of(0x7f))
    villain.emit(victim, ...frames)
    expect(isLinked()).toBe(false)
    expect(victim.drops('unexpected')).toBe(20)
  })
})

describe('what a forger brings', () => {
  it('is neither delivered nor passed on, and does not keep the true message out', () => {
    const push = pushFrom(honest[0].key, 1, 'mine', forged)
    villain.emit(victim, push)
    honest[0].broadcast('mine')
    world.run(500)
    expect(victim.heard).toEqual(['mine'])
    expect(victim.node.counters.gossip.badSignatures).toBe(1)
    expect(honest[1].heard).toEqual(['mine'])
    expect(honest[1].drops('bad-signature')).toBe(0)
  })

  it('cannot be a broadcast in another’s name or of another swarm', () => {
    const signed = (key: Uint8Array, bytes: Uint8Array) =>
      signature(villain.key, bytes.length > 0 ? key : bytes)
    villain.emit(victim, pushFrom(honest[0].key, 9, 'in your name', signed))
    world.run(500)
    expect(victim.heard).toEqual([])
    expect(victim.drops('bad-signature')).toBe(1)
  })
})

describe('what came from far away', () => {
  const letter = (way: number) =>
    routed(
      envelope(
        0,
        idToBytes(victim.id),
        way,
        new Writer().bytes(idToBytes(honest[0].id)).u48(way).bytes(new Uint8Array(40)).finish(),
      ),
      3,
    )

  it('costs the neighbour that passed it on nothing', () => {
    for (let way = 1; way <= 1000; way++) villain.emit(victim, letter(way))
    world.run(2000)
    expect(victim.drops('bad-seal')).toBe(1000)
    expect(isLinked()).toBe(true)
    expect(victim.seen('peer-disconnect')).toEqual([])
  })

  it('costs nothing either when it is a forged record or too many hops', () => {
    for (let way = 1; way <= 200; way++) {
      const content = new Writer().bytes(world.random.bytes(134)).u48(1).bytes(new Uint8Array(40)).finish()
      villain.emit(victim, routed(envelope(1, idToBytes(victim.id), way, content)))
      const unknown = new Writer().bytes(world.random.bytes(38)).bytes(new Uint8Array(40)).finish()
      villain.emit(victim, routed(envelope(0, world.random.bytes(32), way, unknown), 255))
      if (way % 50 === 0) world.run(20)
    }
    world.run(1000)
    expect(victim.drops('bad-signature')).toBe(200)
    expect(victim.drops('hop-limit')).toBe(200)
    expect(isLinked()).toBe(true)
    expect(victim.node.counters.routing.tables.questions).toBe(0)
  })

  it('is passed on without a look inside, and without an exception', () => {
    for (let way = 1; way <= 300; way++) {
      const content = new Writer().bytes(world.random.bytes(38)).bytes(new Uint8Array(40)).finish()
      villain.emit(victim, routed(envelope(0, world.random.bytes(32), way, content)))
    }
    world.run(3000)
    for (const tab of [victim, ...honest]) {
      expect(tab.seen('peer-disconnect')).toEqual([])
      expect(tab.heard).toEqual([])
    }
  })

  it('through the signaling server is counted, and costs no link', () => {
    const bytes = [
      new Uint8Array(0),
      world.random.bytes(500),
      envelope(5, idToBytes(villain.id), 1, new Uint8Array(1)),
    ]
    for (const each of bytes) victim.input({ kind: 'envelope', bytes: each })
    expect(victim.drops('malformed')).toBe(2)
    expect(victim.drops('not-for-us')).toBe(1)
    expect(victim.neighbours).toHaveLength(3)
  })
})
