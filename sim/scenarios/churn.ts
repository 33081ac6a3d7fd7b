/**
 * Peers come and go all the time: half of those that go say good-bye, half do not.
 * @module
 */
import type { Lab } from '../lab.ts'
import type { Peer } from '../peer.ts'
import { ringFaults } from '../ring.ts'
import type { Scenario } from '../scenario.ts'

/** Virtual seconds of churn. */
const SECONDS = 30
/** Senders that stay, and broadcast in turn. */
const CORE = 5
/** Where frames are lost all the time, a link is now and then given up that was sound, and made anew: within this, virtual ms. */
const MADE_ANEW = 5000

/** Somebody goes, and a newcomer joins. */
function replaceOne({ world }: Lab, core: readonly Peer[]): void {
  const [goes] = world.choice.sample(
    world.live().filter(peer => !core.includes(peer)),
    1,
  )
  if (goes === undefined) return
  if (world.choice.chance(0.5)) world.kill(goes)
  else world.leave(goes)
  world.join()
}

export const churn: Scenario = {
  name: 'churn',
  summary: 'a share of the peers (--churn) goes, and as many come, every second for half a minute',
  defaults: { churn: 0.01, messages: 150 },
  budgets: ({ maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'ringFaults', max: 0 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
  ],
  run(lab) {
    const { world } = lab
    const { peers, churn: share, messages } = world.options
    lab.joinOneByOne()
    lab.settle()
    const core = lab.pick(CORE)
    lab.broadcasts('before', core, 4)
    const before = world.traffic.copy()
    const sent = []
    const gap = (SECONDS * 1000) / messages
    let due = 0
    for (let i = 0; i < messages; i++) {
      for (due += Math.max(1, peers * share) * (gap / 1000); due >= 1; due--) replaceOne(lab, core)
      const sender = core[i % core.length]
      if (sender !== undefined) sent.push(lab.broadcast(sender))
      world.advance(gap)
    }
    lab.found.recoveryMs = lab.timeUntilWhole(60_000)
    lab.headline = 'churn'
    lab.conclude('churn', sent, before)
    lab.settle()
    lab.broadcasts('after', core, 2)
    if (world.options.loss > 0) world.runUntil(() => ringFaults(world.live()).length === 0, MADE_ANEW)
  },
}
