/**
 * Asking for the past: the latest messages of a topic, from one neighbour after the other until there are enough or
 * nobody knows more. Who has been in the swarm longest is asked first, as newcomers agree on what they have all missed.
 * What comes is verified like any broadcast, and told in one list; it is not delivered, and what is
 * still to be delivered is left out.
 * @module
 */
import type { Drop, Outcome, PastBroadcast } from '../effect.ts'
import type { LinkId, RequestId } from '../input.ts'
import { idOfKey } from '../record.ts'
import type { Reader } from '../wire/reader.ts'
import { ASSUMED_ROUND_TRIP } from './config.ts'
import { askable, expectsElders, hasElder, inOrder, settledAt } from './elders.ts'
import { type Found, Inquiry, knownOf, type Question } from './inquiry.ts'
import type { Neighbour } from './neighbour.ts'
import { decodePast, encodeHistory } from './past.ts'
import { type Push, type PushHead, pushToSign } from './push.ts'
import type { GossipState } from './state.ts'
import { streamId } from './stream.ts'

const NEVER = Number.POSITIVE_INFINITY
/** Open at once: a page with a few rooms. */
const MAX_INQUIRIES = 32
/** Neighbours asked for one: one may have come a moment ago. */
const MAX_ASKED = 4
/** Whoever was silent is asked again after this, ms, until the question is over. */
const AGAIN = 2000
/** A neighbour is silent after this and two round trips, ms. */
const PATIENCE = 1500
/** Questions of which late answers are still expected, per neighbour. */
const MAX_LATE = 16

interface Bad {
  readonly drop: Drop
  readonly link: LinkId
}

export class Inquiries {
  deadline = NEVER
  private readonly state: GossipState
  /** By the number on the wire. */
  private readonly byNumber = new Map<number, Inquiry>()
  private readonly checks = new Map<number, (ok: boolean) => Bad | undefined>()
  private next = 1
  private bytes = 0

  constructor(state: GossipState) {
    this.state = state
  }

  get size(): number {
    return this.byNumber.size
  }

  open(question: Question): void {
    const { state } = this
    const { request, topic, last, age } = question
    const outcome = state.joinedAt === undefined ? 'left' : 'busy'
    if (outcome === 'left' || this.size >= MAX_INQUIRIES)
      return void state.emit({ kind: 'settle', request, outcome })
    const inquiry = new Inquiry(question, this.next++, state.now)
    this.byNumber.set(inquiry.number, inquiry)
    const since = state.now - age
    for (
      let message = state.history.latest;
      message !== undefined && inquiry.found.size < last && message.at >= since;
      message = message.older
    ) {
      const { stream, seq, body, at } = message
      if (message.topic !== topic || stream.origin === undefined) continue
      this.keep(inquiry, { stream: stream.id, seq, from: stream.origin, body, at, here: true })
    }
    this.ask(inquiry)
  }

  cancel(request: RequestId): void {
    for (const inquiry of this.byNumber.values()) {
      if (inquiry.question.request === request) this.close(inquiry, 'aborted')
    }
  }

  clear(): void {
    for (const inquiry of this.byNumber.values()) this.close(inquiry, 'left')
  }

  /** A link went down or fell silent. */
  lost(link: LinkId): void {
    for (const inquiry of this.byNumber.values()) if (inquiry.link === link) this.ask(inquiry)
  }

  /** A link came up: whoever waits to ask has somebody. */
  met(): void {
    for (const inquiry of this.byNumber.values()) if (inquiry.link === undefined) this.ask(inquiry)
  }

  tick(): void {
    const { now } = this.state
    for (const inquiry of this.byNumber.values()) {
      if (inquiry.deadline <= now) this.finish(inquiry)
      else if (inquiry.silentAt <= now) this.ask(inquiry)
    }
    this.schedule()
  }

