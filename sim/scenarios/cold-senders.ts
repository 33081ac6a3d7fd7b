/**
 * The first message of senders that nobody has heard before. There is no tree of theirs yet, and for the very first
 * there is nobody's: nothing was ever sent in this swarm.
 * @module
 */
import type { Lab } from '../lab.ts'
import type { Peer } from '../peer.ts'
import type { Scenario } from '../scenario.ts'

/** The first broadcast of each of these, as `cold`. */
export function firstMessages(lab: Lab, senders: readonly Peer[]): void {
  lab.broadcasts('cold', senders, 1, 200)
}

/** The very first broadcast of the swarm, as `very first`. */
export function veryFirstMessage(lab: Lab, sender: Peer): void {
  lab.broadcasts('very first', [sender], 1)
}

export const coldSenders: Scenario = {
  name: 'cold-senders',
  summary:
    'the very first broadcast of a swarm, then the first of fifty more senders; the worse heads the report',
  budgets: ({ maxPeers, peers, loss, duplicate, reorder, jitter }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    {
      field: 'duplicatesPerDelivery',
      max: loss + duplicate + reorder + jitter === 0 && peers > 50 ? 0.3 : 6,
    },
    { field: 'lastHop', max: 13 },
  ],
  run(lab) {
    lab.joinOneByOne()
    lab.settle()
    const [first, ...others] = lab.pick(51)
    if (first !== undefined) veryFirstMessage(lab, first)
    firstMessages(lab, others)
    const [one, many] = lab.phases
    const worse = (one?.duplicatesPerDelivery ?? 0) > (many?.duplicatesPerDelivery ?? 0) ? one : many
    lab.headline = worse?.name
  },
}
