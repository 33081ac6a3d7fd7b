/**
 * What an application does in the first second of its page: peers broadcast while their swarm is still choosing links.
 */
import { expect, test } from 'vitest'
import { islands } from './graph.ts'
import type { Message } from './ledger.ts'
import { DEFAULTS } from './options.ts'
import type { Peer } from './peer.ts'
import { protocolMachine } from './protocol-machine.ts'
import { newLab } from './run.ts'

/** Links of a machine's own tabs: a few ms, and as much jitter. */
const NEAR = { ...DEFAULTS, maxPeers: 4, latencyMin: 1, latencyMax: 5, pairJitter: 10, verifyCost: 2 }

const PEERS = 6
const SEEDS = 50

/** A swarm that has just become one island, and still swaps links. */
function justWhole(seed: number) {
  const lab = newLab(
    {
      ...DEFAULTS,
      peers: PEERS,
      maxPeers: 4,
      seed,
      latencyMin: 1,
      latencyMax: 5,
      pairJitter: 10,
      verifyCost: 2,
    },
    protocolMachine,
  )
  const { world } = lab
  for (let i = 0; i < PEERS; i++) {
    world.join()
    world.advance(world.choice.below(300))
  }
  world.runUntil(() => islands(world.live()) === 1, 20_000, 20)
  return lab
}

test('receipts count everybody although links are swapped while they come in', { timeout: 60_000 }, () => {
  const short: string[] = []
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { world } = justWhole(seed)
    const [sender] = world.live()
    if (sender === undefined) throw new Error(`seed ${seed}: nobody lives`)
    const message = world.broadcast(sender, 'room', 30, 30_000)
    expect(
      world.runUntil(() => message.outcome !== undefined, 60_000, 20),
      `seed ${seed}`,
    ).toBe(true)
    // More than have it would be a violated invariant.
    if (message.receipts !== PEERS - 1) short.push(`seed ${seed}: ${message.receipts}`)
  }
  // A report that is on its way when its link is closed is lost: 4 of 400 seeds.
  expect(short.length, short.join(', ')).toBeLessThanOrEqual(SEEDS / 50)
})

// Links between groups that have formed come up one after the other, and each finds a backlog: nobody may wait for whoever
// else might fetch it, as peers of a healing cut do.
test.each([8, 12, 20, 40])('%i peers that say hello as they join have all heard all at once', peers => {
  for (let seed = 1; seed <= 5; seed++) {
    const { world } = newLab({ ...NEAR, peers, seed }, protocolMachine)
    for (let i = 0; i < peers; i++) world.join()
    const hellos = new Map<Peer, Message>()
    const done = () => {
      for (const peer of world.peers)
        if (!hellos.has(peer) && peer.joinedAt <= world.now)
          hellos.set(peer, world.broadcast(peer, 'hello', 200))
      return hellos.size === peers && [...hellos.values()].every(hello => hello.deliveries === peers - 1)
    }
    expect(world.runUntil(done, 500, 10), `seed ${seed}`).toBe(true)
  }
})
