/**
 * One wake timer for the whole protocol. A later wake does not touch the timer that runs: it fires, finds that
 * it is early, and is set again, because a node asks for another moment after most packets.
 * @module
 */
import type { Timers } from './ports.ts'

/** Longest delay a timer takes: beyond 2³¹ − 1 ms it would fire at once (HTML, "timer initialization steps"). */
const LONGEST = 2 ** 31 - 1

export class Wake {
  private readonly timers: Timers
  private readonly clock: () => number
  private readonly fire: () => void
  private timer: number | undefined
  /** When the running timer fires. */
  private armed = Number.POSITIVE_INFINITY
  private wanted = Number.POSITIVE_INFINITY

  constructor(timers: Timers, clock: () => number, fire: () => void) {
    this.timers = timers
    this.clock = clock
    this.fire = fire
  }

  /** Fires at `at`, once, instead of when it was asked for before. `Infinity`: never. */
  at(at: number): void {
    this.wanted = at
    if (at === Number.POSITIVE_INFINITY) this.stop()
    else if (at < this.armed) this.arm()
  }

  stop(): void {
    this.wanted = Number.POSITIVE_INFINITY
    this.armed = Number.POSITIVE_INFINITY
    if (this.timer !== undefined) this.timers.clear(this.timer)
    this.timer = undefined
  }

  private arm(): void {
    if (this.timer !== undefined) this.timers.clear(this.timer)
    this.armed = this.wanted
    // Rounded up: a timer that fires a fraction early would only be set again.
    const delay = Math.ceil(Math.min(Math.max(this.wanted - this.clock(), 0), LONGEST))
    this.timer = this.timers.set(() => this.ring(), delay)
  }

  private ring(): void {
    this.timer = undefined
    this.armed = Number.POSITIVE_INFINITY
    if (this.clock() < this.wanted) {
      this.arm()
      return
    }
    this.wanted = Number.POSITIVE_INFINITY
    this.fire()
  }
}
