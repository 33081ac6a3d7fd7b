/**
 * Half the peers die without a word; direct messages between survivors go on all the time.
 * @module
 */
import { directFigures, sendDirects, wholeAgain } from '../directs.ts'
import type { Lab } from '../lab.ts'
import type { Scenario } from '../scenario.ts'
import { watchStorm } from '../storm.ts'

/** A message every so many ms, and how many after the kill: a quarter of a minute. */
const DIRECT_GAP = 10
const DIRECTS = 1500

/** Kills a share of the peers; direct messages are all that is sent. */
export function killSilently(lab: Lab, share: number): void {
  const { world } = lab
  const killedAt = world.now
  for (const peer of lab.pick(Math.floor(world.options.peers * share))) world.kill(peer)
  watchStorm(world, lab.found)
  const directs = sendDirects(world, DIRECTS, DIRECT_GAP)
  Object.assign(lab.found, directFigures(directs))
  lab.found.routingRecoveryMs = wholeAgain(directs.sent, killedAt)
  lab.onStep?.('direct messages')
}

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
    lab.joinOneByOne()
    lab.settle()
    killSilently(lab, lab.world.options.kill)
  },
}