  /** A PAST frame. */
  past(neighbour: Neighbour, head: PushHead, reader: Reader): Drop | undefined {
    const frame = decodePast(reader, head, this.state.settings.maxBody)
    if (typeof frame === 'string') return frame
    const { question, value, push } = frame
    const left = neighbour.questions.get(question)
    if (left === undefined || (push !== undefined && left === 0)) return 'unexpected'
    if (push === undefined) neighbour.questions.delete(question)
    else neighbour.questions.set(question, left - 1)
    const inquiry = this.byNumber.get(question)
    if (inquiry === undefined) return undefined
    if (push !== undefined) return this.take(inquiry, neighbour, push, value)
    if (inquiry.link === neighbour.link) {
      inquiry.said = value
      inquiry.reach = Math.min(inquiry.reach, neighbour.since ?? NEVER)
      this.answered(inquiry)
    }
    return undefined
  }

  private take(inquiry: Inquiry, neighbour: Neighbour, push: Push, age: number): Drop | undefined {
    const { state } = this
    if (push.topic !== inquiry.question.topic) return 'unexpected'
    const stream = streamId(push.key, push.epoch)
    if (inquiry.link === neighbour.link) inquiry.silentAt = this.patience(neighbour)
    if (inquiry.found.has(`${stream}:${push.seq}`)) return undefined
    if (this.bytes + push.frame.length > state.settings.historyBytes && this.bytes > 0) return 'table-full'
    const { seq, body, frame } = push
    const { link } = neighbour
    const found = { stream, seq, from: idOfKey(push.key), body, at: state.now - age, here: false }
    const n = this.next++
    this.checks.set(n, ok => {
      inquiry.checking--
      if (ok && this.byNumber.has(inquiry.number)) {
        inquiry.bytes += frame.length
        this.keep(inquiry, found)
      } else this.bytes -= frame.length
      this.answered(inquiry)
      return ok ? undefined : { drop: 'bad-signature', link }
    })
    this.bytes += frame.length
    inquiry.checking++
    state.emit({
      kind: 'verify',
      token: { machine: 'history', n },
      key: push.key,
      bytes: pushToSign(state.config.discoveryKey, push.signed),
      signature: push.signature,
    })
    return undefined
  }

  /** The answer to a verification. */
  checked(n: number, ok: boolean): Bad | undefined {
    const check = this.checks.get(n)
    this.checks.delete(n)
    if (!ok) this.state.counters.badSignatures++
    return check?.(ok)
  }

  private keep(inquiry: Inquiry, found: Found): void {
    const key = `${found.stream}:${found.seq}`
    if (inquiry.found.has(key)) return
    inquiry.found.set(key, found)
    inquiry.fresh++
  }

  /** An answer is complete when all of it is checked. */
  private answered(inquiry: Inquiry): void {
    const { said, checking, fresh, found } = inquiry
    if (said === undefined || checking > 0 || !this.byNumber.has(inquiry.number)) return
    inquiry.answers++
    inquiry.most = Math.max(inquiry.most, said)
    const whole = found.size >= said
    // Two that know the same know what there is, unless somebody may have been here before them; two that know nothing may be
    // as new as this peer.
    const alike = found.size > 0 && found.size >= inquiry.most && fresh === 0 && inquiry.answers > 1
    if (alike && !hasElder(askable(this.state, inquiry), inquiry)) return this.finish(inquiry)
    if (!whole && inquiry.link !== undefined) inquiry.asked.delete(inquiry.link)
    this.ask(inquiry)
  }

