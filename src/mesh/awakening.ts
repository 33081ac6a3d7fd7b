/**
 * Notices that the page was away and is back: it is shown (`visibilitychange`), thawed (`resume`, Page Lifecycle), has a
 * network again (`online`, another `navigator.connection.type`), or its clock has jumped. And that it may be about to go:
 * hidden or frozen pages still run, seldom or not at all, and their neighbours should know.
 *
 * A machine that sleeps fires no event. Two things give it away: nothing happened here although a timer was due long ago;
 * or the wall clock went on and `performance.now()` stood still, as it does in sleep on some systems. A hidden page whose
 * timers run once a minute has not slept while packets come.
 * @module
 */
import type { Platform } from './ports.ts'

/** So much of nothing is a sleep, ms: longer than a busy page stalls, shorter than what kills a link (6 s). */
const JUMP = 5000
/** A clock that jumps is noticed within this, ms. */
const BEAT = 1000
/** What happens this long after a sleep is part of the return, ms. */
const RETURNING = 3000

export interface AwakeningEvents {
  /** The page is back after `slept` ms of nothing, 0 where it was only out of sight; `network`: perhaps on another one. */
  awake(slept: number, network: boolean): void
  /** The page may fall silent from now on, or will no more. */
  rest(resting: boolean): void
}

export class Awakening {
  private readonly platform: Pick<Platform, 'page' | 'timers' | 'clock' | 'wallClock'>
  private readonly events: AwakeningEvents
  private timer: number | undefined
  private beatAt = 0
  /** When something last happened here, on both clocks. */
  private lastAt = 0
  private lastWall = 0
  /** The last sleep, and when it ended. */
  private slept = 0
  private wokeAt = Number.NEGATIVE_INFINITY
  private network: unknown

  constructor(platform: Pick<Platform, 'page' | 'timers' | 'clock' | 'wallClock'>, events: AwakeningEvents) {
    this.platform = platform
    this.events = events
  }

  /** Watches from now on, until {@link stop}. */
  start(): void {
    if (this.timer !== undefined) return
    this.lastAt = this.platform.clock()
    this.lastWall = this.platform.wallClock()
    this.network = this.networkType
    this.beat()
    this.listen('addEventListener')
    this.events.rest(this.hidden)
  }

  stop(): void {
    if (this.timer === undefined) return
    this.platform.timers.clear(this.timer)
    this.timer = undefined
    this.listen('removeEventListener')
  }

  /** Something has happened here: a packet, a timer, a call. */
  notice(): void {
    if (this.timer !== undefined && this.measure()) this.events.awake(this.slept, false)
  }

  /** Whether the page has slept since something last happened. */
  private measure(): boolean {
    const now = this.platform.clock()
    const wall = this.platform.wallClock()
    const late = now - Math.max(this.lastAt, this.beatAt)
    const jumped = wall - this.lastWall - (now - this.lastAt)
    this.lastAt = now
    this.lastWall = wall
    const slept = Math.max(late, jumped)
    if (slept < JUMP) return false
    this.slept = slept
    this.wokeAt = now
    return true
  }

  private back(network: boolean): void {
    this.measure()
    const recent = this.platform.clock() < this.wokeAt + RETURNING
    this.events.awake(recent ? this.slept : 0, network)
  }

  private beat(): void {
    const { clock, timers } = this.platform
    this.beatAt = clock() + BEAT
    const timer = timers.set(() => {
      this.notice()
      // Whoever was told may have left, and have come back.
      if (this.timer === timer) this.beat()
    }, BEAT)
    this.timer = timer
  }

  private listen(method: 'addEventListener' | 'removeEventListener'): void {
    const { page } = this.platform
    // Most of these are fired at the document, some do not bubble: a capturing listener of the window hears them all.
    for (const type of ['visibilitychange', 'freeze', 'resume', 'online'])
      page?.[method](type, this.hear, { capture: true })
    this.connection?.[method]('change', this.hear)
  }

  private readonly hear = ({ type }: { readonly type: string }): void => {
    switch (type) {
      case 'visibilitychange':
        this.events.rest(this.hidden)
        if (!this.hidden) this.back(false)
        return
      case 'freeze':
        return this.events.rest(true)
      case 'resume':
        this.events.rest(this.hidden)
        return this.back(false)
      case 'change': {
        // It fires for every new estimate of speed as well.
        const before = this.network
        this.network = this.networkType
        if (this.network !== before) this.back(true)
        return
      }
      default:
        this.back(true)
    }
  }

  private get hidden(): boolean {
    return this.platform.page?.document?.visibilityState === 'hidden'
  }

  /** The Network Information API, which some browsers have. */
  private get connection(): (EventTarget & { readonly type?: unknown }) | undefined {
    const { navigator } = this.platform.page ?? {}
    return navigator && Reflect.get(navigator, 'connection')
  }

  private get networkType(): unknown {
    return this.connection?.type
  }
}
