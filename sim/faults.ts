/**
 * Faults that run beside any scenario: guests that come and go as a Poisson process, and a signaling server that
 * is down for a part of each minute.
 * @module
 */
import type { Peer } from './peer.ts'
import { Stream } from './random.ts'
import type { World } from './world.ts'

/** How long a guest stays on average, virtual ms. */
const STAY = 30_000
/** A server's minute, and when its outage begins. */
const MINUTE = 60_000
const OUTAGE_BEGINS = 20_000

/** Arrivals at a rate, exponential stays (an M/M/∞ queue); every second guest dies without a word. */
export class Guests {
  /** While it rests nobody arrives; those there go on leaving. */
  resting = false
  private readonly world: World
  private readonly meanGap: number
  private readonly stream: Stream

  constructor(world: World, perSecond: number) {
    this.world = world
    this.meanGap = 1000 / perSecond
    this.stream = Stream.of(world.options.seed, 'guests')
    this.expect()
  }

  private expect(): void {
    this.world.at(this.world.now + this.meanGap * this.stream.exponential(), () => {
      if (!this.resting) this.arrive()
      this.expect()
    })
  }

  private arrive(): void {
    const { world, stream } = this
    const guest: Peer = world.join()
    const dies = stream.chance(0.5)
    world.at(world.now + STAY * stream.exponential(), () => {
      if (guest.life !== 'live') return
      if (dies) world.kill(guest)
      else world.leave(guest)
    })
  }
}

/** The server is down for `seconds` of each minute of virtual time. */
export function scheduleOutages(world: World, seconds: number): void {
  world.at(Math.floor(world.now / MINUTE) * MINUTE + OUTAGE_BEGINS, () => {
    world.server.stop()
    world.at(world.now + seconds * 1000, () => world.server.start(world.live()))
    world.at(world.now + MINUTE - OUTAGE_BEGINS, () => scheduleOutages(world, seconds))
  })
}
