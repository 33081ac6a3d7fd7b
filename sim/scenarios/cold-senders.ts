/**
 * The first message of senders that nobody has heard before: there is no tree of theirs yet.
 * @module
 */
import type { Scenario } from '../scenario.ts'

export const coldSenders: Scenario = {
  name: 'cold-senders',
  summary: 'the first broadcast of fifty senders that nobody has heard before',
  budgets: ({ maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
  ],
  run(lab) {
    lab.joinOneByOne(20)
    lab.settle()
    const [first, ...others] = lab.pick(51)
    if (first !== undefined) lab.broadcasts('very first', [first], 1)
    lab.headline = 'cold'
    lab.broadcasts('cold', others, 1, 200)
  },
}
