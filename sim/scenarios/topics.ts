/**
 * Five topics; most peers want one of them, every twentieth wants all. Messages cross the links that lead to those who want
 * them, through changes of interest, deaths, newcomers and a partition.
 * @module
 */
import type { Scenario } from '../scenario.ts'
import { TreeTap } from '../tree-tap.ts'

const TOPICS = ['room/0', 'room/1', 'room/2', 'room/3', 'room/4']
const SENDERS = 5
/** Time for a change of interest to travel up a tree: a round trip for each of ten links, ms. */
const GRACE = 1000

function interestsOf(index: number): readonly string[] {
  return index % 20 === 0 ? ['room/*'] : [TOPICS[index % TOPICS.length] as string]
}

export const topics: Scenario = {
  name: 'topics',
  summary:
    'five topics, most peers want one: learned, changed, a share killed (--kill), newcomers, parted and healed',
  defaults: { kill: 0.1 },
  budgets: ({ loss, duplicate, reorder, jitter, maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    // All that flows to everybody is 4.2 pushes per wanted delivery (24 % want a topic).
    { field: 'pushesPerWantedDelivery', min: 1, max: 3 },
    { field: 'pushesPerNeededLink', min: 1, max: loss + duplicate + reorder + jitter === 0 ? 1.1 : 1.5 },
  ],
  run(lab) {
    const { world } = lab
    const { peers, kill } = world.options
    const join = () => {
      world.join([], interestsOf(world.peers.length))
      world.advance(20)
    }
    for (let i = 0; i < peers; i++) join()
    lab.settle()
    const senders = lab.pick(SENDERS)
    lab.broadcasts('learning', senders, 10, 100, spread(10))
    world.tap = new TreeTap()
    lab.headline = 'warm'
    lab.broadcasts('warm', senders, 20, 100, spread(20))
    lab.found.pushesPerWantedDelivery = lab.phases.at(-1)?.pushesPerDelivery ?? null
    lab.found.pushesPerNeededLink = world.tap.conclude()
    world.tap = undefined
    // A tenth wants another topic.
    for (const peer of lab.pick(Math.ceil(peers / 10))) {
      world.interest(peer, [TOPICS[(peer.index + 1) % TOPICS.length] as string], GRACE)
    }
    world.advance(GRACE)
    lab.broadcasts('changed', senders, 10, 100, spread(10))
    const victims = world.choice.sample(
      world.live().filter(peer => !senders.includes(peer)),
      Math.floor(peers * kill),
    )
    for (const peer of victims) world.kill(peer)
    lab.broadcasts('killed', senders, 20, 100, spread(20))
    for (let i = 0; i < victims.length; i++) join()
    lab.broadcasts('newcomers', senders, 10, 100, spread(10))
    lab.settle()
    world.partition(lab.pick(Math.floor(world.live().length / 2)))
    const before = world.traffic.copy()
    const sent = []
    const order = spread(20)
    for (let i = 0; i < 20 * SENDERS; i++) {
      const sender = senders[i % SENDERS]
      if (sender !== undefined) sent.push(lab.broadcast(sender, undefined, order[i]))
      world.advance(100)
    }
    world.heal()
    lab.found.healMs = lab.timeUntilWhole(120_000)
    lab.conclude('parted', sent, before)
    lab.settle()
    lab.broadcasts('after', senders, 5, 100, spread(5))
  },
}

/** Topics of `rounds` rounds of all senders: each sender goes through all of them. */
function spread(rounds: number): string[] {
  const order: string[] = []
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < SENDERS; i++) order.push(TOPICS[(round + i) % TOPICS.length] as string)
  return order
}
