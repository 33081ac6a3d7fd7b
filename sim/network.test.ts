import { describe, expect, it } from 'vitest'
import type { Effect } from '../src/protocol/effect.ts'
import { type PeerId, ringPosition } from '../src/protocol/id.ts'
import type { Input } from '../src/protocol/input.ts'
import { Unpacker } from '../src/protocol/wire/packet.ts'
import type { Machine } from './machine.ts'
import { DEFAULTS, type SimOptions } from './options.ts'
import type { Peer } from './peer.ts'
import { World } from './world.ts'

/** A machine that does what the test tells it, and remembers what happened. */
class Puppet implements Machine {
  readonly opening = 0
  readonly heard: { input: Input; now: number }[] = []
  readonly frames: Uint8Array[] = []
  readonly arrivals: number[] = []
  private next: Effect[] = []
  private readonly unpacker = new Unpacker()
  /** Where signals of this puppet's links go. */
  mate: Puppet | undefined = undefined

  links() {
    return []
  }

  /** The effects of the next turn. */
  tell(...effects: Effect[]): void {
    this.next.push(...effects)
  }

  handle(input: Input, now: number): readonly Effect[] {
    this.heard.push({ input, now })
    if (input.kind === 'link-signal')
      this.mate?.tell({ kind: 'link-signal', link: input.link, data: input.data })
    if (input.kind === 'packet') {
      this.unpacker.read(input.bytes, (packet, start, end) => {
        this.frames.push(packet.slice(start, end))
        this.arrivals.push(now)
      })
    }
    return this.next.splice(0)
  }

  count(kind: Input['kind']): number {
    return this.heard.filter(({ input }) => input.kind === kind).length
  }
}

/** Two puppets with an open link 1 between them. */
function pair(options: Partial<SimOptions> = {}) {
  const puppets: Puppet[] = []
  const world = new World({ ...DEFAULTS, peers: 2, ...options }, () => {
    const puppet = new Puppet()
    puppets.push(puppet)
    return puppet
  })
  const [a, b] = [world.join(), world.join()]
  const [left, right] = puppets as [Puppet, Puppet]
  left.mate = right
  right.mate = left
  const act = (peer: Peer, puppet: Puppet, ...effects: Effect[]) => {
    puppet.tell(...effects)
    // Any input will do to give the puppet its turn.
    world.send(peer, peer === a ? b : a, 1000, 4)
  }
  act(a, left, { kind: 'open-link', link: 1, peer: b.id, initiator: true })
  act(b, right, { kind: 'open-link', link: 1, peer: a.id, initiator: false })
  // Each signal told to one puppet is an effect of the other's next turn.
  for (let i = 0; i < 40; i++) {
    world.advance(1)
    act(a, left)
    act(b, right)
  }
  world.advance(2000)
  const sendFrame = (n: number, size = 8) => {
    const frame = new Uint8Array(size)
    frame[0] = 0x7f
    new DataView(frame.buffer).setUint32(1, n)
    act(a, left, { kind: 'send', link: 1, frame })
  }
  const numbers = () => right.frames.map(frame => new DataView(frame.buffer).getUint32(1))
  return { world, a, b, left, right, act, sendFrame, numbers }
}

