/**
 * Broadcasts that ask how many have them: of a warm sender, of many, and (with --kill) while peers die.
 * @module
 */
import { Frame } from '../../src/protocol/wire/frame.ts'
import type { Lab } from '../lab.ts'
import type { Peer } from '../peer.ts'
import type { Scenario } from '../scenario.ts'

/** Virtual ms in which receipts are counted. */
const WITHIN = 30_000

export const receipts: Scenario = {
  name: 'receipts',
  summary: 'broadcasts count their receipts: from a warm sender, from others, and (--kill) while peers die',
  budgets: ({ maxPeers, loss, kill }) => [
    { field: 'islands', max: 1 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
    // Never more than have it is an invariant. Who dies may take with it what it was told and has not passed on.
    ...(kill === 0
      ? [{ field: 'leastReceiptShare', min: 1 } as const]
      : [{ field: 'receiptShare', min: 0.5 } as const]),
    ...(loss + kill === 0 ? [{ field: 'receiptMs', max: 1000 } as const] : []),
    { field: 'receiptBytesPerDelivery', max: loss + kill === 0 ? 100 : 150 },
  ],
  run(lab) {
    const { world } = lab
    lab.joinOneByOne()
    lab.settle()
    const [sender, ...others] = lab.pick(6)
    if (sender === undefined) return
    lab.broadcasts('warm-up', [sender], 5)
    lab.headline = 'receipts'
    const { messages, kill } = world.options
    const rounds = Array.from({ length: messages }, () => sender)
    const doomed = world.choice.sample(
      world.live().filter(peer => peer !== sender && !others.includes(peer)),
      Math.floor(world.options.peers * kill),
    )
    ask(lab, [...rounds, ...others, ...others], doomed)
  },
}

function ask(lab: Lab, senders: readonly Peer[], doomed: readonly Peer[]): void {
  const { world } = lab
  const before = world.traffic.copy()
  const sent = senders.map((sender, i) => {
    if (i === 5) for (const peer of doomed) world.kill(peer)
    const one = lab.broadcast(sender, WITHIN)
    world.advance(100)
    return one
  })
  const settled = () => sent.every(({ message }) => message.outcome !== undefined)
  world.runUntil(settled, 2 * WITHIN, 50)
  const messages = sent.map(each => each.message)
  const shares = messages.map(({ receipts = 0, deliveries }) => receipts / Math.max(1, deliveries))
  const late = messages.map(({ settledAt, sentAt, lastArrival }) => settledAt - sentAt - lastArrival)
  const deliveries = messages.reduce((sum, message) => sum + message.deliveries, 0)
  lab.found.receiptShare = mean(shares)
  lab.found.leastReceiptShare = Math.min(...shares)
  lab.found.receiptMs = mean(late)
  const bytes = world.traffic.since(before).frameBytes[Frame.TALLY] as number
  lab.found.receiptBytesPerDelivery = bytes / Math.max(1, deliveries)
  lab.conclude('receipts', sent, before)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}
