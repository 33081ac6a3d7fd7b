/**
 * One swarm, grown once, through every fault that the tables of docs/SCALE.md ask for: twentieth, fifth and half of it
 * killed, a partition, and half of it killed while direct messages are all that is sent. After each kill as many join, so
 * that every fault meets a swarm of the same size. What is measured without faults is in survey.ts.
 * @module
 */
import type { Lab } from '../lab.ts'
import type { Scenario } from '../scenario.ts'
import { killSilently } from './direct-kill.ts'
import { killWhileTalking, recoveryWithin } from './mass-kill.ts'
import { aMinuteApart } from './partition.ts'

/** Shares that are killed, and the phase of each. */
const KILLS = [
  [0.05, '5 % killed'],
  [0.2, '20 % killed'],
  [0.5, '50 % killed'],
] as const

/** As many peers join as are missing, and the swarm comes to rest. */
function refill(lab: Lab): void {
  const { world } = lab
  lab.joinOneByOne(world.options.peers - world.live().length)
  lab.settle()
}

export const surveyFaults: Scenario = {
  name: 'survey-faults',
  summary:
    'one swarm: 5, 20 and 50 % killed and replaced, a partition, half killed while direct messages go on',
  budgets: ({ maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'ringFaults', max: 0 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    { field: 'deliverySurvivors', min: 1 },
    ...KILLS.map(([share, phase]) => ({ phase, field: 'recoveryMs', max: recoveryWithin(share) }) as const),
    { field: 'healMs', max: 5000 },
    { field: 'crossingsPerMissing', max: 2 },
    { field: 'directSuccess', min: 1 },
    { field: 'routingRecoveryMs', max: 5000 },
  ],
  run(lab) {
    lab.headline = '50 % killed'
    lab.joinOneByOne()
    lab.settle()
    for (const [share, phase] of KILLS) {
      killWhileTalking(lab, share, phase)
      lab.settle()
      refill(lab)
    }
    aMinuteApart(lab)
    lab.settle()
    killSilently(lab, 0.5)
    lab.settle()
  },
}
