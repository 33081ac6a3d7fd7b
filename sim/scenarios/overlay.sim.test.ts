/**
 * The overlay in small worlds that once went wrong, each with the seed that showed it: after joins, deaths,
 * departures and partitions there is one island with a whole ring in time, nobody is lonely, a small swarm is a full mesh, and then
 * links are left alone.
 */
import { expect, it } from 'vitest'
import { degrees, islands } from '../graph.ts'
import { DEFAULTS } from '../options.ts'
import { protocolMachine } from '../protocol-machine.ts'
import { ringFaults } from '../ring.ts'
import { World } from '../world.ts'

/** Virtual ms within which the ring is whole after whatever happens. */
const IN_TIME = 10_000

interface Case {
  readonly peers: number
  readonly maxPeers: number
  readonly seed: number
  /** Joins at one instant, not 20 ms apart. */
  readonly atOnce?: true
  /** Share of the peers that goes. */
  readonly kill?: number
  readonly leave?: number
  /** A random half is cut off for a minute. */
  readonly partition?: true
}

const CASES: readonly Case[] = [
  // A crossed dial whose answer was lost held both ends for the whole connect timeout.
  { peers: 20, maxPeers: 5, seed: 4 },
  { peers: 20, maxPeers: 4, seed: 4, atOnce: true },
  // Ring neighbours refused each other for good, each waiting for a dead peer between them.
  { peers: 50, maxPeers: 4, seed: 4, leave: 0.5 },
  { peers: 50, maxPeers: 5, seed: 3, leave: 0.5 },
  // Asks to the dead, one after the other, three seconds each: whole after half a minute.
  { peers: 20, maxPeers: 4, seed: 3, kill: 0.5 },
  { peers: 50, maxPeers: 4, seed: 2, kill: 0.5 },
  // A dead peer that nobody was linked to made a swarm of six look large, so it was no full mesh.
  { peers: 12, maxPeers: 5, seed: 1, kill: 0.5 },
  { peers: 12, maxPeers: 5, seed: 5, leave: 0.5 },
  // Old hearsay of a dead ring neighbour cost a living link, a minute later.
  { peers: 20, maxPeers: 5, seed: 2, kill: 0.5 },
  // The halves were full meshes of five: nobody had room to ask, and they stayed two islands.
  { peers: 10, maxPeers: 4, seed: 11, atOnce: true, partition: true },
  // With two links and one to change with, claims of neighbours that knew no better kept everybody's table full.
  { peers: 8, maxPeers: 3, seed: 2 },
  { peers: 12, maxPeers: 3, seed: 11, atOnce: true },
  { peers: 10, maxPeers: 3, seed: 12, atOnce: true, partition: true },
  { peers: 12, maxPeers: 3, seed: 13, atOnce: true, kill: 0.5 },
]

it.each(CASES)('%o', found => {
  const { peers, maxPeers, seed, atOnce, kill, leave, partition } = found
  const world = new World({ ...DEFAULTS, peers, maxPeers, seed }, protocolMachine)
  const whole = () => islands(world.live()) === 1 && ringFaults(world.live()).length === 0
  for (let i = 0; i < peers; i++) {
    world.join()
    if (!atOnce) world.advance(20)
  }
  expect(world.runUntil(whole, IN_TIME), 'whole after joining').toBe(true)
  world.advance(20_000)
  const go = Math.floor(peers * (kill ?? leave ?? 0))
  for (const peer of world.choice.sample(world.live(), go)) {
    if (kill === undefined) world.leave(peer)
    else world.kill(peer)
  }
  if (partition) {
    world.partition(world.choice.sample(world.live(), Math.floor(peers / 2)))
    world.advance(60_000)
    world.heal()
  }
  expect(world.runUntil(whole, IN_TIME), 'whole afterwards').toBe(true)
  world.advance(40_000)
  const before = world.traffic.copy()
  world.advance(60_000)
  const live = world.live()
  expect({ islands: islands(live), faults: ringFaults(live) }).toEqual({ islands: 1, faults: [] })
  expect(degrees(live).min).toBeGreaterThanOrEqual(Math.min(2, live.length - 1))
  if (live.length <= maxPeers + 1) expect(degrees(live).min, 'a full mesh').toBe(live.length - 1)
  expect(world.traffic.since(before).linkChanges / live.length, 'link changes').toBeLessThanOrEqual(0.1)
})
