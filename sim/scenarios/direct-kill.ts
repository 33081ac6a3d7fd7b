/**
 * Half the peers die without a word; direct messages between survivors go on all the time.
 * @module
 */
import { directFigures, sendDirects, wholeAgain } from '../directs.ts'
import type { Scenario } from '../scenario.ts'

/** A message every so many ms, and how many after the kill: a quarter of a minute. */
export const DIRECT_GAP = 10
export const DIRECTS = 1500

export const directKill: Scenario = {
  name: 'direct-kill',
  summary: 'a share of the peers (--kill) dies silently; direct messages between survivors go on',
  defaults: { kill: 0.5 },
  budgets: ({ maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'directSuccess', min: 1 },
    { field: 'routingRecoveryMs', max: 5000 },
  ],
  run(lab) {
    const { world } = lab
    lab.joinOneByOne(20)
    lab.settle()
    const killedAt = world.now
    for (const peer of lab.pick(Math.floor(world.options.peers * world.options.kill))) world.kill(peer)
    const directs = sendDirects(world, DIRECTS, DIRECT_GAP)
    Object.assign(lab.found, directFigures(directs))
    lab.found.routingRecoveryMs = wholeAgain(directs.sent, killedAt)
  },
}
