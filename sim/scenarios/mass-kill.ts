/**
 * A share of the peers dies without a word while broadcasts run; the survivors get everything all the same.
 * @module
 */
import type { Scenario } from '../scenario.ts'

export const massKill: Scenario = {
  name: 'mass-kill',
  summary: 'a share of the peers (--kill) dies silently while broadcasts run',
  defaults: { kill: 0.2 },
  budgets: ({ maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
  ],
  run(lab) {
    const { world } = lab
    lab.joinOneByOne(20)
    lab.settle()
    const victims = lab.pick(Math.floor(world.options.peers * world.options.kill))
    const doomed = new Set(victims)
    const senders = world.choice.sample(
      world.live().filter(peer => !doomed.has(peer)),
      5,
    )
    lab.broadcasts('before', senders, 4)
    const before = world.traffic.copy()
    const sent = []
    for (let i = 0; i < 40; i++) {
      if (i === 10) for (const peer of victims) world.kill(peer)
      const sender = senders[i % senders.length]
      if (sender !== undefined) sent.push(lab.broadcast(sender))
      world.advance(100)
    }
    const sinceKill = 30 * 100
    const rest = lab.timeUntilWhole(60_000)
    lab.found.recoveryMs = rest === null ? null : rest + sinceKill
    lab.headline = 'killed'
    lab.conclude('killed', sent, before)
    lab.noteSurvivors()
    lab.settle()
    lab.broadcasts('after', senders, 2)
    lab.directs(100)
  },
}
