/**
 * Everybody joins at the same instant.
 * @module
 */
import type { Scenario } from '../scenario.ts'

export const joins: Scenario = {
  name: 'joins',
  summary: 'all peers join at one instant, then five of them broadcast',
  budgets: ({ maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
  ],
  run(lab) {
    lab.joinAtOnce()
    lab.settle()
    lab.broadcasts('broadcasts', lab.pick(5), 2)
  },
}
