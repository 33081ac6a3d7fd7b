import fc from 'fast-check'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Effect } from '../effect.ts'
import { idOfKey } from '../record.ts'
import { Frame, type FrameType } from '../wire/frame.ts'
import { Reader } from '../wire/reader.ts'
import { encodeAck, encodeGraft, encodeIhave, encodePrune, encodeRanges, Purpose } from './control.ts'
import { Gossip } from './gossip.ts'
import { checksum, DISCOVERY_KEY, isChecksum, Network, seeded } from './network.test-support.ts'
import { encodePush, encodeSigned, pushToSign } from './push.ts'
import { RangeSet } from './ranges.ts'
import { streamId } from './stream.ts'

// Thousands of events on machines that may be busy: the clock inside is virtual, the one outside must not decide.
vi.setConfig({ testTimeout: 60_000 })

const random = seeded(99)
const key = random.bytes(32)
const EPOCH = 1_790_000_000_000

function span(from: number, to = from): RangeSet {
  const set = new RangeSet()
  set.add(from, to)
  return set
}

function pushOf(author: Uint8Array, epoch: number, seq: number, text = 'hi', hops = 1): Uint8Array {
  const signed = encodeSigned(author, epoch, seq, 'chat', new TextEncoder().encode(text))
  return encodePush(hops, 0, signed, checksum(author, pushToSign(DISCOVERY_KEY, signed)))
}

/** One machine between three links, answered by hand. */
class Bench {
  now = 1000
  readonly out: Effect[] = []
  readonly gossip: Gossip
  readonly delivered: string[] = []

  constructor(settings: Partial<ConstructorParameters<typeof Gossip>[0]> = {}) {
    const own = random.bytes(32)
    this.gossip = new Gossip({
      id: idOfKey(own),
      key: own,
      discoveryKey: DISCOVERY_KEY,
      epoch: EPOCH,
      random: seeded(5),
      ...settings,
    })
    this.gossip.start(0)
    for (const link of [1, 2, 3]) this.gossip.linkUp(link, idOfKey(Uint8Array.of(link)), this.now, this.out)
    this.out.length = 0
  }

  frame(link: number, bytes: Uint8Array): ReturnType<Gossip['frame']> {
    return this.gossip.frame(link, bytes[0] as FrameType, new Reader(bytes, 1), this.now, this.out)
  }

  /** Answers every verification asked for so far; returns the drops. */
  verify(): unknown[] {
    const drops: unknown[] = []
    for (let i = 0; i < this.out.length; i++) {
      const effect = this.out[i]!
      if (effect.kind === 'deliver') this.delivered.push(new TextDecoder().decode(effect.body))
      if (effect.kind !== 'verify') continue
      const ok = isChecksum(effect.key, effect.bytes, effect.signature)
      const drop = this.gossip.verified(effect.token.n, ok, this.now, this.out)
      if (drop !== undefined) drops.push(drop)
    }
    return drops
  }

  sent(type: number): number[] {
    return this.out.flatMap(effect =>
      effect.kind === 'send' && effect.frame[0] === type ? [effect.link] : [],
    )
  }

  /** What was sent beside beacons. */
  talk(): Effect[] {
    return this.out.filter(effect => effect.kind === 'send' && effect.frame[0] !== Frame.BEACON)
  }

  pass(milliseconds: number): void {
    const end = this.now + milliseconds
    for (let turns = 0; this.gossip.deadline <= end && turns < 10_000; turns++) {
      this.now = Math.max(this.now, this.gossip.deadline)
      this.gossip.tick(this.now, this.out)
    }
    this.now = end
  }
}

let bench: Bench
beforeEach(() => {
  bench = new Bench()
})

