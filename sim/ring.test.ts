import { describe, expect, it } from 'vitest'
import { clockwise } from '../src/protocol/id.ts'
import { neighbourOver } from './graph.ts'
import { Lab } from './lab.ts'
import { DEFAULTS, type SimOptions } from './options.ts'
import type { Peer } from './peer.ts'
import { checkRing, inRingOrder, ringFaults } from './ring.ts'
import { ToyMachine } from './testing/toy-machine.ts'
import { World } from './world.ts'

/** Takes the link between the last peer of the ring and the first. */
function breakRing(world: World): readonly [Peer, Peer] {
  const ring = inRingOrder(world.live())
  const [peer, next] = [ring.at(-1)!, ring[0]!]
  const link = [...peer.endpoints.values()].find(endpoint => neighbourOver(endpoint) === next)
  world.network.close(link!)
  return [peer, next]
}

/** So many toys, each with a link to each other. */
function toys(count: number, options: Partial<SimOptions> = {}): World {
  const world = new World({ ...DEFAULTS, maxPeers: 20, ...options }, setup => new ToyMachine(setup, 'none'))
  for (let i = 0; i < count; i++) {
    world.join()
    world.advance(500)
  }
  world.advance(3000)
  return world
}

describe('the ring seen from above', () => {
  it.each([0, 1, 2, 3, 10])('has no fault in a full mesh of %i', count => {
    expect(ringFaults(toys(count).live())).toEqual([])
  })

  it('goes once around, each peer to the nearest clockwise', () => {
    const ring = inRingOrder(toys(10).live())
    for (let i = 0; i < ring.length; i++) {
      const [peer, next] = [ring[i]!, ring[(i + 1) % ring.length]!]
      for (const other of ring) {
        if (other === peer || other === next) continue
        expect(clockwise(peer.id, next.id)).toBeLessThan(clockwise(peer.id, other.id))
      }
    }
  })

  it.each([2, 3, 10])('breaks where two that follow each other lose their link, of %i', count => {
    const world = toys(count)
    const [peer, next] = breakRing(world)
    expect(ringFaults(world.live())).toHaveLength(1)
    expect(new Set(Object.values(ringFaults(world.live())[0]!))).toEqual(new Set([peer, next]))
  })

  it('is that of the living', () => {
    const world = toys(10)
    world.kill(inRingOrder(world.live())[3]!)
    expect(inRingOrder(world.live())).toHaveLength(9)
    expect(ringFaults(world.live())).toEqual([])
  })
})

describe('a scenario that has come to rest', () => {
  const settle = (world: World) => () => new Lab(world).settle()

  it('has a whole ring, or is over', () => {
    const world = toys(10)
    settle(world)()
    breakRing(world)
    expect(settle(world)).toThrow(/^ring: followed by peer \d+, without a link/)
  })

  it('may have a broken one where not all can link, across a cut, and on two islands', () => {
    const lossy = toys(10, { unreachable: 0.01 })
    breakRing(lossy)
    expect(settle(lossy)).not.toThrow()
    const cut = toys(10)
    breakRing(cut)
    cut.partition(cut.live().slice(5))
    expect(() => checkRing(cut.live(), cut.now)).not.toThrow()
    const two = toys(2)
    breakRing(two)
    expect(() => checkRing(two.live(), two.now)).not.toThrow()
  })
})
