/**
 * A machine that is asked for the past, or asks for it, with the test as its neighbours.
 * @module
 */
import { expect } from 'vitest'
import type { Effect, PastBroadcast } from '../effect.ts'
import type { LinkId } from '../input.ts'
import { idOfKey } from '../record.ts'
import { Frame, type FrameType } from '../wire/frame.ts'
import { Reader } from '../wire/reader.ts'
import { encodeRanges, Purpose } from './control.ts'
import { Gossip } from './gossip.ts'
import { checksum, DISCOVERY_KEY, isChecksum, seeded } from './network.test-support.ts'
import { decodeHistory, encodePast, encodePastEnd, type HistoryFrame } from './past.ts'
import { encodePush, encodeSigned, pushToSign } from './push.ts'

export const random = seeded(77)
export const ann = random.bytes(32)
export const EPOCH = 1_790_000_000_000

export function pushOf(
  seq: number,
  topic = 'chat',
  text = `${seq}`,
  author = ann,
  epoch = EPOCH,
): Uint8Array {
  const signed = encodeSigned(author, epoch, seq, topic, new TextEncoder().encode(text))
  return encodePush(1, 0, signed, checksum(author, pushToSign(DISCOVERY_KEY, signed)))
}

export interface Question {
  readonly link: LinkId
  readonly wanted: HistoryFrame
}

/** One machine between links 1, 2, …; signatures are answered at once. */
export class Bench {
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
