/**
 * What a program sends without awaiting waits here, not in the protocol and not in front of a link: a thousand
 * calls in a loop are neither refused nor more than the links, the history and the neighbours can take.
 *
 * A direct message waits while the link to its peer has more than enough to send (to peers over several hops
 * the protocol bounds by itself what is on its way), a broadcast while this peer's broadcasts fill their window.
 *
 * Invariants
 * 1. What goes one way (to one peer; as broadcast) goes in the order it came.
 * 2. At most {@link MAX_WAITING} bytes wait; what comes on top is refused with `busy`.
 * 3. Nothing waits longer than its timeout; what is left of it goes on with the message.
 * @module
 */
import type { PeerId } from '../protocol/id.ts'
import type { RequestId } from '../protocol/input.ts'
import { Fifo } from '../protocol/wire/fifo.ts'
import { MAX_BODY } from '../protocol/wire/limits.ts'
import type { Timers } from './ports.ts'

/** Bytes that may wait, all ways together: eight of the largest messages, as the protocol allows on their way. */
export const MAX_WAITING = 8 * MAX_BODY
/** What a waiting call costs beside its body: promise, timer, closures. */
const OVERHEAD = 512
/** Direct messages that the protocol may hold for this program; it refuses at 16,384 (routing/limits.ts). */
const MAX_DIRECT = 8192
/** Broadcasts the same; it refuses at 1,024 (gossip/config.ts). */
const MAX_BROADCASTS = 512

/** Where a message goes. */
export type Way = PeerId | 'broadcast'

/** A message before the protocol has it. */
export interface Sendable {
  readonly request: RequestId
  readonly way: Way
  readonly bytes: number
  /** Milliseconds; `Infinity` for none. */
  readonly timeout: number
  /** Hands it to the protocol, with what is left of its timeout. */
  go(timeout: number): void
}

interface Waiting {
  readonly sendable: Sendable
  readonly until: number
  readonly timer: number | undefined
  live: boolean
}

export interface AdmissionEvents {
  /** Whether a peer's link has more than enough to send. */
  full(peer: PeerId): boolean
  /** It ends here. */
  settle(request: RequestId, outcome: 'busy' | 'timeout'): void
}

export class Admission {
  private readonly events: AdmissionEvents
  private readonly timers: Timers
  private readonly clock: () => number
  private readonly window: number
  private readonly queues = new Map<Way, Fifo<Waiting>>()
  private readonly byRequest = new Map<RequestId, Waiting>()
  private waitingBytes = 0
  /** What the protocol holds. */
  private readonly underWay = new Map<RequestId, Sendable>()
  private broadcasts = 0
  private broadcastBytes = 0

  /** @param window bytes of broadcasts that may be under way; one always may */
  constructor(timers: Timers, clock: () => number, window: number, events: AdmissionEvents) {
    this.timers = timers
    this.clock = clock
    this.window = window
    this.events = events
  }

  enter(sendable: Sendable): void {
    const { request, way, bytes, timeout } = sendable
    if (!this.queues.has(way) && this.hasRoom(sendable)) {
      this.admit(sendable, timeout)
      return
    }
    if (this.waitingBytes + bytes + OVERHEAD > MAX_WAITING) {
      this.events.settle(request, 'busy')
      return
    }
    const late = (): void => {
      if (this.cancel(request)) this.events.settle(request, 'timeout')
    }
    const waiting: Waiting = {
      sendable,
      until: this.clock() + timeout,
      timer: timeout === Number.POSITIVE_INFINITY ? undefined : this.timers.set(late, timeout),
      live: true,
    }
    const queue = this.queues.get(way) ?? new Fifo()
    this.queues.set(way, queue)
    queue.push(waiting)
    this.byRequest.set(request, waiting)
    this.waitingBytes += bytes + OVERHEAD
  }

  /** Nobody waits for this one any more. False when the protocol has it already. */
  cancel(request: RequestId): boolean {
    const waiting = this.byRequest.get(request)
    if (waiting === undefined) return false
    this.remove(waiting)
    return true
  }

  /** The protocol is done with one. */
  settled(request: RequestId): void {
    const sendable = this.underWay.get(request)
    if (sendable === undefined) return
    this.underWay.delete(request)
    if (sendable.way !== 'broadcast') return
    this.broadcasts--
    this.broadcastBytes -= sendable.bytes
  }

  /**
   * Something has happened: one message of each way that has room goes on. One, because only when the protocol
   * has taken it is it known whether there is room for another; taking it is the next happening.
   */
  turn(): void {
    for (const [way, queue] of this.queues) {
      while (queue.first?.live === false) queue.shift()
      const first = queue.first
      if (first === undefined) {
        this.queues.delete(way)
      } else if (this.hasRoom(first.sendable)) {
        queue.shift()
        this.remove(first)
        this.admit(first.sendable, Math.max(first.until - this.clock(), 1))
      }
    }
  }

  clear(): void {
    for (const waiting of [...this.byRequest.values()]) this.remove(waiting)
    this.queues.clear()
    this.underWay.clear()
    this.broadcasts = 0
    this.broadcastBytes = 0
  }

  private hasRoom({ way, bytes }: Sendable): boolean {
    if (way !== 'broadcast')
      return this.underWay.size - this.broadcasts < MAX_DIRECT && !this.events.full(way)
    if (this.broadcasts === 0) return true
    return this.broadcasts < MAX_BROADCASTS && this.broadcastBytes + bytes <= this.window
  }

  private admit(sendable: Sendable, timeout: number): void {
    this.underWay.set(sendable.request, sendable)
    if (sendable.way === 'broadcast') {
      this.broadcasts++
      this.broadcastBytes += sendable.bytes
    }
    sendable.go(timeout)
  }

  private remove({ sendable, timer }: Waiting): void {
    const waiting = this.byRequest.get(sendable.request)
    if (waiting === undefined) return
    waiting.live = false
    if (timer !== undefined) this.timers.clear(timer)
    this.byRequest.delete(sendable.request)
    this.waitingBytes -= sendable.bytes + OVERHEAD
  }
}
