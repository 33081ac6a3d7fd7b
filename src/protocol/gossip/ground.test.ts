import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { Effect } from '../effect.ts'
import { idOfKey } from '../record.ts'
import { Frame } from '../wire/frame.ts'
import { Reader } from '../wire/reader.ts'
import { decodeBeacon, encodeBeacon } from './beacon.ts'
import { Gossip } from './gossip.ts'
import { BODY, network } from './ledger.test-support.ts'
import { DISCOVERY_KEY, type Network, seeded } from './network.test-support.ts'
import { MAX_SEQ, spreadOf } from './push.ts'

vi.setConfig({ testTimeout: 60_000 })

function isRoot({ gossip: { ground } }: { readonly gossip: Gossip }): boolean {
  return ground.beacon?.root === ground.self && !ground.claiming
}

/** Edges on which both ends agree, islands they make, edges on which they do not agree, and roots. */
function tree(net: Network): {
  edges: number
  islands: number
  disputed: number
  roots: number
  depth: number
} {
  const live = net.peers.filter(peer => peer.alive && peer.pipes.size > 0)
  const island = new Map(live.map(peer => [peer.index, peer.index]))
  const find = (index: number): number => {
    const up = island.get(index) ?? index
    return up === index ? index : find(up)
  }
  let ends = 0
  let edges = 0
  for (const peer of live) {
    const { parent, children } = peer.gossip.ground
    ends += children.size + (parent === undefined ? 0 : 1)
    const pipe = parent === undefined ? undefined : peer.pipes.get(parent)
    if (pipe === undefined) continue
    const other = net.peer(pipe.a === peer.index ? pipe.b : pipe.a)
    if (!other.gossip.ground.children.has(pipe.a === other.index ? pipe.linkA : pipe.linkB)) continue
    edges++
    island.set(find(peer.index), find(other.index))
  }
  return {
    edges,
    islands: live.filter(peer => find(peer.index) === peer.index).length,
    disputed: ends - 2 * edges,
    roots: live.filter(peer => isRoot(peer)).length,
    depth: Math.max(...live.map(peer => peer.gossip.ground.beacon?.hops ?? 0)),
  }
}

/** One tree over everybody, and both ends of each link of it know. */
const whole = (count: number) => ({ edges: count - 1, islands: 1, disputed: 0, roots: 1 })

describe('the ground tree', () => {
  test.each([
    [2, 1],
    [3, 2],
    [20, 4],
    [100, 8],
  ])('%i peers of degree %i have one a few seconds after they met', (count, degree) => {
    const { net } = network({ seed: 1 })
    net.randomGraph(count, degree)
    net.run(5000)
    expect(tree(net)).toMatchObject(whole(count))
    if (count === 100) expect(tree(net).depth).toBeLessThanOrEqual(5)
  })

  test('a newcomer is in it at once, and does not replace the root', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { net } = network({ seed })
      net.randomGraph(20, 4)
      net.run(20_000)
      const root = net.peers.findIndex(peer => isRoot(peer))
      const newcomer = net.add()
      net.link(newcomer.index, 7)
      net.run(200)
      expect(tree(net), `seed ${seed}`).toMatchObject(whole(21))
      net.run(20_000)
      expect(isRoot(net.peer(root)), `seed ${seed}`).toBe(true)
    }
  })

  test('who loses its parent has another at once, without a loop', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { net } = network({ seed })
      net.randomGraph(60, 8)
      net.run(20_000)
      if (isRoot(net.peer(9))) continue
      net.crash(9, 0)
      net.run(200)
      // Those that only had this one nearer to the root wait for the next beacon.
      expect(tree(net).islands, `seed ${seed}`).toBeLessThanOrEqual(2)
      expect(tree(net).disputed, `seed ${seed}`).toBe(0)
      net.run(11_000)
      expect(tree(net), `seed ${seed}`).toMatchObject(whole(59))
    }
  })

  test('half of the peers gone, the root among them: one again within a beacon’s life', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { net } = network({ seed })
      net.randomGraph(60, 8)
      net.run(20_000)
      const root = net.peers.findIndex(peer => isRoot(peer))
      for (let i = 0; i < 20; i++) net.crash((root + i) % 60, 3000)
      net.run(31_000)
      const live = net.peers.filter(peer => peer.alive && peer.pipes.size > 0)
      expect(tree(net), `seed ${seed}`).toMatchObject(whole(live.length))
    }
  })

  test('two that meet become one, under the lower root', () => {
    const { net } = network({ seed: 4 })
    for (let i = 0; i < 20; i++) net.add()
    for (const side of [0, 10]) for (let i = 0; i < 10; i++) net.link(side + i, side + ((i + 1) % 10))
    net.run(10_000)
    expect(tree(net)).toMatchObject({ islands: 2, roots: 2, disputed: 0 })
    net.link(3, 14)
    net.run(2000)
    expect(tree(net)).toMatchObject(whole(20))
  })

  test('comes whole through the loss of a fifth of all packets', () => {
    const { net } = network({ seed: 6, loss: 0.2 })
    net.randomGraph(60, 8)
    net.run(60_000)
    net.loss = 0
    net.run(11_000)
    expect(tree(net)).toMatchObject(whole(60))
  })

  test('a first message floods no more than three links from its origin, however far the root is', () => {
    const { net } = network({ seed: 9 })
    for (let i = 0; i < 20; i++) net.link(net.add().index, Math.max(0, i - 1))
    net.run(20_000)
    const end = [0, 19].find(index => (net.peer(index).gossip.ground.beacon?.hops ?? 0) > 9)!
    const spreads: number[] = []
    net.onFrame = (_, __, frame) => {
      if (frame[0] === Frame.PUSH) spreads.push(spreadOf(frame[2]!))
    }
    net.broadcast(end, BODY)
    net.run(3000)
    expect(net.peers.filter(peer => peer.delivered.length === 1)).toHaveLength(19)
    expect(Math.max(...spreads)).toBe(3)
  })

  test('a root that slept is forgotten; when it wakes there is one again', () => {
    const { net } = network({ seed: 8 })
    net.randomGraph(20, 4)
    net.run(20_000)
    const root = net.peers.find(peer => isRoot(peer))!
    for (const pipe of root.pipes.values()) pipe.silent = true
    const { wakeAt } = root
    root.wakeAt = -1
    net.run(40_000)
    expect(net.peers.filter(peer => peer !== root && isRoot(peer))).toHaveLength(1)
    for (const pipe of root.pipes.values()) pipe.silent = false
    expect(wakeAt).toBeLessThan(net.now)
    net.turn(root, out => root.gossip.tick(net.now, out))
    expect(isRoot(root)).toBe(false)
    net.run(16_000)
    expect(tree(net)).toMatchObject(whole(20))
  })

  test('a root that reloads is heard again, though it counts from one', () => {
    const bench = new Bench()
    bench.pass(5000)
    expect(isRoot(bench)).toBe(true)
    const seq = bench.last(1).beacon.seq
    bench.beacon(2, { root: bench.self, seq: seq + 1000, hops: 3 })
    expect(bench.last(1).beacon).toMatchObject({ root: bench.self, seq: seq + 1001, hops: 0 })
  })
})

