/**
 * Newcomers ask for what was said before they came.
 * @module
 */
import type { Scenario } from '../scenario.ts'

/** Messages asked for, of half as many again. */
const LAST = 50
const NEWCOMERS = 10
/** Where frames are lost, repairs change the order: so many more are asked for, that the last are among them everywhere. */
const SPARE = 15

export const late: Scenario = {
  name: 'late',
  summary: 'newcomers ask for the last fifty messages of a topic',
  budgets: ({ maxPeers, loss }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    { field: 'historyShare', min: 1 },
    { field: 'historyMs', max: loss === 0 ? 500 : 5000 },
  ],
  run(lab) {
    const { world } = lab
    lab.joinOneByOne()
    lab.settle()
    // Far enough apart that all peers have them in one order.
    lab.broadcasts('past', lab.pick(5), (LAST * 1.5) / 5, 500)
    const last = new Set(world.ledger.messages.slice(-LAST))
    lab.joinOneByOne(NEWCOMERS, 100)
    const newcomers = world.peers.slice(-NEWCOMERS)
    world.runUntil(() => newcomers.every(peer => peer.joinedAt <= world.now), 60_000)
    world.advance(1000)
    const count = world.options.loss === 0 ? LAST : LAST + SPARE
    const asked = newcomers.map(peer => world.history(peer, count))
    world.runUntil(() => asked.every(inquiry => inquiry.outcome !== undefined), 20_000, 10)
    const found = asked.map(inquiry => inquiry.found.filter(message => last.has(message)).length)
    lab.found.historyShare = found.reduce((sum, count) => sum + count, 0) / (LAST * NEWCOMERS)
    lab.found.historyMs =
      asked.reduce((sum, { askedAt, settledAt }) => sum + settledAt - askedAt, 0) / NEWCOMERS
    lab.settle()
    lab.broadcasts('after', newcomers, 1)
  },
}
