/**
 * What one link still has to send. Frames of one turn are bundled into packets; packets wait here while the
 * channel's buffer is full, bundles of small frames ahead of the fragments of large ones, so that an ack or a
 * ping does not stand behind 16 MiB.
 *
 * Invariants
 * 1. Fragments leave in their order; bundles leave in theirs (wire/packet.ts puts one frame together at a time).
 * 2. Nothing is handed to the link between a `false` from `send` and its `drain`, but at the very end.
 * 3. `full` and `drained` are told in turns, starting with `full`.
 * @module
 */
import { HIGH_WATER, type Link, LOW_WATER } from '../link/port.ts'
import { Fifo } from '../protocol/wire/fifo.ts'
import { MAX_FRAME } from '../protocol/wire/limits.ts'
import { isFragment, Packer } from '../protocol/wire/packet.ts'

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
  private readonly packer = new Packer()
  private readonly bundles = new Fifo<Uint8Array>()
  private readonly fragments = new Fifo<Uint8Array>()
  private readonly enqueue = (packet: Uint8Array): void => {
    this.queued += packet.length
    if (!isFragment(packet)) {
      this.bundles.push(packet)
      return
    }
    this.fragments.push(packet)
    this.fragmented += packet.length
  }
  /** Bytes of fragments of the frame that is being added. */
  private fragmented = 0
  /** What is left of the first large frame, and the sizes of those behind it. */
  private current = 0
  private readonly larger = new Fifo<number>()
  /** The channel's buffer is full: wait for `drain`. */
  private blocked = false
  /** Told `full`, not `drained` yet. */
  full = false
  private over = false
  /** Bytes that wait here. */
  queued = 0

  constructor(link: Link, events: OutgoingEvents) {
    this.link = link
    this.events = events
  }

  /** Takes a frame. It leaves at the {@link flush} that ends the turn. */
  add(frame: Uint8Array): void {
    if (this.over) return
    this.packer.add(frame, this.enqueue)
    if (this.fragmented > 0 && this.current === 0) this.current = this.fragmented
    else if (this.fragmented > 0) this.larger.push(this.fragmented)
    this.fragmented = 0
    if (this.queued > QUEUE_BOUND) {
      this.over = true
      this.events.overflow()
    } else this.mark()
  }

  /** The end of a turn: what was added is sent, or waits for the channel. */
  flush(): void {
    this.packer.flush(this.enqueue)
    this.send()
  }

  /** The channel has room again. */
  drain(): void {
    this.blocked = false
    this.send()
  }

  /** Hands over what a closing link may still carry: every bundle, and fragments up to one channel buffer. */
  finish(): void {
    this.packer.flush(this.enqueue)
    for (let packet = this.bundles.shift(); packet !== undefined; packet = this.bundles.shift())
      this.hand(packet)
    if (this.queued > HIGH_WATER) return
    for (let packet = this.fragments.shift(); packet !== undefined; packet = this.fragments.shift())
      this.hand(packet)
  }

  private send(): void {
    while (!this.blocked) {
      const packet = this.bundles.shift() ?? this.fragments.shift()
      if (packet === undefined) break
      this.hand(packet)
    }
    this.mark()
  }

  private hand(packet: Uint8Array): void {
    this.queued -= packet.length
    if (isFragment(packet)) {
      this.current -= packet.length
      if (this.current === 0) this.current = this.larger.shift() ?? 0
    }
    this.events.sent(packet.length)
    if (!this.link.send(packet)) this.blocked = true
  }

  private mark(): void {
    const counted = this.queued - this.current
    if (!this.full && counted >= FULL_MARK) {
      this.full = true
      this.events.full()
    } else if (this.full && counted <= DRAINED_MARK) {
      this.full = false
      this.events.drained()
    }
  }
}
