import { describe, expect, test, vi } from 'vitest'
import type { Effect, PastBroadcast } from '../effect.ts'
import type { LinkId } from '../input.ts'
import { idOfKey } from '../record.ts'
import { Frame, type FrameType } from '../wire/frame.ts'
import { Reader } from '../wire/reader.ts'
import { encodeRanges, Purpose } from './control.ts'
import { Gossip } from './gossip.ts'
import { checksum, DISCOVERY_KEY, isChecksum, seeded } from './network.test-support.ts'
import {
  decodeHistory,
  decodePast,
  encodeHistory,
  encodePast,
  encodePastEnd,
  type HistoryFrame,
  MAX_PAST,
} from './past.ts'
import { encodePush, encodeSigned, PushHead, pushToSign } from './push.ts'
import { RangeSet } from './ranges.ts'
import { streamId } from './stream.ts'

vi.setConfig({ testTimeout: 60_000 })

const random = seeded(77)
const ann = random.bytes(32)
const EPOCH = 1_790_000_000_000

function pushOf(seq: number, topic = 'chat', text = `${seq}`, author = ann, epoch = EPOCH): Uint8Array {
  const signed = encodeSigned(author, epoch, seq, topic, new TextEncoder().encode(text))
  return encodePush(1, 0, signed, checksum(author, pushToSign(DISCOVERY_KEY, signed)))
}

interface Question {
  readonly link: LinkId
  readonly wanted: HistoryFrame
}

/** One machine between links 1, 2, …; signatures are answered at once. */
class Bench {
  now = 100_000
  readonly gossip: Gossip
  readonly delivered: string[] = []
  readonly sent: { readonly link: LinkId; readonly frame: Uint8Array }[] = []
  readonly outcomes: string[] = []
  past: readonly PastBroadcast[] | undefined
  readonly own = random.bytes(32)
  private asked = 0

  /** All neighbours have been here for a minute, unless `ages`, in ms, says otherwise; -1: it has not told yet. */
  constructor(links = 2, settings: object = {}, ages: readonly number[] = []) {
    const { own } = this
    const config = { id: idOfKey(own), key: own, discoveryKey: DISCOVERY_KEY, epoch: EPOCH }
    this.gossip = new Gossip({ ...config, random: seeded(5), ...settings })
    this.gossip.start(this.now)
    for (let link = 1; link <= links; link++) {
      this.turn(out => this.gossip.linkUp(link, idOfKey(Uint8Array.of(link)), this.now, out))
      const age = ages[link - 1] ?? 60_000
      if (age >= 0) this.frame(link, encodeRanges({ purpose: Purpose.ALL, age, entries: [] }))
    }
    this.sent.length = 0
  }

  frame(link: LinkId, bytes: Uint8Array): unknown {
    return this.turn(out =>
      this.gossip.frame(link, bytes[0] as FrameType, new Reader(bytes, 1), this.now, out),
    )
  }

  ask(last = 10, age = Number.POSITIVE_INFINITY, timeout = 10_000): void {
    const request = ++this.asked
    this.turn(out =>
      this.gossip.history({ kind: 'history', request, topic: 'chat', last, age, timeout }, this.now, out),
    )
  }

  /** The last question that was sent. */
  get question(): Question {
    const sent = this.sent.filter(({ frame }) => frame[0] === Frame.HISTORY).at(-1)
    const wanted = sent && decodeHistory(new Reader(sent.frame, 1))
    if (wanted === undefined) throw new Error('nothing was asked')
    return { link: sent!.link, wanted }
  }

  get questions(): number {
    return this.sent.filter(({ frame }) => frame[0] === Frame.HISTORY).length
  }

  /** Answers the last question with these messages, each a second older than the next. */
  answer(seqs: readonly number[], count = seqs.length): void {
    const { link, wanted } = this.question
    for (const seq of seqs)
      expect(this.frame(link, encodePast(wanted.question, (1000 - seq) * 1000, pushOf(seq)))).toBe(undefined)
    expect(this.frame(link, encodePastEnd(wanted.question, count))).toBe(undefined)
  }

  get texts(): string[] | undefined {
    return this.past?.map(({ body }) => new TextDecoder().decode(body))
  }

  pass(milliseconds: number): void {
    const end = this.now + milliseconds
    while (this.gossip.deadline <= end) {
      this.now = Math.max(this.now, this.gossip.deadline)
      this.turn(out => this.gossip.tick(this.now, out))
    }
    this.now = end
  }

  turn<T>(act: (out: Effect[]) => T): unknown {
    const out: Effect[] = []
    const result: unknown = act(out)
    let bad: unknown
    for (let i = 0; i < out.length; i++) {
      const effect = out[i]!
      if (effect.kind === 'deliver') this.delivered.push(new TextDecoder().decode(effect.body))
      if (effect.kind === 'send') this.sent.push(effect)
      if (effect.kind === 'past') this.past = effect.messages
      if (effect.kind === 'settle') this.outcomes.push(effect.outcome)
      if (effect.kind === 'sign') this.gossip.signed(effect.token.n, new Uint8Array(64), this.now, out)
      if (effect.kind !== 'verify') continue
      const ok = isChecksum(effect.key, effect.bytes, effect.signature)
      const { n, machine } = effect.token
      bad = this.gossip.verified(n, ok, this.now, out, machine === 'history')?.drop
    }
    return bad ?? result
  }
}

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
