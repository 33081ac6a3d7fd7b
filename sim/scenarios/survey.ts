/**
 * One swarm, grown once, and in it everything that the tables of docs/SCALE.md ask for without options of its own:
 * at ten thousand peers joining is most of the cost. What spoils least comes first, the kill last. A phase that is
 * measured bears the name that it has in its own scenario; names of what prepares one recur.
 * @module
 */
import { awaitDirects, type Directs, sendBeside, wholeAgain } from '../directs.ts'
import type { Scenario } from '../scenario.ts'
import { warmSender } from './broadcast.ts'
import { firstMessages, veryFirstMessage } from './cold-senders.ts'
import { randomPairs } from './direct.ts'
import { DIRECT_GAP, DIRECTS } from './direct-kill.ts'
import { aMinuteIdle } from './idle.ts'
import { warmSenders } from './many-senders.ts'
import { killWhileTalking, recoveryWithin } from './mass-kill.ts'
import { aMinuteApart } from './partition.ts'

/** Senders whose first messages are measured, and later their trees. */
const SENDERS = 50
/** Any number of peers joins within it, virtual ms. */
const MINUTE = 60_000

export const survey: Scenario = {
  name: 'survey',
  summary: 'one swarm: idle, one sender, unheard ones, many, direct messages, a partition, then --kill',
  defaults: { kill: 0.5 },
  budgets: ({ maxPeers, peers, kill, loss, duplicate, reorder, jitter, bandwidth }) => [
    { field: 'islands', max: 1 },
    { field: 'ringFaults', max: 0 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    { field: 'deliverySurvivors', min: 1 },
    { field: 'directSuccess', min: 1 },
    { field: 'idleBytesPerLinkPerSecond', max: 50 },
    { field: 'linkChangesPerPeerPerMinute', max: 0.1 },
    { field: 'healMs', max: 5000 },
    { field: 'recoveryMs', max: recoveryWithin(kill) },
    { field: 'wholeMs', max: recoveryWithin(kill) + 2000 },
    { field: 'routingRecoveryMs', max: 5000 },
    ...(loss + duplicate + reorder + jitter === 0 && bandwidth === Number.POSITIVE_INFINITY && peers > 50
      ? ([
          { phase: 'very first', field: 'duplicatesPerDelivery', max: 0.3 },
          { phase: 'warm', field: 'duplicatesPerDelivery', max: 0.01 },
          { phase: 'cold', field: 'duplicatesPerDelivery', max: 0.3 },
          { phase: 'cold', field: 'lastHop', max: 13 },
          { phase: 'many', field: 'duplicatesPerDelivery', max: 0.01 },
          { phase: 'many', field: 'lastHop', max: 13 },
          { phase: 'many', field: 'lastArrivalRatio', max: 1.1 },
          { phase: 'many', field: 'controlBytesPerDelivery', max: 64 },
        ] as const)
      : []),
  ],
  run(lab) {
    const { world } = lab
    lab.headline = 'warm'
    lab.joinOneByOne(Math.min(20, MINUTE / world.options.peers))
    lab.settle()
    lab.notePaths()
    aMinuteIdle(lab)
    const [first, ...others] = lab.pick(SENDERS + 1)
    if (first !== undefined) {
      veryFirstMessage(lab, first)
      warmSender(lab, first)
    }
    firstMessages(lab, others)
    warmSenders(lab, others)
    randomPairs(lab)
    aMinuteApart(lab)
    lab.settle()
    let directs: Directs | undefined
    let killedAt = 0
    // Acks of broadcasts tell of the dead too: not the figure that `direct-kill` has, where nothing else is sent.
    killWhileTalking(lab, () => {
      killedAt = world.now
      directs = sendBeside(world, DIRECTS, DIRECT_GAP)
    })
    // The last of them are sent while the survivors, whole again, are at rest.
    world.runTo(Math.max(world.now, killedAt + DIRECTS * DIRECT_GAP))
    if (directs !== undefined) {
      awaitDirects(world, directs)
      lab.found.routingRecoveryMs = wholeAgain(directs.sent, killedAt)
    }
    lab.settle()
  },
}
