import { describe, expect, it } from 'vitest'
import type { Node } from '../src/protocol/node.ts'
import { DEFAULTS } from './options.ts'
import { protocolMachine } from './protocol-machine.ts'
import { type Keeper, SharedFrames } from './shared-frames.ts'
import { World } from './world.ts'

function keeper(name: number, size: number, first = 0): Keeper {
  const frame = new Uint8Array(size).fill(name, 1)
  frame[0] = first
  return { frame, body: frame.subarray(1, 4) }
}

describe('shared frames', () => {
  it('gives equal frames one memory, and others their own', () => {
    const shared = new SharedFrames()
    const [one, same, other] = [keeper(7, 100), keeper(7, 100), keeper(7, 100, 1)]
    for (const each of [one, same, other]) shared.share(each)
    expect(same.frame).toBe(one.frame)
    expect(same.body).toBe(one.body)
    expect(other.frame).not.toBe(one.frame)
    expect(shared.bytes).toBe(200)
  })

  it('remembers no more bytes than it may, the oldest go first', () => {
    const shared = new SharedFrames(350)
    const old = keeper(1, 100)
    shared.share(old)
    for (let name = 2; name < 10; name++) {
      shared.share(keeper(name, 100))
      expect(shared.bytes).toBeLessThanOrEqual(350)
    }
    const late = keeper(1, 100)
    shared.share(late)
    expect(late.frame).not.toBe(old.frame)
    expect(late.frame).toEqual(old.frame)
  })

  it('makes the histories of a swarm hold each broadcast once for every number of hops, not once a peer', () => {
    const world = new World({ ...DEFAULTS, peers: 30, maxPeers: 8 }, protocolMachine)
    for (let i = 0; i < 30; i++) {
      world.join()
      world.advance(20)
    }
    world.advance(3000)
    for (let i = 0; i < 3; i++) world.broadcast(world.peers[i]!)
    world.advance(3000)
    const frames = world.peers.flatMap(({ machine }) => {
      const { history } = (machine as unknown as Node)['machines'].gossip['state']
      const last = history.latest!
      return [last, last.older!, last.older!.older!]
        .filter(({ stream }) => stream === last.stream)
        .map(({ frame }) => frame)
    })
    expect(frames.length).toBe(30)
    const texts = new Set(frames.map(frame => Buffer.from(frame).toString('hex')))
    expect(new Set(frames).size).toBe(texts.size)
    expect(texts.size).toBeLessThan(30)
  })
})