describe('forged signatures', () => {
  test('are never delivered, acked nor passed on, and name the link', () => {
    const forged = pushOf(key, EPOCH, 1)
    forged[forged.length - 1]! ^= 1
    bench.frame(1, forged)
    expect(bench.verify()).toEqual([{ drop: 'bad-signature', link: 1 }])
    bench.pass(5000)
    expect(bench.delivered).toEqual([])
    expect(bench.talk()).toEqual([])
    expect(bench.gossip.stats).toMatchObject({ badSignatures: 1, streams: 1, verifying: 0 })
  })

  test('do not stand in the way of the true message that came second', () => {
    const forged = pushOf(key, EPOCH, 1, 'no')
    forged[forged.length - 1]! ^= 1
    bench.frame(1, forged)
    bench.frame(2, pushOf(key, EPOCH, 1, 'yes'))
    bench.frame(3, forged)
    expect(bench.gossip.stats).toMatchObject({ verifying: 3, duplicates: 2 })
    expect(bench.verify()).toEqual([{ drop: 'bad-signature', link: 1 }])
    expect(bench.delivered).toEqual(['yes'])
    expect(bench.gossip.stats.verifying).toBe(0)
    bench.pass(1000)
    // Only the honest one is acked.
    expect(bench.sent(Frame.ACK)).toEqual([2])
  })

  test('cannot be made of a true message with another body, topic, number or session', () => {
    const frame = pushOf(key, EPOCH, 1, 'hello')
    for (let at = 3; at < frame.length; at++) {
      const changed = frame.slice()
      changed[at]! ^= 1
      bench.frame(1, changed)
    }
    bench.verify()
    expect(bench.delivered).toEqual([])
  })
})

describe('replays', () => {
  test('a message is not delivered again after its stream was forgotten', () => {
    bench = new Bench({ maxStreams: 4 })
    const first = pushOf(key, EPOCH, 1, 'once')
    bench.frame(1, first)
    bench.verify()
    for (let i = 0; i < 20; i++) {
      bench.now += 10
      bench.frame(1, pushOf(random.bytes(32), EPOCH, 1, 'other'))
      bench.verify()
    }
    expect(bench.gossip.stats.streams).toBeLessThanOrEqual(4)
    bench.delivered.length = 0
    bench.out.length = 0
    bench.frame(2, first)
    bench.verify()
    expect(bench.delivered).toEqual([])
    bench.frame(2, pushOf(key, EPOCH, 2, 'next'))
    bench.verify()
    expect(bench.delivered).toEqual(['next'])
  })

  test('a reloaded tab is a new stream; sessions older than the last two are refused', () => {
    for (const epoch of [EPOCH, EPOCH + 5]) bench.frame(1, pushOf(key, epoch, 1, `${epoch}`))
    bench.verify()
    expect(bench.delivered).toEqual([`${EPOCH}`, `${EPOCH + 5}`])
    expect(bench.frame(1, pushOf(key, EPOCH - 5, 1))).toBe('replay')
  })
})

