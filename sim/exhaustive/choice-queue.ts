/**
 * A queue that does not order events by time: whoever explores chooses which one happens next. Events of one
 * channel (a direction of a link, a connection to the server) keep their order; timers wait until nothing else does.
 * @module
 */
import { EventQueue, Happening, SimEvent } from '../queue.ts'

/** Events that lie further ahead than any way takes are timers: ICE giving up, a server noticing a death. */
const BEYOND_ANY_WAY = 5000

export interface Waiting {
  readonly event: SimEvent
  readonly time: number
}

export class ChoiceQueue extends EventQueue {
  /** In the order in which they were scheduled. */
  readonly waiting: Waiting[] = []
  private chosen: Waiting | undefined = undefined

  override get nextTime(): number {
    return this.chosen === undefined ? Number.POSITIVE_INFINITY : this.now
  }

  override push(time: number, what: number): SimEvent {
    const event = new SimEvent(this.waiting.length)
    event.what = what
    this.waiting.push({ event, time })
    this.length = this.waiting.length
    return event
  }

  /** The event that `pop` is to take. A timer moves the clock, nothing else does. */
  choose(waiting: Waiting): void {
    this.remove(waiting)
    this.chosen = waiting
    if (this.isTimer(waiting)) this.now = Math.max(this.now, waiting.time)
  }

  /** The event never happens: a packet that is lost. */
  remove(waiting: Waiting): void {
    this.waiting.splice(this.waiting.indexOf(waiting), 1)
    this.length = this.waiting.length
  }

  override pop(): SimEvent | undefined {
    const event = this.chosen?.event
    this.chosen = undefined
    return event
  }

  override recycle(): void {
    // Events are not pooled: one that was chosen may still be told of.
  }

  isTimer({ event, time }: Waiting): boolean {
    return event.what === Happening.TICK || time > this.now + BEYOND_ANY_WAY
  }

  /** Whether a timer was replaced by another since it was set. */
  isStale({ event, time }: Waiting): boolean {
    return event.what === Happening.TICK && event.peer?.armedAt !== time
  }
}

/** What an event keeps its order with: nothing else is ordered. */
export function channelOf({ event }: Waiting): string {
  const { what, peer, endpoint, input, count } = event
  // A channel opens before its packets arrive and closes behind them.
  if (what === Happening.PACKET || what === Happening.OPEN || what === Happening.CLOSED)
    return `link ${endpoint?.peer.index}/${endpoint?.link}`
  if (what === Happening.SERVER) return `to server ${peer?.index}`
  if (endpoint !== undefined) return `signals ${endpoint.peer.index}/${endpoint.link}`
  // Of two senders either may be the faster to the server.
  if (input?.kind === 'envelope') return `envelopes ${count} to ${peer?.index}`
  return `from server ${peer?.index}`
}

/** Answers of the crypto: they come at once, before anything else. */
export function isAnswer({ event }: Waiting): boolean {
  return event.input?.kind === 'signed' || event.input?.kind === 'verified'
}

/** One line for a story. */
export function lineOf(waiting: Waiting): string {
  const { event, time } = waiting
  if (event.what === Happening.TICK) return `timer of peer ${event.peer?.index} at ${time.toFixed(0)} ms`
  const what = event.bytes === undefined ? (event.input?.kind ?? '') : `${event.bytes.length} bytes`
  return `${channelOf(waiting)}: ${what || (event.what === Happening.OPEN ? 'opens' : event.count)}`
}
