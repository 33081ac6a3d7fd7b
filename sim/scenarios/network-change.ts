/**
 * A share of the peers changes networks at one instant while broadcasts run: all their links are silent for good, both ways. Some
 * links can look for a new path, others cannot and are made anew; at the other end, too.
 * @module
 */
import type { Scenario } from '../scenario.ts'

/** Broadcasts, one every so many virtual ms; the change comes halfway. */
const MESSAGES = 60
const GAP = 100
/** A page notices another network within this, virtual ms: the browser's event. */
const NOTICE = 1000
/** By the page and by its PINGs, virtual ms. */
const NOTICED = 2000
/** From the change until everything is everywhere, and until the ring is whole, virtual ms: RESTART and a dial after it. */
const RECOVERY = 6000
const WHOLE = 8000

export const networkChange: Scenario = {
  name: 'network-change',
  summary:
    'a share of the peers (--move) changes networks while broadcasts run; --restarts of them can restart ICE',
  defaults: { move: 0.2, restarts: 0.5 },
  budgets: ({ maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'ringFaults', max: 0 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    { field: 'noticedMs', max: NOTICED },
    { field: 'recoveryMs', max: RECOVERY },
    { field: 'wholeMs', max: WHOLE },
    { field: 'disconnectsPerLink', max: 0.2 },
  ],
  run(lab) {
    const { world } = lab
    lab.joinOneByOne(20)
    lab.settle()
    const movers = lab.pick(Math.floor(world.options.peers * world.options.move))
    const others = world.live().filter(peer => !movers.includes(peer))
    const senders = [...world.choice.sample(others, 3), ...world.choice.sample(movers, 2)]
    lab.broadcasts('before', senders, 4)
    const before = world.traffic.copy()
    const links = movers.reduce((sum, { machine }) => sum + machine.links().length, 0)
    const sent = []
    let movedAt = 0
    for (let i = 0; i < MESSAGES; i++) {
      if (i === MESSAGES / 2) {
        movedAt = world.now
        for (const peer of movers) world.move(peer, NOTICE * world.choice.unit())
        lab.watchNotice(movers)
      }
      const sender = senders[i % senders.length]
      if (sender !== undefined) sent.push(lab.broadcast(sender))
      world.advance(GAP)
    }
    lab.recover(movedAt, 60_000)
    lab.headline = 'moved'
    lab.conclude('moved', sent, before)
    const { disconnects } = world.traffic.since(before)
    // Each link has two ends that would hear of it.
    lab.found.disconnectsPerLink = disconnects / 2 / Math.max(1, links)
    lab.settle()
    lab.broadcasts('after', senders, 2)
    lab.directs(100)
  },
}
