/**
 * The ledger: every message that was sent, who has it, and how it came there. Upholds the invariants
 * `exactly-once`, `fifo`, `causal`, `true`, `settled-once` and `receipts`.
 * @module
 */
import type { Outcome, PastBroadcast } from '../src/protocol/effect.ts'
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
  /** Delivered in the order of its sender. */
  ordered = true
  /** Peers that are said to have it; `undefined` when nobody asked. */
  receipts: number | undefined = undefined
  /** What its sender had before it, the last of each origin; `undefined` where that does not matter. */
  causes: readonly Message[] | undefined = undefined
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

/** Numbers of questions about the past begin here, those of messages stay below. */
const INQUIRIES = 2 ** 40

/** A question about the past and its answer. */
export class Inquiry {
  readonly number: RequestId
  readonly from: Peer
  readonly topic: string
  readonly askedAt: number
  found: readonly Message[] = []
  outcome: Outcome | undefined = undefined
  settledAt = Number.POSITIVE_INFINITY

  constructor(number: RequestId, from: Peer, topic: string, at: number) {
    this.number = number
    this.from = from
    this.topic = topic
    this.askedAt = at
  }
}

export class Ledger {
  readonly inquiries: Inquiry[] = []
  readonly messages: Message[] = []
  /** First deliveries, direct messages included. */
  deliveries = 0
  /** Virtual time of the last delivery. */
  lastDelivery = 0
  private open = 0
  /** Per origin, by the index of the receiver, the number of the last broadcast delivered, plus one. */
  private readonly orders = new Map<Peer, Int32Array>()
  /** Whether `causal` is upheld: then what each peer was given last, by origin. */
  private histories: Map<Peer, Map<Peer, Message>> | undefined

  /** From now on `causal` holds, whatever order the messages were sent with. */
  expectCausal(): void {
    this.histories = new Map()
  }

  /** Requests that are not settled yet. */
  get unsettled(): number {
    return this.open
  }

  broadcast(from: Peer, topic: string, size: number, at: number): Message {
    const message = this.add(new Message(this.messages.length, from, topic, undefined, size, at))
    if (this.histories !== undefined) message.causes = [...(this.histories.get(from)?.values() ?? [])]
    return message
  }

  /** A count of receipts was told. */
  counted(peer: Peer, request: RequestId, count: number, at: number): void {
    const message = this.messages[request]
    const name = `${count} receipts told of message ${request}`
    if (message?.from !== peer || message.receipts === undefined || message.outcome !== undefined)
      violated('receipts', peer, at, `${name}, of which none were wanted`)
    if (count <= message.receipts) violated('receipts', peer, at, `${name}, after ${message.receipts}`)
    if (count > message.deliveries) violated('receipts', peer, at, `${name}: ${message.deliveries} have it`)
    message.receipts = count
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
  ): Message {
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
    if (topic !== undefined && message.ordered) this.checkOrder(message, peer, at)
    if (message.causes !== undefined) this.checkCauses(message, message.causes, peer, at)
    message.note(peer, hops, at)
    this.deliveries++
    this.lastDelivery = at
    return message
  }

  inquire(from: Peer, topic: string, at: number): Inquiry {
    const inquiry = new Inquiry(INQUIRIES + this.inquiries.length, from, topic, at)
    this.inquiries.push(inquiry)
    this.open++
    return inquiry
  }

  /** An answer about the past: what it holds was sent, and each message once. */
  recalled(peer: Peer, request: RequestId, messages: readonly PastBroadcast[], at: number): void {
    const inquiry = this.inquiries[request - INQUIRIES]
    if (inquiry?.from !== peer || inquiry.outcome !== undefined)
      violated('settled-once', peer, at, `an answer to ${request}, which was not asked`)
    inquiry.found = messages.map(({ from, body, delivered }) => {
      const message = this.messages[numberOf(body)]
      if (message?.from.id !== from || message.topic !== inquiry.topic || !same(message.body, body))
        violated('true', peer, at, `a past message that nobody sent, said to be from ${from}`)
      if (delivered && message.from !== peer && !message.has(peer))
        violated('true', peer, at, `past message ${message.number} said to be delivered`)
      return message
    })
    if (new Set(inquiry.found).size < messages.length)
      violated('exactly-once', peer, at, 'a past message was told twice')
  }

  settled(peer: Peer, request: RequestId, outcome: Outcome, at: number): void {
    const message = request < INQUIRIES ? this.messages[request] : this.inquiries[request - INQUIRIES]
    if (message === undefined || message.from !== peer) {
      violated('settled-once', peer, at, `request ${request} settled, but not made`)
    }
    if (message.outcome !== undefined) {
      violated('settled-once', peer, at, `request ${request} settled twice: ${message.outcome}, ${outcome}`)
    }
    if (
      message instanceof Message &&
      outcome === 'ok' &&
      message.to !== undefined &&
      !message.has(message.to)
    ) {
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

  private checkCauses(message: Message, causes: readonly Message[], peer: Peer, at: number): void {
    for (const cause of causes) {
      if (cause.from === peer || cause.has(peer) || peer.joinedAt > cause.sentAt) continue
      violated(
        'causal',
        peer,
        at,
        `message ${message.number} of peer ${message.from.index} came before ${cause.number}, which its sender had`,
      )
    }
    const history = this.histories?.get(peer) ?? new Map<Peer, Message>()
    this.histories?.set(peer, history)
    history.set(message.from, message)
  }

  private checkOrder(message: Message, peer: Peer, at: number): void {
    let last = this.orders.get(message.from)
    if (last === undefined || peer.index >= last.length) {
      const grown = new Int32Array(Math.max(peer.index + 1, 2 * (last?.length ?? 8)))
      if (last !== undefined) grown.set(last)
      this.orders.set(message.from, grown)
      last = grown
    }
    const before = last[peer.index] as number
    if (message.number < before) {
      violated(
        'fifo',
        peer,
        at,
        `message ${message.number} of peer ${message.from.index} came after ${before - 1}`,
      )
    }
    last[peer.index] = message.number + 1
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
