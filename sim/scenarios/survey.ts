/**
 * One swarm, grown once, and in it everything that the tables of docs/SCALE.md ask for without faults or options of its
 * own: at ten thousand peers joining is most of the cost. What spoils least comes first. A phase that is measured bears the
 * name that it has in its own scenario; names of what prepares one recur. Faults have a swarm of theirs (survey-faults.ts).
 * @module
 */
import type { Scenario } from '../scenario.ts'
import { warmSender } from './broadcast.ts'
import { firstMessages, veryFirstMessage } from './cold-senders.ts'
import { randomPairs } from './direct.ts'
import { aMinuteIdle } from './idle.ts'
import { warmSenders } from './many-senders.ts'

/** Senders whose first messages are measured, and later their trees. */
const SENDERS = 50
export const survey: Scenario = {
  name: 'survey',
  summary: 'one swarm: idle, direct messages, one sender, unheard ones, many',
  budgets: ({ maxPeers, peers, loss, duplicate, reorder, jitter, bandwidth }) => [
    { field: 'islands', max: 1 },
    { field: 'ringFaults', max: 0 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    { field: 'directSuccess', min: 1 },
    { field: 'idleBytesPerLinkPerSecond', max: 50 },
    { field: 'linkChangesPerPeerPerMinute', max: 0.1 },
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
    lab.headline = 'warm'
    lab.joinOneByOne()
    lab.settle()
    lab.notePaths()
    aMinuteIdle(lab)
    randomPairs(lab)
    const [first, ...others] = lab.pick(SENDERS + 1)
    if (first !== undefined) {
      veryFirstMessage(lab, first)
      warmSender(lab, first)
    }
    firstMessages(lab, others)
    warmSenders(lab, others)
    lab.settle()
  },
}
