/**
 * Chatter: peers answer what they have just been given, at once, while links differ and jitter. With `--order 0` an answer
 * overtakes its question sooner or later, and the run ends there: that the invariant can fail is tested.
 * @module
 */
import type { Scenario } from '../scenario.ts'

/** Messages that are answered; each by this many peers at most. */
const ANSWERED = 60
const ANSWERS = 3
const TALKERS = 12

export const causal: Scenario = {
  name: 'causal',
  summary: 'peers answer what they have just heard; no answer arrives before its question',
  defaults: { order: 1, jitter: 100, latencyMax: 150 },
  budgets: ({ maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
  ],
  run(lab) {
    const { world } = lab
    lab.joinOneByOne()
    lab.settle()
    const talkers = lab.pick(TALKERS)
    lab.broadcasts('warm-up', talkers, 3, 20)
    world.ledger.expectCausal()
    const before = world.traffic.copy()
    const answers = new Map<number, number>()
    const sent = talkers.slice(0, 3).map(talker => lab.broadcast(talker))
    world.onDelivery = (peer, { number }) => {
      const given = answers.get(number) ?? 0
      if (given >= ANSWERS || sent.length >= ANSWERED || !talkers.includes(peer)) return
      answers.set(number, given + 1)
      world.at(world.now, () => sent.push(lab.broadcast(peer)))
    }
    lab.headline = 'chatter'
    world.runUntil(() => sent.length >= ANSWERED, 60_000)
    lab.conclude('chatter', sent, before)
  },
}
