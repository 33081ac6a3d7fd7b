/**
 * Peers that swallow what they should relay while there is no signaling server: direct messages find the way past them
 * wherever there is one.
 */
import { expect, test } from 'vitest'
import { DIRECT_TIMEOUT } from './directs.ts'
import { isConnected } from './graph.ts'
import type { Message } from './ledger.ts'
import { DEFAULTS } from './options.ts'
import type { Peer } from './peer.ts'
import { protocolMachine } from './protocol-machine.ts'
import { newLab } from './run.ts'

const MESSAGES = 100
const GAP = 20

test.each([
  { peers: 60, silent: 0.1, seed: 1 },
  // A third of them, as the seed will have it.
  { peers: 60, silent: 0.2, seed: 6 },
])(
  'every direct message between peers that honest ones connect arrives: %o',
  { timeout: 120_000 },
  options => {
    const lab = newLab({ ...DEFAULTS, ...options }, protocolMachine)
    const { world } = lab
    lab.joinOneByOne()
    lab.settle()
    world.server.stop()
    world.advance(1000)
    const sent: Message[] = []
    for (let i = 0; i < MESSAGES; i++) {
      const [from, to] = lab.pick(2) as [Peer, Peer]
      if (isConnected(from, to)) sent.push(world.send(from, to, DIRECT_TIMEOUT))
      world.advance(GAP)
    }
    world.runUntil(() => sent.every(({ outcome }) => outcome !== undefined), 2 * DIRECT_TIMEOUT, 50)
    expect(sent.length).toBeGreaterThan(0.95 * MESSAGES)
    expect(
      sent.filter(({ outcome }) => outcome !== 'ok').map(({ outcome, sentAt }) => `${outcome} of ${sentAt}`),
    ).toEqual([])
  },
)
