/**
 * What a fault costs those who live through it: the busiest virtual second after it, and the bytes of the first ten.
 * @module
 */
import type { Report } from './report.ts'
import type { World } from './world.ts'

/** Virtual seconds in which survivors look for each other. */
const SECONDS = 10

/** The most events of a live peer in the busiest second: before asks were tentative 300 peers took 176, and 1,000 took 219. */
export const MOST_STORM = 100

/** From now on, once a virtual second for ten of them; of several faults in one run the worst counts. */
export function watchStorm(world: World, found: { -readonly [F in keyof Report]?: Report[F] }): void {
  const bytes = world.traffic.bytes
  let events = world.events
  let seconds = 0
  const look = (): void => {
    const { length } = world.live()
    const most = Math.max(found.stormEventsPerPeerPerSecond ?? 0, (world.events - events) / length)
    found.stormEventsPerPeerPerSecond = most
    events = world.events
    if (++seconds < SECONDS) return world.at(world.now + 1000, look)
    found.stormBytesPerPeer = Math.max(found.stormBytesPerPeer ?? 0, (world.traffic.bytes - bytes) / length)
  }
  world.at(world.now + 1000, look)
}
