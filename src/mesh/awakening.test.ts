import { describe, expect, it } from 'vitest'
import { Awakening } from './awakening.ts'

/** A page whose clocks and timers stand still until they are told to go on. */
class StillPage extends EventTarget {
  readonly document = { visibilityState: 'visible' }
  readonly navigator = { connection: Object.assign(new EventTarget(), { type: 'wifi' }) }
  readonly told: unknown[] = []
  now = 1000
  wall = 1_700_000_000_000
  timer: { readonly task: () => void; readonly at: number } | undefined
  readonly awakening = new Awakening(
    {
      page: this,
      clock: () => this.now,
      wallClock: () => this.wall,
      timers: {
        set: (task, wait) => {
          this.timer = { task, at: this.now + wait }
          return 1
        },
        clear: () => {
          this.timer = undefined
        },
      },
    },
    {
      awake: (slept, network) => this.told.push({ slept, network }),
      rest: resting => this.told.push(resting ? 'rest' : 'no rest'),
    },
  )

  constructor() {
    super()
    this.awakening.start()
    this.told.length = 0
  }

  /** Time passes as it should; timers fire. */
  pass(ms: number, packetsEvery = Number.POSITIVE_INFINITY): void {
    const until = this.now + ms
    let packetAt = this.now + packetsEvery
    while (this.now < until) {
      const next = Math.min(until, packetAt, this.timer?.at ?? until)
      this.wall += next - this.now
      this.now = next
      if (next === packetAt) {
        packetAt += packetsEvery
        this.awakening.notice()
      }
      this.fire()
    }
  }

  /** Nothing runs. */
  sleep(ms: number, monotonic = ms): void {
    this.now += monotonic
    this.wall += ms
  }

  fire(): void {
    if (this.timer !== undefined && this.timer.at <= this.now) this.timer.task()
  }

  show(visibilityState: 'visible' | 'hidden'): void {
    this.document.visibilityState = visibilityState
    this.dispatchEvent(new Event('visibilitychange'))
  }
}

describe('a page that was away', () => {
  it('is noticed by the first thing that happens, with how long nothing did', () => {
    const page = new StillPage()
    page.pass(10_000)
    expect(page.told).toEqual([])
    page.sleep(600_000)
    page.awakening.notice()
    page.fire()
    expect(page.told).toEqual([{ slept: 599_000, network: false }])
  })

  it('is noticed by its timer within a second where the monotonic clock stood still', () => {
    const page = new StillPage()
    page.sleep(600_000, 0)
    page.pass(1000)
    expect(page.told).toEqual([{ slept: 600_000, network: false }])
  })

  it('has not slept when only its timers are late', () => {
    const page = new StillPage()
    page.show('hidden')
    const { timer } = page
    page.timer = undefined
    page.pass(60_000, 900)
    page.timer = timer
    page.fire()
    expect(page.told).toEqual(['rest'])
  })

  it('has not slept when it was busy for a few seconds', () => {
    const page = new StillPage()
    page.sleep(4000)
    page.fire()
    expect(page.told).toEqual([])
  })

  it('tells the sleep with every event of one return', () => {
    const page = new StillPage()
    page.sleep(20_000)
    page.dispatchEvent(new Event('resume'))
    page.dispatchEvent(new Event('online'))
    page.pass(3000)
    page.show('visible')
    const slept = 19_000
    expect(page.told).toEqual([
      'no rest',
      { slept, network: false },
      { slept, network: true },
      'no rest',
      { slept: 0, network: false },
    ])
  })
})

describe('a page that goes', () => {
  it('says so when it is hidden or frozen, and takes it back when it is shown', () => {
    const page = new StillPage()
    page.show('hidden')
    page.dispatchEvent(new Event('freeze'))
    page.dispatchEvent(new Event('resume'))
    page.show('visible')
    const back = { slept: 0, network: false }
    expect(page.told).toEqual(['rest', 'rest', 'rest', back, 'no rest', back])
  })
})

describe('another network', () => {
  it('is one of another type, not one of another speed', () => {
    const page = new StillPage()
    const { connection } = page.navigator
    connection.dispatchEvent(new Event('change'))
    connection.type = 'cellular'
    connection.dispatchEvent(new Event('change'))
    expect(page.told).toEqual([{ slept: 0, network: true }])
  })
})

describe('a mesh that left', () => {
  it('leaves no timer and no listener', () => {
    const page = new StillPage()
    page.awakening.stop()
    expect(page.timer).toBeUndefined()
    page.sleep(600_000)
    page.show('hidden')
    page.dispatchEvent(new Event('online'))
    page.navigator.connection.type = 'cellular'
    page.navigator.connection.dispatchEvent(new Event('change'))
    page.awakening.notice()
    expect(page.told).toEqual([])
  })
})
