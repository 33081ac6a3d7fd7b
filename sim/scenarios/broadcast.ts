/**
 * Peers join one by one; one warm sender, then others nobody has heard yet; then direct messages.
 * @module
 */
import type { Scenario } from '../scenario.ts'

export const broadcast: Scenario = {
  name: 'broadcast',
  summary: 'join one by one, broadcast from one warm sender and from others, then direct messages',
  budgets: ({ loss, duplicate, reorder, jitter, maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    { field: 'directSuccess', min: 1 },
    { field: 'duplicatesPerDelivery', max: loss + duplicate + reorder + jitter === 0 ? 0.05 : 1 },
  ],
  run(lab) {
    lab.joinOneByOne(20)
    lab.settle()
    lab.idle(10_000)
    const sender = lab.pick(1)
    lab.broadcasts('warm-up', sender, 5)
    lab.headline = 'warm'
    lab.broadcasts('warm', sender, lab.world.options.messages)
    lab.broadcasts('others', lab.pick(20), 1)
    lab.directs(200)
  },
}
