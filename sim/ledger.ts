/**
 * The ledger: every message that was sent, who has it, and how it came there. Upholds the invariants
 * `exactly-once`, `fifo`, `true` and `settled-once`.
 * @module
 */
import type { Outcome } from '../src/protocol/effect.ts'
import type { PeerId } from '../src/protocol/id.ts'
import type { RequestId } from '../src/protocol/input.ts'
import { type Invariant, InvariantViolation } from './invariant.ts'
import type { Peer } from './peer.ts'
import { mix } from './random.ts'

/** Bytes of a body that name the message. */
const NUMBER_BYTES = 4

export class Message {
  /** The request of its sender, and its place in the order of everything sent. */
  readonly number: RequestId
  readonly from: Peer
  /** `undefined` for a direct message. */
  readonly topic: string | undefined
  /** `undefined` for a broadcast. */
  readonly to: Peer | undefined
  readonly body: Uint8Array
  readonly sentAt: number
  outcome: Outcome | undefined = undefined
  settledAt = Number.POSITIVE_INFINITY
  deliveries = 0
  hops = 0
  maxHops = 0
  lastArrival = 0
  private seen = new Uint8Array(0)
  private arrivals: Float32Array | undefined = undefined

  constructor(
    number: number,
    from: Peer,
    topic: string | undefined,
    to: Peer | undefined,
    size: number,
    at: number,
  ) {
    this.number = number
    this.from = from
    this.topic = topic
    this.to = to
    this.body = bodyOf(number, size)
    this.sentAt = at
  }

  has(peer: Peer): boolean {
    return ((this.seen[peer.index >> 3] ?? 0) & (1 << (peer.index & 7))) !== 0
  }

  /** Milliseconds from sending until `peer` had it; NaN when it has not. */
  arrival(peer: Peer): number {
    return this.has(peer) ? (this.arrivals?.[peer.index] ?? Number.NaN) : Number.NaN
  }

  note(peer: Peer, hops: number, at: number): void {
    const byte = peer.index >> 3
    if (this.arrivals === undefined || byte >= this.seen.length) this.grow(byte + 1)
    this.seen[byte] = (this.seen[byte] as number) | (1 << (peer.index & 7))
    const took = at - this.sentAt
    if (this.arrivals !== undefined) this.arrivals[peer.index] = took
    this.deliveries++
    this.hops += hops
    if (hops > this.maxHops) this.maxHops = hops
    if (took > this.lastArrival) this.lastArrival = took
  }

  private grow(bytes: number): void {
    const room = Math.max(bytes, this.seen.length * 2, 16)
    const seen = new Uint8Array(room)
    seen.set(this.seen)
    this.seen = seen
    const arrivals = new Float32Array(room * 8)
    if (this.arrivals !== undefined) arrivals.set(this.arrivals)
    this.arrivals = arrivals
  }
}

export class Ledger {
  readonly messages: Message[] = []
  /** First deliveries, direct messages included. */
  deliveries = 0
  /** Virtual time of the last delivery. */
  lastDelivery = 0
  private open = 0
  /** Per origin and receiver, the number of the last broadcast delivered, plus one. */
  private readonly orders = new Map<Peer, Map<Peer, number>>()
  /** Requests that are not settled yet. */
  get unsettled(): number {
    return this.open
  }

  broadcast(from: Peer, topic: string, size: number, at: number): Message {
    return this.add(new Message(this.messages.length, from, topic, undefined, size, at))
  }

  direct(from: Peer, to: Peer, size: number, at: number): Message {
    return this.add(new Message(this.messages.length, from, undefined, to, size, at))
  }

  delivered(
    peer: Peer,
    from: PeerId,
    topic: string | undefined,
    body: Uint8Array,
    hops: number,
    at: number,
  ): void {
    const message = this.messages[numberOf(body)]
    if (message === undefined || !same(message.body, body)) {
      violated('true', peer, at, `${body.length} bytes that nobody sent, said to be from ${from}`)
    }
    const name = `message ${message.number} of peer ${message.from.index}`
    if (message.from.id !== from) violated('true', peer, at, `${name} said to be from ${from}`)
    if (message.topic !== topic) violated('true', peer, at, `${name} on topic ${topic}, not ${message.topic}`)
    if (topic !== undefined && !peer.interests.covers(topic)) {
      violated('true', peer, at, `${name} on topic ${topic}, which is not wanted here`)
    }
    if (message.from === peer) violated('true', peer, at, `${name} given back to its sender`)
    if (message.to !== undefined && message.to !== peer) {
      violated('true', peer, at, `${name} is for peer ${message.to.index}`)
    }
    if (message.has(peer)) violated('exactly-once', peer, at, `${name} delivered twice`)
    if (topic !== undefined) this.checkOrder(message, peer, at)
    message.note(peer, hops, at)
    this.deliveries++
    this.lastDelivery = at
  }

  settled(peer: Peer, request: RequestId, outcome: Outcome, at: number): void {
    const message = this.messages[request]
    if (message === undefined || message.from !== peer) {
      violated('settled-once', peer, at, `request ${request} settled, but not made`)
    }
    if (message.outcome !== undefined) {
      violated('settled-once', peer, at, `request ${request} settled twice: ${message.outcome}, ${outcome}`)
    }
    if (outcome === 'ok' && message.to !== undefined && !message.has(message.to)) {
      violated('true', peer, at, `request ${request} settled ok, but peer ${message.to.index} has nothing`)
    }
    message.outcome = outcome
    message.settledAt = at
    this.open--
  }

  private add(message: Message): Message {
    this.messages.push(message)
    this.open++
    return message
  }

  private checkOrder(message: Message, peer: Peer, at: number): void {
    let last = this.orders.get(message.from)
    if (last === undefined) {
      last = new Map()
      this.orders.set(message.from, last)
    }
    const before = last.get(peer) ?? 0
    if (message.number < before) {
      violated(
        'fifo',
        peer,
        at,
        `message ${message.number} of peer ${message.from.index} came after ${before - 1}`,
      )
    }
    last.set(peer, message.number + 1)
  }
}

const violated: (invariant: Invariant, peer: Peer, at: number, detail: string) => never = (
  invariant,
  peer,
  at,
  detail,
) => {
  throw new InvariantViolation(invariant, peer.index, at, detail)
}

/** The number of the message, then bytes that only it has. */
function bodyOf(number: number, size: number): Uint8Array {
  const body = new Uint8Array(Math.max(size, NUMBER_BYTES))
  for (let i = 0; i < body.length; i++) body[i] = i < NUMBER_BYTES ? number >>> (8 * i) : mix(number, i)
  return body
}

function numberOf(body: Uint8Array): number {
  if (body.length < NUMBER_BYTES) return -1
  let number = 0
  for (let i = NUMBER_BYTES - 1; i >= 0; i--) number = number * 256 + (body[i] as number)
  return number
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}
