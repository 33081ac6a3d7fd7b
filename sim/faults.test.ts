import { describe, expect, it } from 'vitest'
import { Frame } from '../src/protocol/wire/frame.ts'
import { Guests, scheduleOutages } from './faults.ts'
import { islands } from './graph.ts'
import { Lab } from './lab.ts'
import { DEFAULTS, MAX_DRIFT, type SimOptions } from './options.ts'
import { Stream } from './random.ts'
import { ToyMachine } from './testing/toy-machine.ts'
import { drawTraits, swallows } from './traits.ts'
import { World } from './world.ts'

/** Toys that have joined one after the other. */
function toys(count: number, options: Partial<SimOptions> = {}): World {
  const world = new World(
    { ...DEFAULTS, maxPeers: 20, payload: 50, ...options },
    setup => new ToyMachine(setup),
  )
  for (let i = 0; i < count; i++) {
    world.join()
    world.advance(500)
  }
  world.advance(1500)
  return world
}

describe('exponential draws', () => {
  it('have mean 1 and variance 1, within four standard errors', () => {
    const stream = Stream.of(1, 'exponential')
    const count = 50_000
    let sum = 0
    let squares = 0
    for (let i = 0; i < count; i++) {
      const draw = stream.exponential()
      sum += draw
      squares += draw * draw
    }
    const mean = sum / count
    expect(Math.abs(mean - 1)).toBeLessThan(4 / Math.sqrt(count))
    // The variance of the sample variance of an exponential is 8 / n.
    expect(Math.abs(squares / count - mean * mean - 1)).toBeLessThan(4 * Math.sqrt(8 / count))
  })

  it('exceed x with probability e^-x', () => {
    const stream = Stream.of(2, 'tail')
    let beyond = 0
    for (let i = 0; i < 20_000; i++) if (stream.exponential() > 2) beyond++
    const p = Math.exp(-2)
    expect(Math.abs(beyond / 20_000 - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 20_000))
  })
})

describe('traits', () => {
  it('are those of an ordinary page unless an option says otherwise', () => {
    expect(drawTraits(3, DEFAULTS)).toEqual({
      rate: 1,
      skew: 0,
      verifyCost: 0,
      symmetricNat: false,
      silent: false,
      relaying: 'honest',
      restarts: true,
    })
  })

  it('are drawn one by one: turning one on shifts no other', () => {
    for (let index = 0; index < 50; index++) {
      const some = drawTraits(index, { ...DEFAULTS, nat: 0.5 })
      const more = drawTraits(index, { ...DEFAULTS, nat: 0.5, silent: 0.5, skew: 100, slowShare: 0.5 })
      expect(more.symmetricNat).toBe(some.symmetricNat)
    }
  })

  it('give a share of the peers a NAT, a slow CPU or silence', () => {
    const options = { ...DEFAULTS, nat: 0.3, silent: 0.3, slowShare: 0.3, verifyCost: 1 }
    const all = Array.from({ length: 400 }, (_, index) => drawTraits(index, options))
    for (const share of [
      all.filter(traits => traits.symmetricNat).length,
      all.filter(traits => traits.silent).length,
      all.filter(traits => traits.verifyCost === 20).length,
    ]) {
      expect(share).toBeGreaterThan(80)
      expect(share).toBeLessThan(160)
    }
  })
})

describe('relays', () => {
  it('lie in three ways, as many in each; silent peers drop what they would relay', () => {
    const of = (options: Partial<SimOptions>) =>
      Array.from({ length: 600 }, (_, index) => drawTraits(index, { ...DEFAULTS, ...options }))
    const lying = of({ tampering: 0.3 })
    for (const how of ['drops', 'delays', 'alters']) {
      const count = lying.filter(({ relaying }) => relaying === how).length
      expect(count).toBeGreaterThan(35)
      expect(count).toBeLessThan(90)
    }
    for (const { silent, relaying } of of({ silent: 0.3 })) expect(relaying === 'drops').toBe(silent)
  })
})

