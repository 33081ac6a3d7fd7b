import { describe, expect, test, vi } from 'vitest'
import { Frame } from '../wire/frame.ts'
import { Reader } from '../wire/reader.ts'
import { ann, Bench, EPOCH, pushOf, random } from './past.test-support.ts'
import {
  decodeHistory,
  decodePast,
  encodeHistory,
  encodePast,
  encodePastEnd,
  type HistoryFrame,
  MAX_PAST,
} from './past.ts'
import { PushHead } from './push.ts'
import { RangeSet } from './ranges.ts'
import { streamId } from './stream.ts'

vi.setConfig({ testTimeout: 60_000 })

describe('the frames', () => {
  test('every write has its read', () => {
    const ranges = new RangeSet()
    ranges.add(3, 9)
    ranges.add(20)
    const known = [{ stream: 5, ranges }]
    const wanted = { question: 7, last: 50, age: 60_000, topic: 'čhat', known }
    expect(decodeHistory(new Reader(encodeHistory(wanted), 1))).toEqual(wanted)
    const past = decodePast(new Reader(encodePast(7, 1234, pushOf(3)), 1), new PushHead(), 1000)
    expect(past).toMatchObject({
      question: 7,
      value: 1234,
      push: { seq: 3, topic: 'chat', frame: pushOf(3) },
    })
    const end = decodePast(new Reader(encodePastEnd(7, 2), 1), new PushHead(), 1000)
    expect(end).toEqual({ question: 7, value: 2, push: undefined })
  })

  test('what breaks a rule does not parse', () => {
    const wanted = { question: 7, last: 0, age: 0, topic: 'chat', known: [] }
    expect(decodeHistory(new Reader(encodeHistory(wanted), 1))).toBe(undefined)
    expect(decodeHistory(new Reader(encodeHistory({ ...wanted, last: MAX_PAST + 1 }), 1))).toBe(undefined)
    const past = encodePast(7, 1, pushOf(3))
    expect(decodePast(new Reader(past, 1, 40), new PushHead(), 1000)).toBe('malformed')
    expect(decodePast(new Reader(past, 1), new PushHead(), 0)).toBe('too-large')
    past[3] = Frame.ACK
    expect(decodePast(new Reader(past, 1), new PushHead(), 1000)).toBe('malformed')
  })
})

describe('who supplies', () => {
  function supplied(bench: Bench, wanted: Partial<HistoryFrame>): string[] {
    bench.sent.length = 0
    const all = { question: 9, last: 100, age: 0, topic: 'chat', known: [], ...wanted }
    expect(bench.frame(2, encodeHistory(all))).toBe(undefined)
    return bench.sent.map(({ frame }) => {
      const past = decodePast(new Reader(frame, 1), new PushHead(), 2 ** 24)
      if (typeof past === 'string') throw new Error(past)
      return past.push === undefined ? `end ${past.value}` : `${past.push.seq} ${past.value}`
    })
  }

  test('gives the latest of the topic, with their age, and says how many there should be', () => {
    const bench = new Bench()
    for (const seq of [1, 2, 3, 4]) {
      bench.frame(1, pushOf(seq, seq === 3 ? 'other' : 'chat'))
      bench.pass(1000)
    }
    expect(supplied(bench, {})).toEqual(['4 1000', '2 3000', '1 4000', 'end 3'])
    expect(supplied(bench, { last: 2 })).toEqual(['4 1000', '2 3000', 'end 2'])
    expect(supplied(bench, { age: 3500 })).toEqual(['4 1000', '2 3000', 'end 2'])
    expect(supplied(bench, { topic: 'nothing' })).toEqual(['end 0'])
    const ranges = new RangeSet()
    ranges.add(2, 4)
    const known = [{ stream: streamId(ann, EPOCH), ranges }]
    expect(supplied(bench, { known, last: 2 })).toEqual(['end 2'])
    expect(supplied(bench, { known })).toEqual(['1 4000', 'end 3'])
  })

  test('has what was said in sessions, and by senders, that it keeps no tree of any more', () => {
    const bench = new Bench(2, { maxStreams: 4 })
    const say = (text: string, author: Uint8Array, epoch: number): void => {
      bench.frame(1, pushOf(1, 'chat', text, author, epoch))
      bench.pass(10)
    }
    for (const reload of [0, 1, 2, 3]) say(`session ${reload}`, ann, EPOCH + reload)
    for (let i = 0; i < 6; i++) say(`sender ${i}`, random.bytes(32), EPOCH)
    expect(bench.gossip.stats.streams).toBe(4)
    expect(supplied(bench, {}).at(-1)).toBe('end 10')
    bench.ask(10)
    expect(bench.texts).toEqual([
      ...[0, 1, 2, 3].map(reload => `session ${reload}`),
      ...[0, 1, 2, 3, 4, 5].map(i => `sender ${i}`),
    ])
    expect(bench.past?.map(({ delivered }) => delivered)).toEqual(Array(10).fill(true))
    // A replay finds the door closed, as before.
    const { length } = bench.delivered
    bench.frame(1, pushOf(1, 'chat', 'session 0', ann, EPOCH))
    expect(bench.delivered).toHaveLength(length)
  })

  test('what it keeps of them is within the bound, and is gone when it leaves', () => {
    const bench = new Bench(2, { historyBytes: 65_536 })
    for (let reload = 0; reload < 100; reload++)
      bench.frame(1, pushOf(1, 'chat', 'x'.repeat(2000), ann, EPOCH + reload))
    expect(bench.gossip.stats.historyBytes).toBeLessThanOrEqual(65_536)
    expect(bench.gossip.stats.messages).toBeGreaterThan(20)
    bench.turn(out => bench.gossip.stop(bench.now, out))
    expect(bench.gossip.stats).toMatchObject({ historyBytes: 0, messages: 0 })
  })

  test('gives a mebibyte and no more, and one message however large', () => {
    const bench = new Bench()
    for (const seq of [1, 2, 3, 4]) bench.frame(1, pushOf(seq, 'chat', 'x'.repeat(400_000)))
    expect(supplied(bench, {}).map(line => line.split(' ')[0])).toEqual(['4', '3', 'end'])
    bench.frame(1, pushOf(5, 'chat', 'x'.repeat(2_000_000)))
    expect(supplied(bench, {}).map(line => line.split(' ')[0])).toEqual(['5', 'end'])
  })

  test('answers ten questions at once, and one in two seconds', () => {
    const bench = new Bench()
    const wanted = encodeHistory({ question: 1, last: 1, age: 0, topic: 'chat', known: [] })
    const ask = (times: number) => Array.from({ length: times }, () => bench.frame(2, wanted) ?? 'ok')
    expect(ask(12)).toEqual([...Array.from({ length: 10 }, () => 'ok'), 'rate', 'rate'])
    bench.pass(4000)
    expect(ask(3)).toEqual(['ok', 'ok', 'rate'])
  })
})