describe('floods', () => {
  test('announcements, grafts and prunes of streams nobody knows stay within the tables', () => {
    for (let i = 0; i < 5000; i++) {
      const stream = random.u32()
      bench.frame(1, encodeIhave([{ stream, hops: 1, lag: 0, ranges: span(1, 2 ** 48) }]))
      bench.frame(1, encodeGraft([{ stream: stream + 1, tree: true, ranges: span(1, 2 ** 48) }]))
      bench.frame(1, encodePrune([stream + 2]))
      bench.frame(1, encodeAck([{ stream: stream + 3, ranges: span(0, 2 ** 48) }]))
      bench.out.length = 0
    }
    const stats = bench.gossip.stats
    expect(stats.rumours).toBeLessThanOrEqual(256)
    expect(stats.strayAcks).toBe(5000)
  })

  test('who announces everything and sends nothing is asked a few times, then forgotten', () => {
    bench.frame(1, encodeIhave([{ stream: 4711, hops: 1, lag: 0, ranges: span(1, 2 ** 48) }]))
    bench.pass(120_000)
    expect(bench.sent(Frame.GRAFT)).toHaveLength(6)
    expect(bench.gossip.stats.emptyPromises).toBe(1)
    bench.out.length = 0
    bench.pass(600_000)
    expect(bench.talk()).toEqual([])
  })

  test('an ack for what was never sent settles nothing and is counted', () => {
    bench.gossip.broadcast(1, 'chat', new Uint8Array(3), bench.now, bench.out)
    const own = bench.out.find(effect => effect.kind === 'sign')!
    bench.gossip.signed(own.token.n, new Uint8Array(64), bench.now, bench.out)
    bench.frame(1, encodeAck([{ stream: 12345, ranges: span(1) }]))
    bench.frame(1, encodeAck([{ stream: 12345, ranges: span(1, 2 ** 48) }]))
    expect(bench.out.some(effect => effect.kind === 'settle')).toBe(false)
    expect(bench.gossip.stats).toMatchObject({ strayAcks: 2, unacked: 3 })
  })

  test('an ack of 2⁴⁸ messages counts for the one that was sent', () => {
    const own = bench.gossip
    own.broadcast(1, 'chat', new Uint8Array(3), bench.now, bench.out)
    const sign = bench.out.find(effect => effect.kind === 'sign')!
    own.signed(sign.token.n, new Uint8Array(64), bench.now, bench.out)
    const push = bench.out.find(effect => effect.kind === 'send')!
    const ownKey = push.frame.subarray(3, 35)
    for (const link of [1, 2, 3]) {
      bench.frame(link, encodeAck([{ stream: streamId(ownKey, EPOCH), ranges: span(0, 2 ** 48) }]))
    }
    expect(bench.out.at(-1)).toEqual({ kind: 'settle', request: 1, outcome: 'ok' })
    expect(own.stats.unacked).toBe(0)
  })

  test('a jump of 2⁴⁰ in its own numbers hurts nobody but the origin', () => {
    bench.frame(1, pushOf(key, EPOCH, 1, 'a'))
    bench.frame(1, pushOf(key, EPOCH, 2 ** 40, 'b'))
    bench.frame(1, pushOf(key, EPOCH, 2 ** 40 + 1, 'c'))
    bench.verify()
    expect(bench.delivered).toEqual(['a'])
    expect(bench.gossip.stats.held).toBe(2)
    bench.pass(11_000)
    bench.verify()
    expect(bench.delivered.slice(-2)).toEqual(['b', 'c'])
    expect(bench.gossip.stats.held).toBe(0)
  })

  test('every other number of a stream: what waits stays within its bound, nothing is delivered twice', () => {
    for (let seq = 1; seq < 4000; seq += 2) {
      bench.frame(1, pushOf(key, EPOCH, seq, `${seq}`))
      if (seq % 100 === 1) bench.verify()
      expect(bench.gossip.stats.held).toBeLessThanOrEqual(256)
    }
    bench.verify()
    const got = bench.out.filter(effect => effect.kind === 'deliver').map(effect => effect.body.join())
    expect(new Set(got).size).toBe(got.length)
  })

  test('pushes faster than they can be checked are refused, per link and in total', () => {
    let refused = 0
    for (let i = 1; i <= 2000; i++) {
      if (bench.frame(1 + (i % 3), pushOf(random.bytes(32), EPOCH, 1)) === 'table-full') refused++
    }
    expect(bench.gossip.stats.verifying).toBe(3 * 256)
    expect(refused).toBe(2000 - 3 * 256)
  })

  test('senders by the thousand: the table keeps its bound', () => {
    bench = new Bench({ historyBytes: 100_000 })
    for (let i = 0; i < 3000; i++) {
      bench.frame(1, pushOf(random.bytes(32), EPOCH, 1))
      bench.verify()
      bench.out.length = 0
    }
    const stats = bench.gossip.stats
    expect(stats.streams).toBeLessThanOrEqual(256)
    expect(stats.tombstones).toBeLessThanOrEqual(4096)
    // What they said is of the past, which has a bound of its own.
    expect(stats.messages).toBeGreaterThan(256)
    expect(stats.historyBytes).toBeLessThanOrEqual(100_000)
  })

  test('history stays within its bytes', () => {
    bench = new Bench({ historyBytes: 20_000 })
    for (let seq = 1; seq <= 500; seq++) {
      bench.frame(1, pushOf(key, EPOCH, seq, 'x'.repeat(300)))
      bench.verify()
      bench.out.length = 0
      expect(bench.gossip.stats.historyBytes).toBeLessThanOrEqual(20_000)
    }
    expect(bench.gossip.stats.delivered).toBe(500)
  })

  test('a link that never acks gets no more than its bound of pushes', () => {
    bench = new Bench({ maxUnacked: 50 })
    for (let seq = 1; seq <= 500; seq++) {
      bench.frame(1, pushOf(key, EPOCH, seq))
      bench.verify()
      bench.out.length = 0
    }
    expect(bench.gossip.stats.unacked).toBeLessThanOrEqual(100)
  })

  test('grafts over and over are answered within a budget', () => {
    bench = new Bench({ historyBytes: 100_000 })
    for (let seq = 1; seq <= 100; seq++) bench.frame(1, pushOf(key, EPOCH, seq, 'x'.repeat(300)))
    bench.verify()
    bench.out.length = 0
    const drops = new Set<unknown>()
    for (let i = 0; i < 100; i++) {
      drops.add(
        bench.frame(
          2,
          encodeGraft([{ stream: streamId(key, EPOCH), tree: false, ranges: span(1, 2 ** 48) }]),
        ),
      )
    }
    const bytes = bench.out.reduce(
      (sum, effect) => sum + (effect.kind === 'send' ? effect.frame.length : 0),
      0,
    )
    expect(bytes).toBeLessThan(110_000)
    expect(drops).toContain('rate')
  })

  test('comparisons over and over are answered within a budget, uninvited answers refused', () => {
    bench = new Bench()
    bench.frame(1, pushOf(key, EPOCH, 1))
    bench.verify()
    bench.out.length = 0
    let drops = 0
    for (let i = 0; i < 1000; i++) {
      if (bench.frame(2, encodeRanges({ purpose: Purpose.ALL, age: 1e9, entries: [] })) === 'rate') drops++
    }
    expect(drops).toBeGreaterThan(980)
    expect(bench.sent(Frame.RANGES).length).toBeLessThan(20)
    const lie = {
      stream: streamId(key, EPOCH),
      hops: 0,
      from: 2 ** 40,
      next: 2 ** 40,
      ranges: new RangeSet(),
    }
    let refused = 0
    for (let i = 0; i < 100; i++) {
      if (bench.frame(3, encodeRanges({ purpose: Purpose.ANSWER, age: 0, entries: [lie] })) === 'unexpected')
        refused++
    }
    expect(refused).toBeGreaterThan(90)
    bench.frame(1, pushOf(key, EPOCH, 2, 'still here'))
    bench.verify()
    expect(bench.delivered.at(-1)).toBe('still here')
  })
})

