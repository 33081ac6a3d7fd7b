/**
 * Many peers broadcast in turn, each of them heard before.
 * @module
 */
import type { Scenario } from '../scenario.ts'

export const manySenders: Scenario = {
  name: 'many-senders',
  summary: 'fifty senders in turn, each of them warm',
  budgets: ({ maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
  ],
  run(lab) {
    lab.joinOneByOne(20)
    lab.settle()
    const senders = lab.pick(50)
    lab.broadcasts('warm-up', senders, 3, 20)
    lab.headline = 'many'
    lab.broadcasts('many', senders, 4, 20)
  },
}
