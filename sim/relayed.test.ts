import { describe, expect, test } from 'vitest'
import { DEFAULTS } from './options.ts'
import type { Peer } from './peer.ts'
import { protocolMachine } from './protocol-machine.ts'
import { ringFaults } from './ring.ts'
import { World } from './world.ts'

/** Everything that the application of one peer is told of its neighbours, in order. */
function eventsOf(world: World): Map<Peer, string[]> {
  const told = new Map<Peer, string[]>()
  for (const peer of world.peers) {
    const handle = peer.machine.handle.bind(peer.machine)
    const list: string[] = []
    told.set(peer, list)
    peer.machine.handle = (input, now) => {
      const effects = handle(input, now)
      for (const effect of effects)
        if (effect.kind === 'peer-connect' || effect.kind === 'peer-disconnect')
          list.push(`${effect.kind} ${effect.peer}`)
      return effects
    }
  }
  return told
}

function relayedEnds(world: World): number {
  return world
    .live()
    .flatMap(peer => [...peer.endpoints.values()])
    .filter(({ relayed }) => relayed).length
}

/** Three peers, of which two are behind symmetric NATs and cannot link to each other. */
function threeWithBarrier(): { world: World; a: Peer; b: Peer; relay: Peer } {
  for (let seed = 1; seed < 50; seed++) {
    const world = new World({ ...DEFAULTS, peers: 3, nat: 0.5, seed }, protocolMachine)
    for (let i = 0; i < 3; i++) {
      world.join()
      world.advance(1000)
    }
    const [a, b] = world.peers.filter(peer => peer.traits.symmetricNat)
    const [relay, other] = world.peers.filter(peer => !peer.traits.symmetricNat)
    if (a === undefined || b === undefined || relay === undefined || other !== undefined) continue
    return { world, a, b, relay }
  }
  throw new Error('no seed has such a swarm')
}

describe('two peers that ICE cannot connect', () => {
  test('get a relayed link through their common neighbour within nine seconds of meeting', () => {
    const { world } = threeWithBarrier()
    world.advance(9000)
    expect(ringFaults(world.live())).toEqual([])
    expect(relayedEnds(world)).toBe(2)
  })

  test('exchange broadcasts and direct messages over it while the signaling server is dead', () => {
    const { world, a, b } = threeWithBarrier()
    world.advance(9000)
    world.server.stop()
    const sent = [world.broadcast(a), world.send(a, b, 5000, 300_000), world.send(b, a, 5000)]
    world.advance(5000)
    expect(sent.map(({ deliveries }) => deliveries)).toEqual([2, 1, 1])
  })

  test('get a direct link in place of the relayed one once a path opens; to the application they are neighbours throughout', () => {
    const { world } = threeWithBarrier()
    world.advance(9000)
    const told = eventsOf(world)
    world.network.barriersDown = true
    world.advance(60_000)
    expect(relayedEnds(world)).toBe(0)
    expect(ringFaults(world.live())).toEqual([])
    expect([...told.values()].flat()).toEqual([])
  })

  test('keep the relayed link while attempts at a direct one fail', () => {
    const { world } = threeWithBarrier()
    world.advance(9000)
    const told = eventsOf(world)
    world.advance(300_000)
    expect(relayedEnds(world)).toBe(2)
    expect([...told.values()].flat()).toEqual([])
  })

  test('move to another relay when theirs dies', () => {
    const { world, a, b, relay } = threeWithBarrier()
    world.advance(9000)
    // One that both can reach.
    let other = world.join()
    while (other.traits.symmetricNat) {
      world.leave(other)
      other = world.join()
    }
    world.advance(10_000)
    world.kill(relay)
    world.advance(20_000)
    expect(ringFaults(world.live())).toEqual([])
    const sent = world.send(a, b, 5000)
    world.advance(5000)
    expect(sent.deliveries).toBe(1)
  })
})
