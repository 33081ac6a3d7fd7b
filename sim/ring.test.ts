import { describe, expect, it } from 'vitest'
import { clockwise } from '../src/protocol/id.ts'
import { neighbourOver } from './graph.ts'
import { DEFAULTS } from './options.ts'
import { inRingOrder, ringFaults } from './ring.ts'
import { ToyMachine } from './testing/toy-machine.ts'
import { World } from './world.ts'

/** So many toys, each with a link to each other. */
function toys(count: number): World {
  const world = new World({ ...DEFAULTS, maxPeers: 20 }, setup => new ToyMachine(setup, 'none'))
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
    const ring = inRingOrder(world.live())
    const [peer, next] = [ring.at(-1)!, ring[0]!]
    const link = [...peer.endpoints.values()].find(endpoint => neighbourOver(endpoint) === next)
    world.network.close(link!)
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
