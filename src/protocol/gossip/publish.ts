/**
 * This peer's own broadcasts: numbered, signed, pushed, settled.
 * @module
 */
import type { Order, RequestId } from '../input.ts'
import { takeDeps } from './causal.ts'
import { noteActivity } from './compare.ts'
import { remember } from './delivery.ts'
import { announceLater } from './notices.ts'
import {
  encodePush,
  encodeSigned,
  flagsOf,
  NO_DEPS,
  ORDERS,
  pushToSign,
  RECEIPT,
  SIGNATURE_BYTES,
} from './push.ts'
import { push } from './pushing.ts'
import { awaitAll, openTally } from './receipts.ts'
import { Request } from './request.ts'
import { settle } from './settle.ts'
import type { GossipState } from './state.ts'
import type { Message } from './stream.ts'
import { givenUpAfter } from './timing.ts'
import { seedOwn } from './tree.ts'
import { withhold } from './withhold.ts'

interface Unsigned {
  readonly request: Request
  readonly seq: number
  readonly signed: Uint8Array
  readonly topic: string
  readonly body: Uint8Array
  readonly options: number
  signature: Uint8Array | undefined
}

export class Publisher {
  private readonly state: GossipState
  /** In the order of their numbers, keyed by token. */
  private readonly unsigned = new Map<number, Unsigned>()
  private lastSeq = 0
  private nextToken = 0

  constructor(state: GossipState) {
    this.state = state
  }

  broadcast(id: RequestId, topic: string, body: Uint8Array, order: Order, receipt?: number): void {
    const { state } = this
    const request = new Request(id, receipt)
    if (state.joinedAt === undefined || state.requests.size >= state.settings.maxRequests) {
      state.emit({
        kind: 'settle',
        request: id,
        outcome: state.joinedAt === undefined ? 'left' : 'busy',
      })
      return
    }
    state.requests.set(id, request)
    const seq = ++this.lastSeq
    const deps = order === 'causal' ? takeDeps(state) : NO_DEPS
    const options = ORDERS.indexOf(order) | (receipt === undefined ? 0 : RECEIPT)
    const signed = encodeSigned(state.config.key, state.config.epoch, seq, topic, body, options, deps)
    const token = this.nextToken++
    this.unsigned.set(token, { request, seq, signed, topic, body, options, signature: undefined })
    state.emit({
      kind: 'sign',
      token: { machine: 'gossip', n: token },
      bytes: pushToSign(state.config.discoveryKey, signed),
    })
  }

  /** Signatures may come in any order; messages go out in the order of their numbers. */
  signed(token: number, signature: Uint8Array): void {
    const answered = this.unsigned.get(token)
    if (answered === undefined || answered.signature !== undefined) return
    answered.signature = signature
    for (const [n, next] of this.unsigned) {
      if (next.signature === undefined) return
      this.unsigned.delete(n)
      // A signer that fails answers with nothing: the number is lost, the others go on.
      if (next.signature.length === SIGNATURE_BYTES) this.publish(next, next.signature)
      else settle(this.state, next.request, 'refused')
    }
  }

  private publish(unsigned: Unsigned, signature: Uint8Array): void {
    const { state } = this
    const { own } = state
    const { request, seq } = unsigned
    const spread = this.hasTree() ? 0 : seedOwn(state)
    const frame = encodePush(1, flagsOf(spread), unsigned.signed, signature)
    const signedAt = frame.length - SIGNATURE_BYTES
    const message: Message = {
      stream: own,
      seq,
      frame,
      topic: unsigned.topic,
      body: frame.subarray(signedAt - unsigned.body.length, signedAt),
      options: unsigned.options,
      deps: NO_DEPS,
      hops: 0,
      late: false,
      came: state.now,
      at: state.now,
      request,
      older: undefined,
      newer: undefined,
      cost: 0,
    }
    own.next = seq + 1
    own.received++
    own.activeAt = state.now
    state.counters.sent++
    noteActivity(state)
    remember(state, message)
    const tally = request.receipt === undefined ? undefined : openTally(state, message, undefined)
    request.deadline = state.now + (request.receipt ?? givenUpAfter(state.settings))
    state.wake(request.deadline)
    let unwanted = 0
    for (const neighbour of state.neighbours.values()) {
      if (withhold(state, neighbour, message)) unwanted++
      else if (own.edges.get(neighbour.link)?.eager !== true) announceLater(state, neighbour, message)
      else if (state.usable(neighbour)) this.await(request, message, neighbour.link)
      else neighbour.owed = true
    }
    // Alone, or nobody wants it.
    const nobody = state.neighbours.size === unwanted && (unwanted > 0 || !state.cutOff)
    if (request.waiting.size === 0 && nobody) settle(state, request, 'ok')
    else if (request.waiting.size === 0) state.stranded.push(message)
    if (tally !== undefined) awaitAll(state, tally, message)
  }

  private await(request: Request, message: Message, link: number): void {
    const neighbour = this.state.neighbours.get(link)
    if (neighbour === undefined) return
    request.waiting.add(link)
    request.tried.add(link)
    push(this.state, neighbour, message)
  }

  private hasTree(): boolean {
    for (const edge of this.state.own.edges.values()) {
      if (edge.eager && this.state.neighbours.has(edge.link)) return true
    }
    return false
  }

  /** Requests that wait for nobody any more: done if somebody has it, otherwise the other links' turn. */
  settleStranded(): void {
    const { state } = this
    for (const message of state.stranded.splice(0)) {
      const { request } = message
      if (request === undefined || request.settled || request.waiting.size > 0) continue
      if (request.acked > 0) {
        if (request.receipt === undefined) settle(state, request, 'ok')
        continue
      }
      for (const neighbour of state.neighbours.values()) {
        if (request.tried.has(neighbour.link) || withhold(state, neighbour, message)) continue
        if (state.usable(neighbour) && message.cost > 0) this.await(request, message, neighbour.link)
      }
      // Where all have been tried in vain (they crashed, and are not missed yet) others come: they compare ranges, and
      // may have it before the deadline.
    }
  }

  /**
   * The first link after none: what waited for it counts as broadcast now. Newcomers may be all that is near, and of what was
   * before they joined they take nothing and bring nothing to those beyond.
   */
  redate(): void {
    for (const message of this.state.own.messages.values())
      if (message.request?.settled === false && message.request.acked === 0) message.at = this.state.now
  }

  /** Requests whose time is over. */
  expire(): void {
    for (const request of this.state.requests.values()) {
      if (request.deadline <= this.state.now)
        settle(this.state, request, request.acked > 0 ? 'ok' : 'timeout')
    }
  }

  /** The earliest deadline of a request. */
  get deadline(): number {
    let earliest = Number.POSITIVE_INFINITY
    for (const request of this.state.requests.values()) earliest = Math.min(earliest, request.deadline)
    return earliest
  }

  /** Everything ends. */
  clear(): void {
    for (const request of [...this.state.requests.values()]) settle(this.state, request, 'left')
    this.unsigned.clear()
  }
}