describe('clocks', () => {
  it('show at least the time that a machine asked to be woken at', () => {
    const world = toys(20, { skew: 5000 })
    const stream = Stream.of(3, 'clock')
    for (const peer of world.peers) {
      expect(Math.abs(peer.traits.rate - 1)).toBeLessThanOrEqual(MAX_DRIFT)
      for (let i = 0; i < 200; i++) {
        const at = peer.traits.skew + stream.unit() * 1e7
        expect(peer.clock(peer.due(at))).toBeGreaterThanOrEqual(at)
        expect(peer.clock(peer.due(at)) - at).toBeLessThan(1e-4)
      }
    }
    expect(world.peers[0]!.due(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('NATs', () => {
  it('let a symmetric one link to ordinary peers only', () => {
    const world = toys(20, { nat: 0.5 })
    world.advance(20_000)
    for (const peer of world.peers) {
      for (const endpoint of peer.endpoints.values()) {
        const other = endpoint.other?.peer
        if (endpoint.state !== 'open' || other === undefined) continue
        expect(peer.traits.symmetricNat && other.traits.symmetricNat).toBe(false)
      }
    }
    expect(islands(world.live())).toBe(1)
  })
})

describe('a direction of a link', () => {
  it('falls silent for a while, and only that one', () => {
    const world = toys(2)
    const [a, b] = world.peers
    world.network.mute([...a!.endpoints.values()][0]!, 1000)
    const fromA = world.broadcast(a!)
    const fromB = world.broadcast(b!)
    world.advance(500)
    expect([fromA.deliveries, fromB.deliveries]).toEqual([0, 1])
    world.advance(1000)
    const later = world.broadcast(a!)
    world.advance(500)
    expect(later.deliveries).toBe(1)
  })

  it('falls silent by itself with --one-way', () => {
    const world = toys(10, { oneWay: 1 })
    world.advance(60_000)
    const directions = world.peers.flatMap(peer => [...peer.endpoints.values()])
    const silent = directions.filter(
      ({ mutedFrom, mutedUntil }) => mutedFrom <= world.now && world.now < mutedUntil,
    )
    expect(silent.length / directions.length).toBeGreaterThan(0.4)
    expect(silent.length / directions.length).toBeLessThan(0.8)
  })
})

describe('a one-sided partition', () => {
  it.each([
    [0, [0, 0]],
    [1, [0, 1]],
    [2, [1, 0]],
  ])('%i', (oneSided, arrived) => {
    const world = toys(2, { oneSided })
    const [beyond, here] = world.peers
    world.partition([beyond!])
    const out = world.broadcast(beyond!)
    const back = world.broadcast(here!)
    world.advance(500)
    expect([out.deliveries, back.deliveries]).toEqual(arrived)
    world.heal()
    const healed = world.broadcast(beyond!)
    world.advance(500)
    expect(healed.deliveries).toBe(1)
  })
})

describe('silent peers', () => {
  it('keep to themselves what others sent, and pass on their own', () => {
    expect(swallows(Uint8Array.of(Frame.PUSH, 2))).toBe(true)
    expect(swallows(Uint8Array.of(Frame.ROUTED, 2))).toBe(true)
    expect(swallows(Uint8Array.of(Frame.PUSH, 1))).toBe(false)
    expect(swallows(Uint8Array.of(Frame.ACK, 2))).toBe(false)
  })

  it('cut a chain of toys whose middle is silent', () => {
    const seed = [...Array(200).keys()].find(candidate => {
      const silent = [0, 1, 2].map(
        index => drawTraits(index, { ...DEFAULTS, seed: candidate, silent: 0.4 }).silent,
      )
      return silent.join() === 'true,false,false'
    })!
    // One link each: the second and the third can only link to the first.
    const world = new World(
      { ...DEFAULTS, seed, silent: 0.4, maxPeers: 2, payload: 50 },
      setup => new ToyMachine(setup),
    )
    const [middle, left, right] = [world.join(), world.join(), world.join()]
    world.advance(2000)
    for (const endpoint of [...left.endpoints.values()])
      if (endpoint.other?.peer === right) world.network.mute(endpoint, Number.POSITIVE_INFINITY)
    expect(islands(world.live())).toBe(1)
    const message = world.broadcast(left)
    world.advance(500)
    expect([message.has(middle), message.has(right)]).toEqual([true, false])
  })
})

describe('guests', () => {
  it('come as a Poisson process and stay half a minute on average', () => {
    const world = new World({ ...DEFAULTS, maxPeers: 3, payload: 50 }, setup => new ToyMachine(setup))
    const guests = new Guests(world, 2)
    world.advance(200_000)
    expect(world.peers.length).toBeGreaterThan(400 - 4 * 20)
    expect(world.peers.length).toBeLessThan(400 + 4 * 20)
    expect(world.live().length).toBeGreaterThan(60 - 4 * 8)
    expect(world.live().length).toBeLessThan(60 + 4 * 8)
    expect(world.peers.some(peer => peer.life === 'dead')).toBe(true)
    expect(world.peers.some(peer => peer.life === 'left')).toBe(true)
    guests.resting = true
    world.advance(300_000)
    expect(world.live()).toHaveLength(0)
  })

  it('rest while a scenario settles', () => {
    const lab = new Lab(new World({ ...DEFAULTS, arrivals: 5, payload: 50 }, setup => new ToyMachine(setup)))
    lab.joinAtOnce(5)
    lab.settle(3000)
    expect(lab.world.peers).toHaveLength(5)
    lab.world.advance(5000)
    expect(lab.world.peers.length).toBeGreaterThan(5)
  })
})

describe('outages', () => {
  it('take the server away for a part of each minute', () => {
    const world = toys(3)
    scheduleOutages(world, 10)
    const sizes: number[] = []
    for (let second = 0; second < 120; second += 5) {
      world.runTo(second * 1000 + 2500)
      sizes.push(world.server.size)
    }
    const down = sizes.map((size, i) => (size === 0 ? i * 5 : -1)).filter(second => second >= 0)
    expect(down).toEqual([20, 25, 80, 85])
  })
})
