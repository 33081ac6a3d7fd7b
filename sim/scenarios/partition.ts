/**
 * The swarm falls in two for a minute, both sides go on talking, and the sides meet again.
 * @module
 */
import type { Lab } from '../lab.ts'
import type { Peer } from '../peer.ts'
import type { Scenario } from '../scenario.ts'
import { MOST_STORM, watchStorm } from '../storm.ts'

/** Virtual seconds of partition. */
const SECONDS = 60

/** Parts the swarm, heals it and waits, as `parted`; returns those who went on talking. */
export function aMinuteApart(lab: Lab): readonly Peer[] {
  const { world } = lab
  const beyond = lab.pick(Math.floor(world.options.peers / 2))
  const here = world.live().filter(peer => !beyond.includes(peer))
  const senders = [...world.choice.sample(here, 2), ...world.choice.sample(beyond, 2)]
  lab.broadcasts('before', senders, 3)
  const before = world.traffic.copy()
  const sent = []
  world.partition(beyond)
  watchStorm(world, lab.found)
  for (let second = 0; second < SECONDS; second++) {
    const sender = senders[second % senders.length]
    if (sender !== undefined) sent.push(lab.broadcast(sender))
    world.advance(1000)
  }
  const crossed = world.traffic.pushesCrossed
  const lacking = lab.lacking(sent)
  world.heal()
  lab.found.healMs = lab.timeUntilWhole(120_000)
  lab.conclude('parted', sent, before)
  lab.found.crossingsPerMissing = (world.traffic.pushesCrossed - crossed) / Math.max(1, lacking)
  return senders
}

export const partition: Scenario = {
  name: 'partition',
  summary: 'two halves cannot reach each other for a minute; afterwards both have everything',
  budgets: ({ maxPeers, loss, duplicate, reorder }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    { field: 'healMs', max: 5000 },
    { field: 'ringFaults', max: 0 },
    ...(loss + duplicate + reorder === 0
      ? [
          { field: 'crossingsPerMissing', max: 2 } as const,
          { field: 'stormEventsPerPeerPerSecond', max: MOST_STORM } as const,
        ]
      : []),
  ],
  run(lab) {
    lab.joinOneByOne()
    lab.settle()
    lab.headline = 'parted'
    const senders = aMinuteApart(lab)
    lab.settle()
    lab.broadcasts('after', senders, 2)
  },
}
