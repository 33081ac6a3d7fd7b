import { describe, expect, it } from 'vitest'
import { newSession } from '../../server/network.testing.ts'
import { Listener, signalingConformance } from './conformance.ts'
import { MemorySignaling, MemoryTransport } from './memory.ts'

signalingConformance({ describe, it, expect }, 'memory', async () => {
  const hub = new MemorySignaling()
  const transports: MemoryTransport[] = []
  return {
    transport() {
      const transport = new MemoryTransport(hub)
      transports.push(transport)
      return transport
    },
    session: newSession,
    cut: transport => hub.cut(transport as MemoryTransport),
    stop: async () => hub.stop(),
    start: async () => hub.start(),
    dispose: async () => {
      for (const transport of transports) transport.close()
    },
  }
})

describe('MemorySignaling', () => {
  it('tells everything through the scheduler it was given, in order', () => {
    const tasks: (() => void)[] = []
    const hub = new MemorySignaling(task => tasks.push(task))
    const run = () => {
      for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task()
    }
    const swarm = 'a'.repeat(52)
    const [a, b] = [newSession(swarm), newSession(swarm)]
    const [left, right] = [new MemoryTransport(hub), new MemoryTransport(hub)]
    const [heardLeft, heardRight] = [new Listener(), new Listener()]
    left.open(a, heardLeft)
    right.open(b, heardRight)
    expect(heardLeft.told).toEqual([])
    run()
    for (let i = 0; i < 5; i++) left.send(b.id, Uint8Array.of(i))
    expect(heardRight.count('envelope')).toBe(0)
    run()
    const envelopes = heardRight.told.filter(told => told.kind === 'envelope')
    expect(envelopes.map(({ bytes }) => bytes[0])).toEqual([0, 1, 2, 3, 4])
    expect(heardLeft.told.map(({ kind }) => kind)).toEqual(['up'])
  })
})
