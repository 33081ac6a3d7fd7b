/**
 * The event queue: a 4-ary heap ordered by (time, sequence number), so that events of one instant happen in
 * the order in which they were scheduled. Events are pooled: after the first seconds a run allocates none. What
 * moves in the heap are numbers, because every pointer that moves costs the garbage collector a look.
 * @module
 */
import type { Input } from '../src/protocol/input.ts'
import type { Endpoint, Peer } from './peer.ts'

/** What an event does; the engine (engine.ts) carries it out. */
export const Happening = {
  /** `bytes` reach `endpoint`. */
  PACKET: 0,
  /** The timer of `peer` is due. */
  TICK: 1,
  /** `input` happens to `peer`. */
  INPUT: 2,
  /** The channel of `endpoint` opens. */
  OPEN: 3,
  /** The channel of `endpoint` closes, for the reason in `input`. */
  CLOSED: 4,
  /** The queue of `endpoint` has fallen to the low-water mark. */
  DRAINED: 5,
  /** A request of `peer` reaches the signaling server; `count` says which. */
  SERVER: 6,
  /** The scenario acts. */
  ACT: 7,
} as const

export class SimEvent {
  /** Its place in the pool. */
  readonly place: number
  what = 0
  peer: Peer | undefined = undefined
  endpoint: Endpoint | undefined = undefined
  bytes: Uint8Array | undefined = undefined
  input: Input | undefined = undefined
  act: (() => void) | undefined = undefined
  count = 0

  constructor(place: number) {
    this.place = place
  }
}

/** Whether an event to a peer needs its machine's network; its own timers and its crypto only wait. */
export function comesFromOutside({ what, input }: SimEvent): boolean {
  if (what === Happening.INPUT)
    return input?.kind !== 'signed' && input?.kind !== 'verified' && input?.kind !== 'link-full'
  return what === Happening.PACKET || what === Happening.OPEN || what === Happening.CLOSED
}

export class EventQueue {
  /** Virtual milliseconds: the time of the last event taken. */
  now = 0
  /** Events waiting. */
  length = 0
  private times = new Float64Array(1024)
  private orders = new Float64Array(1024)
  private places = new Int32Array(1024)
  private readonly pool: SimEvent[] = []
  private readonly free: SimEvent[] = []
  private nextOrder = 0

  /** When the next event is due; Infinity when there is none. */
  get nextTime(): number {
    return this.length === 0 ? Number.POSITIVE_INFINITY : (this.times[0] as number)
  }

  /** Schedules an event and hands it out to be filled. */
  push(time: number, what: number): SimEvent {
    const event = this.free.pop() ?? this.make()
    event.what = what
    if (this.length === this.times.length) this.grow()
    const order = this.nextOrder++
    let at = this.length++
    while (at > 0) {
      const parent = (at - 1) >> 2
      // A new event has the highest order: at the same time it stays behind.
      if ((this.times[parent] as number) <= time) break
      this.move(parent, at)
      at = parent
    }
    this.times[at] = time
    this.orders[at] = order
    this.places[at] = event.place
    return event
  }

  /** Takes the next event and moves the clock to it. Give it back with {@link recycle}. */
  pop(): SimEvent | undefined {
    if (this.length === 0) return undefined
    const first = this.pool[this.places[0] as number] as SimEvent
    this.now = this.times[0] as number
    const last = --this.length
    const time = this.times[last] as number
    const order = this.orders[last] as number
    if (last > 0) this.sink(time, order, this.places[last] as number)
    return first
  }

  /** Gives an event back to the pool. Nothing may hold it any more. */
  recycle(event: SimEvent): void {
    event.peer = undefined
    event.endpoint = undefined
    event.bytes = undefined
    event.input = undefined
    event.act = undefined
    event.count = 0
    this.free.push(event)
  }

  private sink(time: number, order: number, place: number): void {
    const { times, orders, length } = this
    let at = 0
    for (;;) {
      const first = at * 4 + 1
      if (first >= length) break
      let least = first
      let leastTime = times[first] as number
      const end = Math.min(first + 4, length)
      for (let child = first + 1; child < end; child++) {
        const childTime = times[child] as number
        if (childTime > leastTime) continue
        if (childTime === leastTime && (orders[child] as number) > (orders[least] as number)) continue
        least = child
        leastTime = childTime
      }
      if (leastTime > time || (leastTime === time && (orders[least] as number) > order)) break
      this.move(least, at)
      at = least
    }
    times[at] = time
    orders[at] = order
    this.places[at] = place
  }

  private make(): SimEvent {
    const event = new SimEvent(this.pool.length)
    this.pool.push(event)
    return event
  }

  private move(from: number, to: number): void {
    this.times[to] = this.times[from] as number
    this.orders[to] = this.orders[from] as number
    this.places[to] = this.places[from] as number
  }

  private grow(): void {
    const times = new Float64Array(this.times.length * 2)
    times.set(this.times)
    this.times = times
    const orders = new Float64Array(times.length)
    orders.set(this.orders)
    this.orders = orders
    const places = new Int32Array(times.length)
    places.set(this.places)
    this.places = places
  }
}