describe('the first message', () => {
  test.each([
    [20, 4, 0.3],
    [100, 8, 0.3],
    [300, 8, 0.15],
  ])('of a swarm of %i with degree %i follows it: at most %f duplicates', (count, degree, most) => {
    const { net, ledger } = network({ seed: 21 })
    net.randomGraph(count, degree)
    net.run(10_000)
    ledger.send(5)
    net.run(5000)
    expect(ledger.differences()).toEqual([])
    expect(net.total('duplicates') / (count - 1)).toBeLessThanOrEqual(most)
  })

  test('and those after it are on time while its tree becomes a better one', () => {
    let late = 0
    for (let seed = 1; seed <= 3; seed++) {
      const { net, ledger } = network({ seed })
      net.randomGraph(100, 8)
      net.run(10_000)
      const sentAt: number[] = []
      for (let i = 0; i < 10; i++) {
        sentAt.push(net.now)
        ledger.send(5)
        net.run(100)
      }
      net.run(5000)
      expect(ledger.differences(), `seed ${seed}`).toEqual([])
      for (const peer of net.peers) {
        peer.delivered.forEach((each, i) => {
          if (each.at - (sentAt[i] as number) > 300) late++
        })
      }
    }
    // A parent that is left pushes no more, the new one not yet: who asks it for what falls between waits a round trip.
    expect(late).toBeLessThanOrEqual(3)
  })

  test('goes straight to everybody in a full mesh, once', () => {
    const { net, ledger } = network({ seed: 22 })
    net.fullMesh(8)
    net.run(10_000)
    ledger.send(5)
    net.run(5000)
    expect(ledger.differences()).toEqual([])
    expect(net.total('duplicates')).toBe(0)
    expect(net.peers.flatMap(peer => peer.delivered.map(each => each.hops))).toEqual([1, 1, 1, 1, 1, 1, 1])
  })
})

/** One machine with three links, spoken to by hand. */
class Bench {
  now = 1000
  readonly self: number
  readonly out: Effect[] = []
  readonly gossip: Gossip

  constructor() {
    const key = new Uint8Array(32).fill(3)
    const id = idOfKey(key)
    this.gossip = new Gossip({ id, key, discoveryKey: DISCOVERY_KEY, epoch: 1, random: seeded(1) })
    this.gossip.start(0)
    for (const link of [1, 2, 3]) this.gossip.linkUp(link, idOfKey(Uint8Array.of(link)), this.now, this.out)
    this.pass(4600)
    this.self = this.last(1).beacon.root
  }

