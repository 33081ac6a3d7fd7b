/**
 * A tenth of the tabs freezes for a minute (a sleeping laptop), then everything happens to them at once.
 * @module
 */
import type { Scenario } from '../scenario.ts'

/** Virtual seconds of sleep. */
const SECONDS = 60
const SHARE = 0.1

export const frozen: Scenario = {
  name: 'frozen',
  summary: 'a tenth of the tabs freezes for a minute, wakes up and catches up',
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
    const sleepers = lab.pick(Math.ceil(world.options.peers * SHARE))
    const asleep = new Set(sleepers)
    const senders = world.choice.sample(
      world.live().filter(peer => !asleep.has(peer)),
      3,
    )
    lab.broadcasts('before', senders, 3)
    const before = world.traffic.copy()
    const sent = []
    for (const peer of sleepers) world.freeze(peer, SECONDS * 1000)
    for (let second = 0; second < SECONDS; second++) {
      const sender = senders[second % senders.length]
      if (sender !== undefined) sent.push(lab.broadcast(sender))
      world.advance(1000)
    }
    lab.found.recoveryMs = lab.timeUntilWhole(60_000)
    lab.headline = 'asleep'
    lab.conclude('asleep', sent, before)
    lab.settle()
    lab.broadcasts('after', [...senders, ...world.choice.sample(sleepers, 2)], 1)
  },
}