describe('a link', () => {
  it('opens once on both ends, with the same 64 bytes of binding', () => {
    const { left, right } = pair()
    const bindings = [left, right].map(puppet =>
      puppet.heard.flatMap(({ input }) => (input.kind === 'link-open' ? [input.binding] : [])),
    )
    expect(bindings[0]).toHaveLength(1)
    expect(bindings[0]?.[0]).toHaveLength(64)
    expect(bindings[0]).toEqual(bindings[1])
  })

  it('carries frames of any size whole and in order, with the latency of its pair', () => {
    const { world, a, b, right, sendFrame, numbers } = pair()
    const latency = world.network.latency(a, b)
    expect(latency).toBeGreaterThanOrEqual(10)
    expect(latency).toBeLessThanOrEqual(50)
    expect(world.network.latency(b, a)).toBe(latency)
    const start = world.now
    for (let n = 0; n < 100; n++) sendFrame(n, n % 10 === 0 ? 50_000 : 10)
    world.advance(1000)
    expect(numbers()).toEqual(Array.from({ length: 100 }, (_, n) => n))
    expect(right.arrivals.every(at => Math.abs(at - start - latency) < 1e-6)).toBe(true)
  })

  it.each([
    ['its offering end', 0],
    ['its other end', 1],
  ])('is silent once an end is on another network, until a restart from %s', (_, side) => {
    const { world, a, b, left, right, act, sendFrame, numbers } = pair()
    world.move(b, 60_000)
    sendFrame(1)
    world.advance(1000)
    expect(numbers()).toEqual([])
    const restart = { kind: 'restart-link', link: 1 } as const
    if (side === 0) act(a, left, restart)
    else act(b, right, restart)
    for (let i = 0; i < 40; i++) {
      world.advance(1)
      act(a, left)
      act(b, right)
    }
    world.advance(1000)
    sendFrame(2)
    world.advance(1000)
    expect(numbers()).toEqual([2])
  })

  it('stays silent where it cannot restart, and says so when it opens', () => {
    const { world, a, b, left, right, act, sendFrame, numbers } = pair({ restarts: 0 })
    const told = left.heard.flatMap(({ input }) => (input.kind === 'link-open' ? [input.restarts] : []))
    expect(told).toEqual([false])
    world.move(b, 60_000)
    for (let i = 0; i < 40; i++) {
      act(a, left, { kind: 'restart-link', link: 1 })
      world.advance(50)
      act(b, right)
    }
    sendFrame(1)
    world.advance(1000)
    expect(numbers()).toEqual([])
  })

  it('keeps the order under jitter', () => {
    const { world, sendFrame, numbers } = pair({ jitter: 200 })
    for (let n = 0; n < 200; n++) {
      sendFrame(n)
      world.advance(1)
    }
    world.advance(1000)
    expect(numbers()).toEqual(Array.from({ length: 200 }, (_, n) => n))
  })

  it('breaks the order only when reordering is on', () => {
    const { world, sendFrame, numbers } = pair({ reorder: 0.2 })
    for (let n = 0; n < 200; n++) {
      sendFrame(n)
      world.advance(1)
    }
    world.advance(1000)
    expect(numbers()).not.toEqual(Array.from({ length: 200 }, (_, n) => n))
    expect(numbers().toSorted((x, y) => x - y)).toEqual(Array.from({ length: 200 }, (_, n) => n))
  })

  it.each([0.05, 0.2])('loses a share of %d of the packets', loss => {
    const { world, sendFrame, right } = pair({ loss })
    const count = 5000
    for (let n = 0; n < count; n++) sendFrame(n)
    world.advance(1000)
    const lost = 1 - right.frames.length / count
    expect(Math.abs(lost - loss)).toBeLessThan(4 * Math.sqrt((loss * (1 - loss)) / count))
  })

  it('doubles packets when told to', () => {
    const { world, sendFrame, right } = pair({ duplicate: 1 })
    for (let n = 0; n < 10; n++) sendFrame(n)
    world.advance(1000)
    expect(right.frames).toHaveLength(20)
  })

  it('queues behind its bandwidth, says when it is full and when it has drained', () => {
    const { world, left, right, sendFrame } = pair({ bandwidth: 1000 })
    const start = world.now
    for (let n = 0; n < 150; n++) sendFrame(n, 16_000)
    world.advance(10_000)
    expect(right.frames).toHaveLength(150)
    // 2.4 MB at 1,000 bytes a millisecond.
    expect((right.arrivals.at(-1) as number) - start).toBeGreaterThan(2400)
    expect(left.count('link-full')).toBe(1)
    expect(left.count('link-drained')).toBe(1)
  })

  it('tells the other end of a close behind the last packet, and of a death never', () => {
    const closing = pair()
    closing.sendFrame(1)
    closing.act(closing.a, closing.left, { kind: 'close-link', link: 1, reason: 'left' })
    closing.world.advance(60_000)
    const kinds = closing.right.heard.map(({ input }) => input.kind)
    expect(kinds.indexOf('link-closed')).toBeGreaterThan(kinds.indexOf('packet'))
    expect(closing.left.count('link-closed')).toBe(0)

    const dying = pair()
    dying.sendFrame(1)
    dying.world.kill(dying.a)
    dying.world.advance(60_000)
    expect(dying.right.frames).toHaveLength(1)
    expect(dying.right.count('link-closed')).toBe(0)
  })

  it('carries nothing across a partition, and goes on when it heals', () => {
    const { world, b, sendFrame, numbers } = pair()
    world.partition([b])
    sendFrame(1)
    world.advance(1000)
    world.heal()
    sendFrame(2)
    world.advance(1000)
    expect(numbers()).toEqual([2])
  })

  it('reports a failed set-up to both ends', () => {
    const { world, left, right } = pair({ connectFailure: 1 })
    world.advance(20_000)
    for (const puppet of [left, right]) {
      expect(puppet.count('link-open')).toBe(0)
      expect(puppet.heard.find(({ input }) => input.kind === 'link-closed')?.input).toMatchObject({
        reason: 'failed',
      })
    }
  })
})

