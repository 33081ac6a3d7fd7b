import fc from 'fast-check'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Effect } from '../effect.ts'
import { idOfKey } from '../record.ts'
import { Frame, type FrameType } from '../wire/frame.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { encodeIhave } from './control.ts'
import { Gossip } from './gossip.ts'
import { checksum, DISCOVERY_KEY, isChecksum, seeded } from './network.test-support.ts'
import { encodePush, encodeSigned, pushToSign } from './push.ts'
import { RangeSet } from './ranges.ts'
import { streamId } from './stream.ts'
import {
  decodeDecline,
  decodeInterests,
  decodeSkip,
  encodeDecline,
  encodeInterests,
  encodeSkip,
} from './topic-frames.ts'

// Thousands of frames on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 })

const random = seeded(77)
const key = random.bytes(32)
const EPOCH = 1_790_000_000_000
const STREAM = streamId(key, EPOCH)

function span(from: number, to = from): RangeSet {
  const set = new RangeSet()
  set.add(from, to)
  return set
}

function pushOf(seq: number, topic: string, repair = false): Uint8Array {
  const signed = encodeSigned(key, EPOCH, seq, topic, new TextEncoder().encode(`${seq}`))
  return encodePush(2, repair ? 2 : 0, signed, checksum(key, pushToSign(DISCOVERY_KEY, signed)))
}

/** One machine between three links that wants topic `a`, and has declined `b` to everybody. Link 1 is the parent. */
class Bench {
  now = 1000
  out: Effect[] = []
  readonly delivered: string[] = []
  readonly gossip: Gossip

  constructor() {
    const own = random.bytes(32)
    this.gossip = new Gossip({
      id: idOfKey(own),
      key: own,
      discoveryKey: DISCOVERY_KEY,
      epoch: EPOCH,
      random: seeded(5),
    })
    this.gossip.interested(['a'], [], 0, this.out)
    this.gossip.start(0)
    for (const link of [1, 2, 3]) this.gossip.linkUp(link, idOfKey(Uint8Array.of(link)), this.now, this.out)
    this.push(1, 1, 'a')
    this.push(1, 2, 'b')
    // The others do not want `b` either, and are no branches of this tree.
    for (const link of [2, 3])
      this.frame(link, encodeDecline([{ stream: STREAM, generation: 1, from: 0, topics: ['b'] }]))
    this.pass(500)
  }

  frame(link: number, bytes: Uint8Array): ReturnType<Gossip['frame']> {
    const drop = this.gossip.frame(link, bytes[0] as FrameType, new Reader(bytes, 1), this.now, this.out)
    this.settle()
    return drop
  }

  push(link: number, seq: number, topic: string, repair = false): void {
    this.frame(link, pushOf(seq, topic, repair))
  }

  /** What the parent's decline is known by. */
  get generation(): number {
    const frames = this.sent(Frame.DECLINE, 1)
    return decodeDecline(new Reader(frames.at(-1)!, 1))!.at(-1)!.generation
  }

  sent(type: number, link?: number): Uint8Array[] {
    return this.out.flatMap(effect =>
      effect.kind === 'send' && effect.frame[0] === type && (link ?? effect.link) === effect.link
        ? [effect.frame]
        : [],
    )
  }

  pass(milliseconds: number): void {
    const end = this.now + milliseconds
    for (let turns = 0; this.gossip.deadline <= end && turns < 10_000; turns++) {
      this.now = Math.max(this.now, this.gossip.deadline)
      this.gossip.tick(this.now, this.out)
      this.settle()
    }
    this.now = end
  }

  private answered = 0
  private settle(): void {
    for (; this.answered < this.out.length; this.answered++) {
      const effect = this.out[this.answered]!
      if (effect.kind === 'deliver') this.delivered.push(new TextDecoder().decode(effect.body))
      if (effect.kind !== 'verify') continue
      const ok = isChecksum(effect.key, effect.bytes, effect.signature)
      this.gossip.verified(effect.token.n, ok, this.now, this.out)
    }
  }
}

let bench: Bench
beforeEach(() => {
  bench = new Bench()
})

describe('what is written is what is read', () => {
  const topics = fc.array(fc.string({ minLength: 1, maxLength: 80, unit: 'grapheme-ascii' }), {
    maxLength: 64,
  })
  const number = fc.integer({ min: 0, max: 2 ** 48 - 1 })
  test('INTERESTS, DECLINE, SKIP', () => {
    fc.assert(
      fc.property(topics, topics, number, number, (some, others, stream, from) => {
        const behind = (frame: Uint8Array): Reader => new Reader(frame, 1)
        const told = { interests: some, intents: others }
        expect(decodeInterests(behind(encodeInterests(some, others)))).toEqual(told)
        const entry = { stream, generation: 7, from, topics: some }
        expect(decodeDecline(behind(encodeDecline([entry, entry])))).toEqual([entry, entry])
        const ranges = span(from, from)
        expect(decodeSkip(behind(encodeSkip(stream, 3, ranges)))).toEqual([{ stream, generation: 3, ranges }])
      }),
    )
  })
})

