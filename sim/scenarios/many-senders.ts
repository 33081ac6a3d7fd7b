/**
 * Many peers broadcast in turn, each of them heard before.
 * @module
 */
import type { Lab } from '../lab.ts'
import type { Peer } from '../peer.ts'
import type { Scenario } from '../scenario.ts'

/** Senders heard once: four rounds in which their trees improve, then four that are measured, as `many`. */
export function warmSenders(lab: Lab, senders: readonly Peer[]): void {
  lab.broadcasts('warm-up', senders, 4, 20)
  lab.broadcasts('many', senders, 4, 20)
}

export const manySenders: Scenario = {
  name: 'many-senders',
  summary: 'fifty senders in turn: their first messages, four rounds in which trees improve, four warm ones',
  budgets: ({ maxPeers, loss, duplicate, reorder, jitter, bandwidth }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    ...(loss + duplicate + reorder + jitter === 0 && bandwidth === Number.POSITIVE_INFINITY
      ? ([
          { field: 'duplicatesPerDelivery', max: 0.01 },
          { field: 'lastHop', max: 13 },
          { field: 'lastArrivalRatio', max: 1.1 },
          { field: 'controlBytesPerDelivery', max: 64 },
        ] as const)
      : []),
  ],
  run(lab) {
    lab.joinOneByOne()
    lab.settle()
    const senders = lab.pick(50)
    lab.broadcasts('first', senders, 1, 20)
    warmSenders(lab, senders)
    lab.headline = 'many'
  },
}
