import { describe, expect, test } from 'vitest'
import { DEFAULTS } from './options.ts'
import type { Peer } from './peer.ts'
import { protocolMachine } from './protocol-machine.ts'
import { ringFaults } from './ring.ts'
import type { Relaying } from './traits.ts'
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

/** One more that both can reach. */
function anotherRelay(world: World): Peer {
  for (;;) {
    const other = world.join()
    if (!other.traits.symmetricNat) return other
    world.leave(other)
  }
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
    anotherRelay(world)
    world.advance(10_000)
    world.kill(relay)
    world.advance(20_000)
    expect(ringFaults(world.live())).toEqual([])
    const sent = world.send(a, b, 5000)
    world.advance(5000)
    expect(sent.deliveries).toBe(1)
  })
})

/** Two peers that follow each other on the ring and cannot link, and two others: one of these relays for them. */
function twoRelays(): { world: World; a: Peer; b: Peer; relay: Peer; other: Peer } {
  for (let seed = 1; seed < 50; seed++) {
    const world = new World({ ...DEFAULTS, peers: 4, nat: 0.5, seed }, protocolMachine)
    for (let i = 0; i < 4; i++) {
      world.join()
      world.advance(1000)
    }
    const [a, b, c] = world.peers.filter(peer => peer.traits.symmetricNat)
    if (a === undefined || b === undefined || c !== undefined) continue
    world.advance(10_000)
    if (relayedEnds(world) < 2) continue
    const relay = world.peers.find(peer => bytesRelayed(peer) > 0) as Peer
    const other = world.peers.find(peer => ![a, b, relay].includes(peer)) as Peer
    return { world, a, b, relay, other }
  }
  throw new Error('no seed has such a swarm')
}

const bytesRelayed = (peer: Peer): number => peer.machine.counters?.circuits.relayedBytes ?? 0

/** From now on it does this with what it relays. */
function corrupt(peer: Peer, relaying: Relaying): void {
  Object.assign(peer, { traits: { ...peer.traits, relaying } })
}

describe('a relay that lies', () => {
  test.each(['drops', 'alters'] as const)('and %s loses what it carries to another relay', how => {
    const { world, a, b, relay, other } = twoRelays()
    expect(bytesRelayed(other)).toBe(0)
    corrupt(relay, how)
    world.advance(30_000)
    expect(relayedEnds(world)).toBe(2)
    expect(bytesRelayed(other)).toBeGreaterThan(0)
    const sent = [world.send(a, b, 5000), world.send(b, a, 5000)]
    world.advance(5000)
    expect(sent.map(({ outcome }) => outcome)).toEqual(['ok', 'ok'])
    // There it stays.
    const told = eventsOf(world)
    world.advance(120_000)
    expect([...told.values()].flat()).toEqual([])
  })

  test('and delays costs time and no message', () => {
    const { world, a, b, relay } = threeWithBarrier()
    world.advance(9000)
    corrupt(relay, 'delays')
    const sent = [world.broadcast(a), world.send(a, b, 30_000), world.send(b, a, 30_000)]
    world.advance(30_000)
    expect(sent.map(({ deliveries }) => deliveries)).toEqual([2, 1, 1])
  })
})
