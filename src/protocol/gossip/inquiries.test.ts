import { describe, expect, test, vi } from 'vitest'
import { idOfKey } from '../record.ts'
import { encodeRanges, Purpose } from './control.ts'
import { ann, Bench, EPOCH, pushOf, random } from './past.test-support.ts'
import { encodePast, encodePastEnd } from './past.ts'

vi.setConfig({ testTimeout: 60_000 })

describe('who asks', () => {
  test('is told what one neighbour has when that is enough, oldest first, and given no event', () => {
    const bench = new Bench()
    bench.ask(3)
    bench.answer([9, 8, 7])
    expect(bench.texts).toEqual(['7', '8', '9'])
    expect(bench.past).toMatchObject([
      { from: idOfKey(ann), age: 993_000, delivered: false },
      { age: 992_000 },
      { age: 991_000 },
    ])
    expect(bench.outcomes).toEqual(['ok'])
    expect(bench.delivered).toEqual([])
    expect(bench.gossip.stats.inquiries).toBe(0)
  })

  test('asks another for the rest, naming what it has', () => {
    const bench = new Bench()
    bench.ask(3)
    const first = bench.question.link
    bench.answer([8])
    expect(bench.question.link).toBe(3 - first)
    expect(bench.question.wanted.known[0]?.ranges.has(8)).toBe(true)
    bench.answer([9, 7], 3)
    expect(bench.texts).toEqual(['7', '8', '9'])
  })

  test('is content when a second neighbour knows no more', () => {
    const bench = new Bench(5)
    bench.ask()
    bench.answer([8, 7])
    bench.answer([], 2)
    expect(bench.texts).toEqual(['7', '8'])
    expect(bench.questions).toBe(2)
  })

  test('asks first who has been here longest, and is not content before: newcomers know the same too little', () => {
    for (const ages of [
      [2000, 90_000, 1000],
      [90_000, 1000, 2000],
      [1000, 2000, 90_000],
    ]) {
      const bench = new Bench(3, {}, ages)
      bench.ask()
      expect(bench.question.link).toBe(ages.indexOf(90_000) + 1)
      bench.answer([9, 8, 7])
      bench.answer([], 1)
      expect(bench.texts).toEqual(['7', '8', '9'])
      expect(bench.questions).toBe(2)
    }
  })

  test('asks the next eldest for what an answer lacked', () => {
    const bench = new Bench(5, {}, [1000, 1000, 90_000, 1000, 80_000])
    bench.ask()
    bench.answer([9], 3)
    expect(bench.question.link).toBe(3)
    bench.pass(2000)
    expect(bench.question.link).toBe(5)
    bench.answer([8, 7], 3)
    bench.answer([], 0)
    expect(bench.texts).toEqual(['7', '8', '9'])
  })

  test('asks who has not told how long it has been here, after all others', () => {
    const bench = new Bench(3, {}, [2000, -1, 1000])
    bench.ask()
    expect(bench.question.link).toBe(1)
    bench.answer([9])
    while (bench.question.link !== 2) bench.answer([], 1)
    bench.answer([8, 7], 3)
    expect(bench.texts).toEqual(['7', '8', '9'])
    // Who tells it while others are asked is next.
    const later = new Bench(4, {}, [2000, -1, 1000, -1])
    later.ask()
    later.frame(4, encodeRanges({ purpose: Purpose.ALL, age: 70_000, entries: [] }))
    later.answer([9])
    expect(later.question.link).toBe(4)
  })

  test('has just joined, and met newcomers only: waits for a link to somebody else, if they have such', () => {
    const meet = (peers: readonly number[]): Bench => {
      const bench = new Bench(1, {}, [1000])
      bench.gossip.neighboursOf(1, new Set(peers.map(n => idOfKey(Uint8Array.of(n)))))
      bench.ask()
      bench.answer([9], 1)
      return bench
    }
    expect(meet([]).outcomes).toEqual(['ok'])
    const bench = meet([2])
    expect(bench.outcomes).toEqual([])
    bench.turn(out => bench.gossip.linkUp(2, idOfKey(Uint8Array.of(2)), bench.now, out))
    expect(bench.question.link).toBe(2)
    bench.answer([8], 2)
    expect(bench.texts).toEqual(['8', '9'])
    // It does not wait for long.
    const alone = meet([2])
    alone.pass(2999)
    expect(alone.outcomes).toEqual([])
    alone.pass(1)
    expect(alone.texts).toEqual(['9'])
    alone.ask()
    alone.answer([9], 1)
    expect(alone.outcomes).toEqual(['ok', 'ok'])
  })

  test('asks again when part of an answer was lost', () => {
    const bench = new Bench(1)
    bench.ask(3)
    bench.answer([9], 3)
    expect(bench.questions).toBe(2)
    bench.answer([8, 7], 3)
    expect(bench.texts).toEqual(['7', '8', '9'])
  })

  test('asks another when one is silent, is down, or falls silent; who answers late is not punished', () => {
    const bench = new Bench(4)
    bench.ask(2)
    const late = bench.question
    bench.pass(2000)
    expect(bench.question.link).not.toBe(late.link)
    const second = bench.question.link
    bench.turn(out => bench.gossip.linkDown(second, bench.now, out))
    const third = bench.question.link
    bench.turn(out => bench.gossip.suspect(third, true, bench.now, out))
    expect(new Set([late.link, second, third, bench.question.link]).size).toBe(4)
    expect(bench.frame(late.link, encodePast(late.wanted.question, 5000, pushOf(4)))).toBe(undefined)
    bench.answer([5])
    expect(bench.texts).toEqual(['4', '5'])
    expect(bench.frame(late.link, encodePastEnd(late.wanted.question, 1))).toBe(undefined)
  })

  test('asks everybody again where all were silent, as after a reload', () => {
    const bench = new Bench(1)
    bench.ask(1)
    const lost = bench.question
    bench.pass(4000)
    expect(bench.question).not.toBe(lost)
    bench.answer([4])
    expect(bench.texts).toEqual(['4'])
  })

  test('is told what there is when the time is over; nothing from nobody is a timeout', () => {
    const bench = new Bench(1)
    bench.ask(5, Number.POSITIVE_INFINITY, 1000)
    const { link, wanted } = bench.question
    bench.frame(link, encodePast(wanted.question, 1000, pushOf(5)))
    bench.pass(1001)
    expect(bench.texts).toEqual(['5'])
    bench.ask(5, Number.POSITIVE_INFINITY, 1000)
    bench.pass(1001)
    expect(bench.outcomes).toEqual(['ok', 'timeout'])
  })

  test('has its own among them; what is yet to come as an event is left out', () => {
    const bench = new Bench(1)
    bench.turn(out => bench.gossip.broadcast(50, 'chat', new TextEncoder().encode('mine'), bench.now, out))
    bench.pass(1000)
    bench.frame(1, pushOf(1))
    bench.ask(9)
    // 2 and 3 follow what was delivered: they come by themselves.
    bench.answer([3, 2], 4)
    bench.pass(20_000)
    expect(bench.past?.map(({ delivered }) => delivered)).toEqual([true, true])
    expect(bench.texts).toEqual(['mine', '1'])
    bench.frame(1, pushOf(2))
    expect(bench.delivered).toEqual(['1', '2'])
  })

  test('says of what came as an event while the answer was on its way that it was delivered', () => {
    const bench = new Bench(1)
    bench.ask(9)
    const { link, wanted } = bench.question
    bench.frame(link, encodePast(wanted.question, 999_000, pushOf(1)))
    bench.frame(link, pushOf(1))
    bench.frame(link, encodePastEnd(wanted.question, 1))
    bench.pass(20_000)
    expect(bench.delivered).toEqual(['1'])
    expect(bench.past?.map(({ delivered }) => delivered)).toEqual([true])
  })

  test('has what it said itself before a reload, which comes as no event', () => {
    const bench = new Bench(1)
    const former = (seq: number) => pushOf(seq, 'chat', `mine ${seq}`, bench.own, EPOCH - 60_000)
    bench.frame(1, former(1))
    bench.ask(9)
    const { link, wanted } = bench.question
    for (const seq of [2, 1]) bench.frame(link, encodePast(wanted.question, 1000 * (9 - seq), former(seq)))
    bench.frame(link, encodePastEnd(wanted.question, 2))
    bench.pass(20_000)
    expect(bench.delivered).toEqual([])
    expect(bench.texts).toEqual(['mine 1', 'mine 2'])
    expect(bench.past?.map(({ delivered }) => delivered)).toEqual([false, false])
  })

  test('may ask so much and no more, and stop', () => {
    const few = new Bench(2)
    for (let i = 0; i < 17; i++) few.ask(2)
    // Both neighbours have been asked as much as they take at once.
    expect(few.outcomes).toEqual(['busy'])
    const bench = new Bench(5)
    for (let i = 0; i < 33; i++) bench.ask(2)
    expect(bench.outcomes).toEqual(['busy'])
    bench.turn(out => bench.gossip.cancel(1, out))
    expect(bench.outcomes.at(-1)).toBe('aborted')
    bench.turn(out => bench.gossip.stop(bench.now, out))
    expect(bench.outcomes.at(-1)).toBe('left')
    expect(bench.gossip.stats.inquiries).toBe(0)
    expect(bench.gossip.deadline).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('hostile answers', () => {
  test('that nobody asked for, or of another topic, or too many, are dropped', () => {
    const bench = new Bench(2)
    expect(bench.frame(1, encodePast(1, 5, pushOf(1)))).toBe('unexpected')
    expect(bench.frame(1, encodePastEnd(1, 5))).toBe('unexpected')
    bench.ask(2)
    const { link, wanted } = bench.question
    const { question } = wanted
    expect(bench.frame(3 - link, encodePast(question, 5, pushOf(1)))).toBe('unexpected')
    expect(bench.frame(link, encodePast(question + 1, 5, pushOf(1)))).toBe('unexpected')
    expect(bench.frame(link, encodePast(question, 5, pushOf(1, 'other')))).toBe('unexpected')
    expect(bench.frame(link, encodePast(question, 5, pushOf(1)))).toBe(undefined)
    expect(bench.frame(link, encodePast(question, 5, pushOf(2)))).toBe('unexpected')
    expect(bench.past).toBe(undefined)
  })

  test('that are forged count against who sent them, and are not told', () => {
    const bench = new Bench(1)
    bench.ask(3)
    const { link, wanted } = bench.question
    const forged = pushOf(6)
    forged[forged.length - 1]! ^= 1
    expect(bench.frame(link, encodePast(wanted.question, 5, forged))).toBe('bad-signature')
    const renamed = pushOf(6, 'chat', 'x', random.bytes(32))
    renamed.set(ann, 3)
    expect(bench.frame(link, encodePast(wanted.question, 5, renamed))).toBe('bad-signature')
    bench.answer([5], 1)
    bench.pass(20_000)
    expect(bench.texts).toEqual(['5'])
    expect(bench.gossip.stats.badSignatures).toBe(2)
  })

  test('that are huge stay within history’s bound', () => {
    const bench = new Bench(1, { historyBytes: 100_000 })
    bench.ask(100)
    const { link, wanted } = bench.question
    const push = (seq: number) => encodePast(wanted.question, 5, pushOf(seq, 'chat', 'x'.repeat(30_000)))
    const drops = [1, 2, 3, 4, 5].map(seq => bench.frame(link, push(seq)))
    expect(drops).toEqual([undefined, undefined, undefined, 'table-full', 'table-full'])
    bench.pass(20_000)
    expect(bench.past).toHaveLength(3)
    // The room is free again.
    bench.ask(1)
    expect(bench.frame(link, encodePast(bench.question.wanted.question, 5, pushOf(9)))).toBe(undefined)
  })

  test('that say nothing but a number do not make it ask for ever', () => {
    const bench = new Bench(3)
    bench.ask(10)
    for (let i = 0; i < 20 && bench.outcomes.length === 0; i++) bench.answer([], 9)
    expect(bench.outcomes).toEqual(['ok'])
    expect(bench.questions).toBeLessThanOrEqual(8)
  })
})