describe('malformed', () => {
  test('frames about topics are dropped: too many, too long, empty, cut off, or with something behind', () => {
    const many = Array.from({ length: 65 }, (_, i) => `${i}`)
    expect(bench.frame(1, encodeInterests(many, []))).toBe('malformed')
    expect(bench.frame(1, encodeInterests(['x'.repeat(259)], []))).toBe('malformed')
    expect(bench.frame(1, encodeInterests([''], []))).toBe('malformed')
    expect(bench.frame(1, encodeDecline([{ stream: 1, generation: 1, from: 0, topics: many }]))).toBe(
      'malformed',
    )
    const whole = encodeInterests(['abc'], ['d'])
    for (let length = 1; length < whole.length; length++)
      expect(bench.frame(1, whole.subarray(0, length)), `${length}`).toBe('malformed')
    expect(bench.frame(1, new Writer().bytes(whole).u8(0).finish())).toBe('malformed')
    const promise = new Writer()
      .u8(Frame.DECLINE)
      .u48(1)
      .varint(1)
      .varint(0)
      .varint(2 ** 40)
      .finish()
    expect(bench.frame(1, promise)).toBe('malformed')
  })

  test('bytes never throw', () => {
    fc.assert(
      fc.property(fc.constantFrom(0x2b, 0x2c, 0x2d), fc.uint8Array({ maxLength: 60 }), (type, bytes) => {
        bench.frame(1, Uint8Array.of(type, ...bytes))
      }),
    )
  })
})

describe('floods', () => {
  test('of interests are limited', () => {
    const drops = Array.from({ length: 100 }, (_, i) => bench.frame(1, encodeInterests([`${i}`], [])))
    expect(drops.filter(drop => drop === 'rate').length).toBeGreaterThan(80)
  })

  test('of declines are limited, and so is what is kept of them', () => {
    let drops = 0
    for (let i = 0; i < 800; i++) {
      const topics = Array.from({ length: 64 }, (_, n) => `${i} ${n}`)
      if (bench.frame(2, encodeDecline([{ stream: STREAM, generation: i, from: 1, topics }])) === 'rate')
        drops++
    }
    expect(drops).toBeGreaterThan(280)
  })

  test('of streams nobody knows leave nothing behind', () => {
    for (let i = 0; i < 500; i++)
      bench.frame(2, encodeDecline([{ stream: i, generation: 1, from: 0, topics: ['x'] }]))
    for (let i = 0; i < 500; i++) bench.frame(2, encodeSkip(i, 1, span(1, 2 ** 40)))
    expect(bench.gossip.stats).toMatchObject({ streams: 2, rumours: 0 })
  })
})

describe('a neighbour that lies about what it holds back', () => {
  test('hides nothing that another announces before it was overtaken', () => {
    bench.frame(1, encodeSkip(STREAM, bench.generation, span(3)))
    bench.frame(2, encodeIhave([{ stream: STREAM, hops: 3, lag: 0, ranges: span(3) }]))
    bench.pass(1000)
    expect(bench.sent(Frame.GRAFT, 2)).not.toEqual([])
    bench.push(2, 3, 'a', true)
    expect(bench.delivered).toEqual(['1', '3'])
  })

  test('is found out by the first announcement, not believed again and no parent any more', () => {
    bench.frame(1, encodeSkip(STREAM, bench.generation, span(3)))
    bench.push(1, 4, 'a')
    expect(bench.delivered).toEqual(['1', '4'])
    bench.frame(2, encodeIhave([{ stream: STREAM, hops: 3, lag: 0, ranges: span(3) }]))
    bench.pass(1000)
    expect(bench.sent(Frame.GRAFT, 2)).not.toEqual([])
    // Overtaken, it is fetched for whoever is behind this peer, and not delivered out of order.
    bench.push(2, 3, 'a', true)
    expect(bench.delivered).toEqual(['1', '4'])
    expect(bench.sent(Frame.PRUNE, 1)).toHaveLength(1)
    bench.frame(1, encodeSkip(STREAM, bench.generation, span(5)))
    bench.push(1, 6, 'a')
    expect(bench.delivered).toEqual(['1', '4'])
    bench.push(2, 5, 'a')
    expect(bench.delivered).toEqual(['1', '4', '5', '6'])
  })

  test('about the future hides nothing of it', () => {
    bench.frame(1, encodeSkip(STREAM, bench.generation, span(3, 2 ** 47)))
    for (let seq = 3; seq < 9; seq++) bench.push(1, seq, 'a')
    expect(bench.delivered).toEqual(['1', '3', '4', '5', '6', '7', '8'])
  })

  test('counts only as far as something was declined, and for the parent only', () => {
    bench.frame(2, encodeSkip(STREAM, bench.generation, span(3)))
    bench.push(1, 4, 'a')
    expect(bench.delivered).toEqual(['1'])
    bench.frame(1, encodeSkip(STREAM, bench.generation + 1, span(3)))
    expect(bench.delivered).toEqual(['1'])
    bench.frame(1, encodeSkip(STREAM, bench.generation, span(3)))
    expect(bench.delivered).toEqual(['1', '4'])
  })
})
