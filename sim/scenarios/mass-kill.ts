/**
 * A share of the peers dies without a word while broadcasts run; the survivors get everything all the same.
 * @module
 */
import type { Lab } from '../lab.ts'
import type { Peer } from '../peer.ts'
import type { Scenario } from '../scenario.ts'

/** Broadcasts, one every so many virtual ms; the kill comes halfway. */
const MESSAGES = 40
const GAP = 100

/** Within this every survivor has every message, and the mesh is whole, ms, detection included. */
export function recoveryWithin(kill: number): number {
  return kill <= 0.05 ? 3000 : kill <= 0.2 ? 5000 : 10_000
}

/**
 * Kills a share of the peers while broadcasts run and waits until the survivors are whole, as phase `name`; returns
 * those who broadcast.
 */
export function killWhileTalking(lab: Lab, share = lab.world.options.kill, name = 'killed'): readonly Peer[] {
  const { world } = lab
  const start = world.now
  const victims = lab.pick(Math.floor(world.options.peers * share))
  const doomed = new Set(victims)
  const senders = world.choice.sample(
    world.live().filter(peer => !doomed.has(peer)),
    5,
  )
  lab.broadcasts('before', senders, 4)
  const before = world.traffic.copy()
  const sent = []
  let killedAt = 0
  for (let i = 0; i < MESSAGES; i++) {
    if (i === MESSAGES / 2) {
      for (const peer of victims) world.kill(peer)
      lab.found.recoveryMs = null
      lab.found.wholeMs = null
      killedAt = world.now
    }
    const sender = senders[i % senders.length]
    if (sender !== undefined) sent.push(lab.broadcast(sender))
    world.advance(GAP)
    if (killedAt > 0) lab.noteWhole(killedAt)
  }
  lab.recover(killedAt, 60_000)
  lab.conclude(name, sent, before, lab.found.recoveryMs)
  lab.noteSurvivors(start)
  return senders
}

export const massKill: Scenario = {
  name: 'mass-kill',
  summary: 'a share of the peers (--kill) dies silently while broadcasts run',
  defaults: { kill: 0.2 },
  budgets: ({ maxPeers, kill }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    { field: 'deliverySurvivors', min: 1 },
    { field: 'recoveryMs', max: recoveryWithin(kill) },
    // The ring is for routing: an island is whole without it.
    { field: 'wholeMs', max: recoveryWithin(kill) + 2000 },
    { field: 'ringFaults', max: 0 },
  ],
  run(lab) {
    lab.joinOneByOne()
    lab.settle()
    lab.headline = 'killed'
    const senders = killWhileTalking(lab)
    lab.settle()
    lab.broadcasts('after', senders, 2)
    lab.directs(100)
  },
}
