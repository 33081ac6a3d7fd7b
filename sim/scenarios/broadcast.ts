/**
 * Peers join one by one; one warm sender, then others nobody has heard yet; then direct messages.
 * @module
 */
import type { Scenario } from '../scenario.ts'

/** Duplicates per delivery from a warm sender. */
function allowed(loss: number, others: number): number {
  if (others > 0 || loss > 0.05) return 1
  return loss > 0 ? 0.1 : 0.01
}

/** Messages in which a tree that began with the ground tree finds its quickest ways: one change of parent each. */
const WARM_UP = 20

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
    lab.joinOneByOne(20)
    lab.settle()
    lab.idle(10_000)
    const sender = lab.pick(1)
    lab.broadcasts('warm-up', sender, WARM_UP)
    lab.headline = 'warm'
    lab.broadcasts('warm', sender, lab.world.options.messages)
    lab.broadcasts('others', lab.pick(20), 1)
    lab.directs(200)
  },
}
