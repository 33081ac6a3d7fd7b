/**
 * Peers join one by one; one warm sender, then others nobody has heard yet; then direct messages.
 * @module
 */
import type { Lab } from '../lab.ts'
import type { Peer } from '../peer.ts'
import type { Scenario } from '../scenario.ts'

/** Duplicates per delivery from a warm sender. */
function allowed(loss: number, others: number): number {
  if (others > 0 || loss > 0.05) return 1
  return loss > 0 ? 0.1 : 0.01
}

/** Messages in which a tree that began with the ground tree finds its quickest ways: one change of parent each. */
const WARM_UP = 20

/** Broadcasts of one sender until its tree is as good as it gets, then those that are measured, as `warm`. */
export function warmSender(lab: Lab, sender: Peer): void {
  lab.broadcasts('warm-up', [sender], WARM_UP)
  lab.broadcasts('warm', [sender], lab.world.options.messages)
}

export const broadcast: Scenario = {
  name: 'broadcast',
  summary: 'join one by one, broadcast from one warm sender and from others, then direct messages',
  budgets: ({ loss, duplicate, reorder, jitter, maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    { field: 'directSuccess', min: 1 },
    { field: 'duplicatesPerDelivery', max: allowed(loss, duplicate + reorder + jitter) },
  ],
  run(lab) {
    lab.joinOneByOne()
    lab.settle()
    lab.idle(10_000)
    const [sender] = lab.pick(1)
    if (sender !== undefined) warmSender(lab, sender)
    lab.headline = 'warm'
    lab.broadcasts('others', lab.pick(20), 1)
    lab.directs(200)
  },
}
