/**
 * A third of all pairs cannot link: the ring is closed by relayed links. Then the signaling server dies for good, peers
 * die, and the mesh heals by itself.
 * @module
 */
import { RELAY_BUDGET } from '../../src/protocol/node-circuits.ts'
import { MAX_PACKET } from '../../src/protocol/wire/limits.ts'
import type { Scenario } from '../scenario.ts'

/** Share of the peers that dies while there is no server. */
const SHARE = 0.05
/** Peers join this far apart, virtual ms: each barrier that is met costs a dial of five seconds. */
const GAP = 100
/** Every barrier has been met, every relayed link made and the needless given up, within this, virtual ms. */
const MEETING = 90_000

export const relayed: Scenario = {
  name: 'relayed',
  summary:
    '--unreachable of all pairs cannot link; the signaling server dies after the joins, a twentieth of the peers too',
  defaults: { unreachable: 1 / 3 },
  budgets: ({ maxPeers, unreachable, silent }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    { field: 'directSuccess', min: 1 },
    // A silent peer swallows letters that nobody repeats as well: asks for ring links.
    ...(silent > 0 ? [] : [{ field: 'ringFaults', max: 0 } as const]),
    { field: 'relayPeak', max: RELAY_BUDGET.bytesPerSecond + MAX_PACKET },
    ...(unreachable > 0 ? [{ field: 'relayedShare', max: 1.1 } as const] : []),
  ],
  run(lab) {
    const { world } = lab
    lab.watchRelays()
    lab.joinOneByOne(undefined, GAP)
    world.advance(MEETING)
    lab.settle()
    world.server.stop()
    lab.broadcasts('no server', lab.pick(5), 3)
    lab.directs(100)
    for (const peer of lab.pick(Math.floor(world.options.peers * SHARE))) world.kill(peer)
    world.advance(MEETING)
    lab.settle()
    lab.broadcasts('healed', lab.pick(5), 3)
    lab.noteRelayed()
  },
}
