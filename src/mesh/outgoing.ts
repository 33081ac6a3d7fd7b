/**
 * What one link still has to send: packets wait (wire/backlog.ts) while the channel's buffer is full.
 *
 * Invariants
 * 1. Nothing is handed to the link between a `false` from `send` and its `drain`, but at the very end.
 * 2. `full` and `drained` are told in turns, starting with `full`.
 * @module
 */
import { HIGH_WATER, type Link, LOW_WATER } from '../link/port.ts'
import { Backlog } from '../protocol/wire/backlog.ts'
import { MAX_FRAME } from '../protocol/wire/limits.ts'

/**
 * Waiting bytes from which the protocol is told to hold back: as many again as the channel itself buffers. The
 * large frame that is on its way is not counted: a link is not slow because one message is large.
 */
export const FULL_MARK = HIGH_WATER
/** Waiting bytes from which it may go on. */
export const DRAINED_MARK = LOW_WATER
/** Waiting bytes at which the link is given up: two of the largest frames and what may come between them. */
export const QUEUE_BOUND = 2 * MAX_FRAME + 4 * HIGH_WATER

export interface OutgoingEvents {
  full(): void
  drained(): void
  /** The bound is passed; nothing more is queued. */
  overflow(): void
  /** A packet was handed to the link. */
  sent(bytes: number): void
}

export class Outgoing {
  private readonly link: Link
  private readonly events: OutgoingEvents
  private readonly backlog = new Backlog(FULL_MARK, DRAINED_MARK)
  /** The channel's buffer is full: wait for `drain`. */
  private blocked = false
  private over = false

  constructor(link: Link, events: OutgoingEvents) {
    this.link = link
    this.events = events
  }

  /** Bytes that wait here. */
  get queued(): number {
    return this.backlog.queued
  }

  /** Told `full`, not `drained` yet. */
  get full(): boolean {
    return this.backlog.full
  }

  /** Takes a frame. It leaves at the {@link flush} that ends the turn. */
  add(frame: Uint8Array): void {
    if (this.over) return
    this.backlog.add(frame)
    if (this.queued > QUEUE_BOUND) {
      this.over = true
      this.events.overflow()
    } else this.mark()
  }

  /** The end of a turn: what was added is sent, or waits for the channel. */
  flush(): void {
    this.backlog.pack()
    this.send()
  }

  /** The channel has room again. */
  drain(): void {
    this.blocked = false
    this.send()
  }

  /** Hands over what a closing link may still carry: every bundle, and fragments up to one channel buffer. */
  finish(): void {
    const { backlog } = this
    backlog.pack()
    for (let packet = backlog.bundle(); packet !== undefined; packet = backlog.bundle()) this.hand(packet)
    if (this.queued > HIGH_WATER) return
    for (let packet = backlog.take(); packet !== undefined; packet = backlog.take()) this.hand(packet)
  }

  private send(): void {
    while (!this.blocked) {
      const packet = this.backlog.take()
      if (packet === undefined) break
      this.hand(packet)
    }
    this.mark()
  }

  private hand(packet: Uint8Array): void {
    this.events.sent(packet.length)
    if (!this.link.send(packet)) this.blocked = true
  }

  private mark(): void {
    if (!this.backlog.turned()) return
    if (this.full) this.events.full()
    else this.events.drained()
  }
}
