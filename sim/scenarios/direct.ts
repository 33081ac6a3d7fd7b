/**
 * Direct messages between random pairs, over as many hops as it takes.
 * @module
 */
import type { Lab } from '../lab.ts'
import type { Scenario } from '../scenario.ts'

export function randomPairs(lab: Lab): void {
  lab.directs(1000)
}

export const direct: Scenario = {
  name: 'direct',
  summary: 'a thousand direct messages between random pairs',
  budgets: ({ maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'directSuccess', min: 1 },
  ],
  run(lab) {
    lab.joinOneByOne()
    lab.settle()
    randomPairs(lab)
  },
}