describe('a frozen peer', () => {
  it('gets everything at once when it wakes', () => {
    const { world, b, right, sendFrame, numbers } = pair()
    const start = world.now
    world.freeze(b, 5000)
    for (let n = 0; n < 5; n++) {
      sendFrame(n)
      world.advance(100)
    }
    expect(right.frames).toHaveLength(0)
    world.runTo(start + 6000)
    expect(numbers()).toEqual([0, 1, 2, 3, 4])
    expect(right.arrivals).toEqual([1, 1, 1, 1, 1].map(() => start + 5000))
  })
})

describe('the timer of a peer', () => {
  it('fires once, at the last wake asked for', () => {
    const { world, a, left, act } = pair()
    const start = world.now
    act(a, left, { kind: 'wake', at: start + 500 })
    act(a, left, { kind: 'wake', at: start + 200 })
    act(a, left, { kind: 'wake', at: start + 300 })
    world.advance(1000)
    const ticks = left.heard.filter(({ input }) => input.kind === 'tick').map(({ now }) => now)
    expect(ticks).toEqual([start + 300])
    act(a, left, { kind: 'wake', at: world.now + 100 }, { kind: 'wake', at: Number.POSITIVE_INFINITY })
    world.advance(1000)
    expect(left.count('tick')).toBe(1)
  })
})

describe('the signaling server', () => {
  it('answers a join with a bounded sample of others: the ring neighbours and a spread', () => {
    const world = new World({ ...DEFAULTS, seed: 3 }, () => new Puppet())
    const ids: PeerId[] = []
    for (let i = 0; i < 200; i++) {
      const peer = world.join()
      ids.push(peer.id)
      const puppet = peer.machine as Puppet
      puppet.tell({ kind: 'signaling-join' })
      world.send(peer, peer, 1000, 4)
      world.advance(200)
      const up = puppet.heard.find(({ input }) => input.kind === 'signaling-up')?.input
      if (up?.kind !== 'signaling-up') throw new Error('no answer')
      const names = up.sample.map(sampled => sampled.id)
      expect(new Set(names).size).toBe(names.length)
      expect(names).not.toContain(peer.id)
      expect(names.length).toBeLessThanOrEqual(16)
      expect(names.length).toBeGreaterThanOrEqual(Math.min(i, 8))
      const ring = ids.toSorted((x, y) => ringPosition(x) - ringPosition(y))
      const at = ring.indexOf(peer.id)
      for (const step of [1, -1]) {
        const next = ring[(at + step + ring.length) % ring.length] as PeerId
        if (next !== peer.id) expect(names).toContain(next)
      }
    }
  })
})