  /** Asks the next neighbour, or is content. */
  private ask(inquiry: Inquiry): void {
    const { state } = this
    const { topic, last, age } = inquiry.question
    inquiry.link = undefined
    const { found, asked, answers } = inquiry
    if (found.size >= last || asked.size >= MAX_ASKED || asked.size + answers >= 2 * MAX_ASKED)
      return this.finish(inquiry)
    const free = askable(state, inquiry)
    const neighbour = inOrder(free, inquiry, state.config.random).find(each =>
      each.questionCredit.take(1, state.now),
    )
    if (neighbour === undefined) {
      if (asked.size > 0 && answers === 0 && state.now < inquiry.deadline) {
        // All were asked, and none of them spoke: a page that comes back has links that are not yet up at their other ends.
        asked.clear()
        this.wait(inquiry, state.now + AGAIN)
      } else if (asked.size > 0 && expectsElders(state, inquiry)) this.wait(inquiry, settledAt(state))
      else if (free.length > 0 && asked.size === 0) this.close(inquiry, 'busy')
      else this.finish(inquiry)
      return
    }
    inquiry.link = neighbour.link
    inquiry.asked.add(neighbour.link)
    inquiry.fresh = 0
    inquiry.said = undefined
    inquiry.silentAt = this.patience(neighbour)
    neighbour.questions.set(inquiry.number, last)
    for (const late of neighbour.questions.keys()) {
      if (neighbour.questions.size <= MAX_LATE) break
      neighbour.questions.delete(late)
    }
    const known = knownOf(inquiry)
    const most = age === NEVER ? 0 : Math.max(1, Math.round(age))
    state.send(neighbour, encodeHistory({ question: inquiry.number, last, age: most, topic, known }))
    this.schedule()
  }

  private wait(inquiry: Inquiry, until: number): void {
    inquiry.silentAt = until
    this.schedule()
  }

  private patience({ roundTrip = ASSUMED_ROUND_TRIP }: Neighbour): number {
    return this.state.now + PATIENCE + 2 * roundTrip
  }

  private schedule(): void {
    this.deadline = NEVER
    for (const { deadline, silentAt } of this.byNumber.values())
      this.deadline = Math.min(this.deadline, deadline, silentAt)
    this.state.wake(this.deadline)
  }

  private finish(inquiry: Inquiry): void {
    const { request } = inquiry.question
    const heard = inquiry.answers > 0 || inquiry.found.size > 0 || inquiry.asked.size === 0
    if (heard) this.state.emit({ kind: 'past', request, messages: this.listOf(inquiry) })
    this.close(inquiry, heard ? 'ok' : 'timeout')
  }

  private close(inquiry: Inquiry, outcome: Outcome): void {
    this.byNumber.delete(inquiry.number)
    this.bytes -= inquiry.bytes
    inquiry.bytes = 0
    this.state.emit({ kind: 'settle', request: inquiry.question.request, outcome })
    this.schedule()
  }

  /** What was found, oldest first, the messages of one origin in its order; without what comes as an event yet. */
  private listOf({ found, question }: Inquiry): PastBroadcast[] {
    const { now, joinedAt = now } = this.state
    const list = [...found.values()].filter(each => !this.isUpcoming(each))
    list.sort((a, b) => a.seq - b.seq)
    const latest = new Map<number, number>()
    for (const each of list) {
      each.at = Math.max(each.at, latest.get(each.stream) ?? each.at)
      latest.set(each.stream, each.at)
    }
    list.sort((a, b) => a.at - b.at)
    return list.slice(-question.last).map(each => {
      const { stream, seq, from, body, at, here } = each
      const known = this.state.streams.byId.get(stream)
      // It may have come as an event since it was asked for.
      const had = here || known?.messages.has(seq) === true
      const delivered = !this.isFormer(each) && (had || (at >= joinedAt && known?.seen(seq) === true))
      return { from, body, age: Math.max(0, now - at), delivered }
    })
  }

  /** What this peer broadcast before its reload is never delivered to it. */
  private isFormer({ stream, from }: Found): boolean {
    return from === this.state.config.id && stream !== this.state.own.id
  }

  /** Whether it will be delivered as an event. */
  private isUpcoming(found: Found): boolean {
    const { state } = this
    const { stream: id, seq, at } = found
    if (this.isFormer(found)) return false
    const stream = state.streams.byId.get(id)
    if (stream === undefined || stream.base === 0)
      return seq > (state.streams.tombstones.get(id) ?? 0) && at >= (state.joinedAt ?? state.now)
    return seq >= stream.base && (stream.held.has(seq) || !stream.above.has(seq))
  }
}