describe('limits', () => {
  test('hops, size, own number from outside, unknown link', () => {
    bench = new Bench({ maxHops: 5, maxBody: 10 })
    expect(bench.frame(1, pushOf(key, EPOCH, 1, 'x', 0))).toBe('hop-limit')
    expect(bench.frame(1, pushOf(key, EPOCH, 1, 'x', 6))).toBe('hop-limit')
    expect(bench.frame(1, pushOf(key, EPOCH, 1, 'x'.repeat(11)))).toBe('too-large')
    expect(bench.frame(9, pushOf(key, EPOCH, 1))).toBe('unexpected')
    expect(bench.frame(1, pushOf(key, EPOCH, 1, 'x', 5))).toBeUndefined()
    bench.verify()
    expect(bench.delivered).toEqual(['x'])
    bench.pass(5000)
    expect([...bench.sent(Frame.PUSH), ...bench.sent(Frame.IHAVE)]).toEqual([])
  })

  test('whatever bytes come in as whatever frame, nothing is thrown and nothing delivered', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom(0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29),
            fc.uint8Array({ maxLength: 200 }),
          ),
          {
            maxLength: 30,
          },
        ),
        frames => {
          const each = new Bench()
          for (const [type, bytes] of frames) each.frame(1, Uint8Array.of(type, ...bytes))
          each.verify()
          each.pass(1000)
          expect(each.delivered).toEqual([])
        },
      ),
    )
  })

  test('a liar among honest peers keeps nothing from anybody', () => {
    const net = new Network({ seed: 77 })
    net.randomGraph(20, 4)
    for (let i = 0; i < 3; i++) {
      net.broadcast(0, `${i}`)
      net.run(500)
    }
    const stream = streamId(net.peer(0).key, EPOCH)
    const liar = net.peer(9)
    for (const pipe of liar.pipes.values()) {
      const victim = pipe.a === 9 ? pipe.b : pipe.a
      const link = pipe.a === 9 ? pipe.linkB : pipe.linkA
      net.inject(victim, link, encodeIhave([{ stream, hops: 0, lag: 0, ranges: span(1, 2 ** 48) }]))
      net.inject(victim, link, encodeAck([{ stream, ranges: span(1, 2 ** 48) }]))
      net.inject(victim, link, encodePrune([stream]))
    }
    for (let i = 3; i < 8; i++) {
      net.broadcast(0, `${i}`)
      net.run(1000)
    }
    net.run(30_000)
    for (const peer of net.peers) {
      if (peer.index !== 0 && peer !== liar) {
        expect(
          peer.delivered.map(each => each.text),
          `peer ${peer.index}`,
        ).toEqual([...'01234567'])
      }
    }
  })
})
