/**
 * Peers come and go all the time: half of those that go say good-bye, half do not.
 * @module
 */
import type { Scenario } from '../scenario.ts'

/** Virtual seconds of churn. */
const SECONDS = 30
/** Senders that stay. */
const CORE = 5

export const churn: Scenario = {
  name: 'churn',
  summary: 'a share of the peers (--churn) goes, and as many come, every second for half a minute',
  defaults: { churn: 0.01 },
  budgets: ({ maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'ringFaults', max: 0 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
  ],
  run(lab) {
    const { world } = lab
    lab.joinOneByOne()
    lab.settle()
    const core = lab.pick(CORE)
    lab.broadcasts('before', core, 4)
    const before = world.traffic.copy()
    const sent = []
    const perSecond = Math.max(1, Math.floor(world.options.peers * world.options.churn))
    for (let second = 0; second < SECONDS; second++) {
      for (const sender of core) {
        for (let i = 0; i < perSecond; i++) {
          if (i % CORE !== core.indexOf(sender)) continue
          const [goes] = world.choice.sample(
            world.live().filter(peer => !core.includes(peer)),
            1,
          )
          if (goes === undefined) continue
          if (world.choice.chance(0.5)) world.kill(goes)
          else world.leave(goes)
          world.join()
        }
        sent.push(lab.broadcast(sender))
        world.advance(1000 / CORE)
      }
    }
    lab.found.recoveryMs = lab.timeUntilWhole(60_000)
    lab.headline = 'churn'
    lab.conclude('churn', sent, before)
    lab.settle()
    lab.broadcasts('after', core, 2)
  },
}
