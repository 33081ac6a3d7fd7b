import { expect, test, vi } from 'vitest'
import { Frame } from '../wire/frame.ts'
import { network } from './ledger.test-support.ts'
import type { Network } from './network.test-support.ts'

// Thousands of events on machines that may be busy: the clock inside is virtual, the one outside must not decide.
vi.setConfig({ testTimeout: 60_000 })

/** A line 0 – 1 – 2 that has carried a few messages of 0. */
function chain(seed: number): ReturnType<typeof network> {
  const made = network({ seed, latency: [20, 20] })
  const { net, ledger } = made
  for (let i = 0; i < 3; i++) net.add()
  net.link(0, 1)
  net.link(1, 2)
  for (let i = 0; i < 3; i++) {
    ledger.send(0)
    net.run(3000)
  }
  return made
}

/** Nothing gets from one peer to another for a while. */
function mute(net: Network, a: number, b: number, milliseconds: number): void {
  const pipe = net.pipe(a, b)!
  pipe.silent = true
  net.at(net.now + milliseconds, () => {
    pipe.silent = false
  })
}

test('a lost ack is asked for, and costs no duplicate', () => {
  const { net, ledger } = chain(1)
  let pushes = 0
  net.onFrame = (_, __, frame) => {
    if (frame[0] === Frame.PUSH) pushes++
  }
  ledger.send(0)
  net.run(30)
  // The push has reached 1; its ack does not come back.
  mute(net, 0, 1, 150)
  net.run(5000)
  expect(ledger.differences()).toEqual([])
  expect(net.total('duplicates')).toBe(0)
  expect(pushes).toBe(2)
  expect(net.peer(0).gossip.stats.retries).toBe(1)
  expect(net.peer(0).gossip.stats.unacked).toBe(0)
})

test('a lost push is there half a second later, is late from there on, and changes no tree', () => {
  const { net, ledger } = chain(2)
  const prunes = net.total('prunes')
  mute(net, 0, 1, 10)
  const at = net.now
  ledger.send(0)
  const flags: number[] = []
  net.onFrame = (_, to, frame) => {
    if (frame[0] === Frame.PUSH) flags[to.index] = frame[2]! & 6
  }
  net.run(5000)
  expect(ledger.differences()).toEqual([])
  expect(net.peer(2).delivered.at(-1)!.at - at).toBeLessThan(500)
  // REPAIR to 1, LATE to 2.
  expect(flags.slice(1)).toEqual([2, 4])
  expect(net.total('prunes')).toBe(prunes)
  expect(net.total('duplicates')).toBe(0)
})

test('at 5 % loss a warm tree makes fewer than one duplicate in ten deliveries', () => {
  const { net, ledger } = network({ seed: 3 })
  net.randomGraph(60, 6)
  for (let round = 0; round < 6; round++) {
    ledger.send(0)
    net.run(3000)
  }
  net.resetCounters()
  const before = net.total('duplicates')
  net.loss = 0.05
  for (let round = 0; round < 40; round++) {
    ledger.send(0)
    net.run(250)
  }
  net.run(20_000)
  expect(net.peers.reduce((sum, peer) => sum + peer.delivered.length, 0)).toBe(40 * 59)
  expect((net.total('duplicates') - before) / (40 * 59)).toBeLessThan(0.1)
})

test('behind a neighbour that falls silent, messages come another way within two seconds', () => {
  const { net, ledger } = network({ seed: 4, latency: [10, 50] })
  net.randomGraph(60, 6)
  for (let round = 0; round < 6; round++) {
    ledger.send(0)
    net.run(3000)
  }
  // Dead, and nobody notices: a tenth of all peers, the sender's neighbours among them.
  const dead = [...net.peer(0).pipes.values()].slice(0, 3).map(pipe => (pipe.a === 0 ? pipe.b : pipe.a))
  for (const index of [...dead, 30, 40, 50]) net.crash(index, 60_000)
  ledger.send(0)
  net.run(2000)
  const alive = net.peers.filter(peer => peer.alive)
  expect(ledger.differences(alive)).toEqual([])
})
