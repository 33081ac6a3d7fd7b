/**
 * The signaling server dies: the mesh talks, heals and keeps its links without it. It comes back, and newcomers join.
 * @module
 */
import type { Scenario } from '../scenario.ts'

/** Share of the peers that dies while there is no server to introduce replacements. */
const SHARE = 0.1
/** Peers that come when the server is back. */
const NEWCOMERS = 5

export const serverDown: Scenario = {
  name: 'server-down',
  summary: 'the signaling server dies, a tenth of the peers too; later it is back and newcomers join',
  budgets: ({ maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    { field: 'directSuccess', min: 1 },
  ],
  run(lab) {
    const { world } = lab
    lab.joinOneByOne()
    lab.settle()
    world.server.stop()
    lab.broadcasts('no server', lab.pick(5), 3)
    for (const peer of lab.pick(Math.floor(world.options.peers * SHARE))) world.kill(peer)
    lab.settle()
    lab.broadcasts('healed', lab.pick(5), 3)
    lab.directs(100)
    world.server.start(world.live())
    world.advance(3000)
    lab.joinOneByOne(NEWCOMERS)
    lab.settle()
    lab.broadcasts('newcomers', world.live().slice(-NEWCOMERS), 2)
  },
}
