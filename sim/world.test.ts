import { describe, expect, it } from 'vitest'
import { islands } from './graph.ts'
import { InvariantViolation } from './invariant.ts'
import { GONE } from './machine.ts'
import { DEFAULTS, type SimOptions } from './options.ts'
import type { Peer } from './peer.ts'
import { type ToyFault, ToyMachine } from './testing/toy-machine.ts'
import { World } from './world.ts'

/** Twenty toys join, three broadcast, one leaves. */
function toyRun(options: Partial<SimOptions> = {}, fault: ToyFault = 'none'): World {
  const world = new World(
    { ...DEFAULTS, maxPeers: 20, payload: 50, ...options },
    setup => new ToyMachine(setup, fault),
  )
  for (let i = 0; i < 20; i++) {
    world.join()
    world.advance(500)
  }
  for (const sender of world.peers.slice(0, 3)) {
    world.broadcast(sender)
    world.broadcast(sender)
    world.advance(500)
  }
  world.leave(world.peers[5]!)
  world.advance(3000)
  return world
}

describe('the world', () => {
  it('carries a broadcast of any toy to every other', () => {
    const world = toyRun()
    expect(islands(world.live())).toBe(1)
    for (const message of world.ledger.messages) expect(message.deliveries).toBe(19)
  })

  it('has one trace hash per seed', () => {
    const faults = { loss: 0.1, jitter: 30, reorder: 0.1, duplicate: 0.1 }
    const hash = (seed: number) => toyRun({ seed, ...faults }).trace.hash.digest()
    expect(hash(7)).toBe(hash(7))
    expect(hash(7)).not.toBe(hash(8))
  })

  it('has the trace hash it always had: on this machine as on any other', () => {
    expect(toyRun({ seed: 7, loss: 0.1, jitter: 30 }).trace.hash.digest()).toBe('21ee1b79576632bf')
  })

  it('changes its hash with a single byte of a single packet', () => {
    const hash = (payload: number) => toyRun({ seed: 7, payload }).trace.hash.digest()
    expect(hash(50)).not.toBe(hash(51))
  })

  it.each([
    ['too-many-links', 'links', { maxPeers: 3 }],
    ['delivers-twice', 'exactly-once', {}],
    ['newest-first', 'fifo', {}],
    ['lies', 'true', {}],
    ['settles-twice', 'settled-once', {}],
    ['talks-after-leave', 'silent-after-leave', {}],
    ['timer-after-leave', 'silent-after-leave', {}],
    ['sends-on-closed-link', 'link-use', {}],
    ['busy-loop', 'progress', {}],
    ['hoards', 'bounds', {}],
  ] as const)('stops at a machine that %s: %s', (fault, invariant, options) => {
    const error = violation(() => toyRun(options, fault))
    expect(error.invariant).toBe(invariant)
  })

  it('keeps nothing of the machine of a dead peer, and carries on without it', () => {
    const world = toyRun()
    const [dead, sender] = world.peers as [Peer, Peer]
    world.kill(dead)
    expect(dead.machine).toBe(GONE)
    const message = world.broadcast(sender)
    world.advance(3000)
    expect(message.has(dead)).toBe(false)
    expect(message.deliveries).toBe(17)
  })

  it('tells the story of a violation: the last inputs of the guilty peer', () => {
    const world = toyRun()
    const story = world.trace.recent(5, 5)
    expect(story).toHaveLength(5)
    expect(story.every(line => line.includes('peer 5'))).toBe(true)
  })
})

function violation(run: () => void): InvariantViolation {
  try {
    run()
  } catch (error) {
    if (error instanceof InvariantViolation) return error
    throw error
  }
  throw new Error('no invariant was violated')
}
