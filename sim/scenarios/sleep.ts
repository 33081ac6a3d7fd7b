/**
 * A tenth of the machines sleeps for ten minutes (closed laptops), every other one after its page has said so. They wake at
 * one instant: what was sent meanwhile comes, once.
 * @module
 */
import type { Scenario } from '../scenario.ts'
import { sleep } from '../sleep.ts'

/** Virtual ms of sleep. */
const LONG = 600_000
const SHARE = 0.1
/** Broadcasts meanwhile come this far apart, virtual ms. */
const GAP = 5000
/**
 * From waking until the mesh is one island and everybody has everything, virtual ms: dead links are known within 1.3 s, new
 * ones take half a second, and repair goes in turns where many are offered the same (gossip/heal.ts).
 */
const RECOVERY = 5000

export const sleeping: Scenario = {
  name: 'sleep',
  summary: 'a tenth of the machines sleeps for ten minutes; what they missed comes when they wake, once',
  budgets: ({ maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'ringFaults', max: 0 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    { field: 'recoveryMs', max: RECOVERY },
  ],
  run(lab) {
    const { world } = lab
    lab.joinOneByOne()
    lab.settle()
    const sleepers = lab.pick(Math.ceil(world.options.peers * SHARE))
    const awake = world.live().filter(peer => !sleepers.includes(peer))
    const senders = world.choice.sample(awake, 3)
    lab.broadcasts('before', senders, 3)
    const before = world.traffic.copy()
    const sent = []
    const until = world.now + LONG
    for (const [i, peer] of sleepers.entries()) sleep(world, peer, LONG, i % 2 === 0)
    for (let i = 0; world.now < until - GAP; i++) {
      const sender = senders[i % senders.length]
      if (sender !== undefined) sent.push(lab.broadcast(sender))
      world.advance(GAP)
    }
    world.runTo(until)
    lab.recover(until, 60_000)
    lab.headline = 'asleep'
    lab.conclude('asleep', sent, before)
    lab.settle()
    lab.broadcasts('after', [...senders, ...world.choice.sample(sleepers, 2)], 1)
  },
}