  beacon(
    link: number,
    { root, seq, hops, age = 0 }: { root: number; seq: number; hops: number; age?: number },
    child = false,
  ): ReturnType<Gossip['frame']> {
    const frame = encodeBeacon({ root, seq, hops, bornAt: this.now - age }, child, this.now)
    return this.gossip.frame(link, Frame.BEACON, new Reader(frame, 1), this.now, this.out)
  }

  /** The last beacon sent to a link. */
  last(link: number): NonNullable<ReturnType<typeof decodeBeacon>> {
    const frames = this.out.flatMap(effect =>
      effect.kind === 'send' && effect.link === link && effect.frame[0] === Frame.BEACON
        ? [effect.frame]
        : [],
    )
    return decodeBeacon(new Reader(frames.at(-1)!, 1), this.now)!
  }

  beacons(): number {
    return this.out.filter(effect => effect.kind === 'send' && effect.frame[0] === Frame.BEACON).length
  }

  pass(milliseconds: number): void {
    const end = this.now + milliseconds
    while (this.gossip.deadline <= end) {
      this.now = Math.max(this.now, this.gossip.deadline)
      this.gossip.tick(this.now, this.out)
    }
    this.now = end
  }
}

describe('a BEACON', () => {
  test('is written as it is read, in twelve bytes for a day’s worth of them', () => {
    fc.assert(
      fc.property(
        fc.record({
          root: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
          seq: fc.integer({ min: 0, max: MAX_SEQ }),
          hops: fc.nat(255),
          bornAt: fc.nat(126).map(quarters => 50_000 - quarters * 250),
        }),
        fc.boolean(),
        (beacon, child) => {
          const frame = encodeBeacon(beacon, child, 50_000)
          expect(decodeBeacon(new Reader(frame, 1), 50_000)).toEqual({ beacon, child })
          if (beacon.seq < 16_384) expect(frame.length).toBeLessThanOrEqual(11)
        },
      ),
    )
  })

  test('of a lower root is followed, of a higher, an older or a stale one is not', () => {
    const bench = new Bench()
    bench.beacon(1, { root: bench.self + 1, seq: 9, hops: 0 })
    bench.pass(100)
    expect(isRoot(bench)).toBe(true)
    bench.beacon(1, { root: 5, seq: 9, hops: 2, age: 26_000 })
    bench.pass(100)
    expect(isRoot(bench)).toBe(true)
    bench.beacon(1, { root: 5, seq: 9, hops: 64 })
    bench.pass(100)
    expect(isRoot(bench)).toBe(true)
    bench.beacon(1, { root: 5, seq: 9, hops: 2 })
    bench.pass(100)
    expect(bench.gossip.ground).toMatchObject({ beacon: { root: 5, hops: 3 }, parent: 1 })
    expect(bench.last(1)).toMatchObject({ child: true, beacon: { root: 5, seq: 9, hops: 3 } })
    expect(bench.last(2).child).toBe(false)
    bench.beacon(2, { root: 5, seq: 8, hops: 0 })
    bench.pass(100)
    expect(bench.gossip.ground.parent).toBe(1)
  })

  test('of a neighbour that calls this peer its parent makes it no parent of this peer', () => {
    const bench = new Bench()
    bench.beacon(1, { root: 5, seq: 9, hops: 2 })
    bench.pass(100)
    bench.beacon(1, { root: 5, seq: 9, hops: 2 }, true)
    expect(bench.gossip.ground).toMatchObject({ parent: undefined, children: new Set([1]) })
  })

  test('that never ends with new roots and numbers is passed on at a trickle and scored', () => {
    const bench = new Bench()
    bench.out.length = 0
    const drops = new Set<unknown>()
    for (let i = 0; i < 60_000; i++) {
      drops.add(
        bench.beacon(1 + (i % 3), { root: i % 2 === 0 ? bench.self : 1_000_000 - i, seq: i, hops: 0 }),
      )
      bench.pass(10)
    }
    expect(drops).toEqual(new Set([undefined, 'rate']))
    // Ten minutes: 16 and one in five seconds, to three links; its own changes of parent beside them.
    expect(bench.beacons()).toBeLessThan(3 * (16 + 120) * 1.2)
  })

  test('with the last number there is does not silence a root for longer than a beacon lives', () => {
    const bench = new Bench()
    bench.beacon(1, { root: 5, seq: MAX_SEQ, hops: 0 })
    bench.beacon(2, { root: bench.self, seq: MAX_SEQ, hops: 0 })
    bench.pass(35_000)
    expect(isRoot(bench)).toBe(true)
    expect(bench.last(1).beacon.seq).toBeLessThan(100)
  })
})
