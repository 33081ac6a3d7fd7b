import { describe, expect, it } from 'vitest'
import { newSession } from '../../server/network.testing.ts'
import { Listener, signalingConformance } from './conformance.ts'
import { MemorySignaling, MemoryTransport } from './memory.ts'
import type { SignalingTransport } from './port.ts'
import { SeveralTransports } from './several.ts'

const SWARM = 'a'.repeat(52)

// Two hubs, of which one is dead from the beginning: what one server can do, two can do as well.
signalingConformance({ describe, it, expect }, 'one of two servers', async () => {
  const hub = new MemorySignaling()
  const dead = new MemorySignaling()
  dead.stop()
  const parts = new Map<SignalingTransport, MemoryTransport>()
  return {
    transport() {
      const living = new MemoryTransport(hub)
      const transport = new SeveralTransports([new MemoryTransport(dead), living])
      parts.set(transport, living)
      return transport
    },
    session: newSession,
    cut: transport => hub.cut(parts.get(transport) as MemoryTransport),
    stop: async () => hub.stop(),
    start: async () => hub.start(),
    dispose: async () => {
      for (const transport of parts.keys()) transport.close()
    },
  }
})

/** Opens a peer at some hubs, and waits until it is up at all of them. */
async function at(...hubs: MemorySignaling[]) {
  const session = newSession(SWARM)
  const transport = new SeveralTransports(hubs.map(hub => new MemoryTransport(hub)))
  const listener = new Listener()
  transport.open(session, listener)
  const { peers } = await listener.next('up')
  const seen = [...peers]
  for (const _ of hubs.slice(1)) seen.push(...(await listener.next('sample')).peers)
  return { id: session.id, transport, listener, seen: seen.map(({ id }) => id) }
}

describe('SeveralTransports', () => {
  it('is up once, finds the peers of all servers, and reaches each where it is', async () => {
    const [one, two] = [new MemorySignaling(), new MemorySignaling()]
    const [first, second] = [await at(one), await at(two)]
    const both = await at(one, two)
    expect(both.seen).toEqual([first.id, second.id])
    expect(both.listener.count('up')).toBe(1)
    for (const [number, peer] of [first, second].entries()) {
      expect(both.transport.send(peer.id, Uint8Array.of(number))).toBe(true)
      expect((await peer.listener.next('envelope')).bytes).toEqual(Uint8Array.of(number))
      // Its samples may never have had the peer that answers it.
      expect(peer.transport.send(both.id, Uint8Array.of(9))).toBe(true)
      expect((await both.listener.next('envelope')).bytes).toEqual(Uint8Array.of(9))
    }
    expect(both.listener.count('left')).toBe(0)
  })

  it('stays up when one server goes, and goes around it', async () => {
    const [one, two] = [new MemorySignaling(), new MemorySignaling()]
    const [a, b] = [await at(one, two), await at(one, two)]
    two.stop()
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      expect(from.transport.send(to.id, Uint8Array.of(5))).toBe(true)
      expect((await to.listener.next('envelope')).bytes).toEqual(Uint8Array.of(5))
    }
    expect(a.listener.count('down')).toBe(0)
    one.stop()
    expect(typeof (await a.listener.next('down')).retryIn).toBe('number')
    expect(a.transport.send(b.id, Uint8Array.of(6))).toBe(false)
    two.start()
    await a.listener.next('up')
    await b.listener.next('up')
    expect(a.transport.send(b.id, Uint8Array.of(7))).toBe(true)
    expect((await b.listener.next('envelope')).bytes).toEqual(Uint8Array.of(7))
  })

  it('says that a peer has left when nobody has it any more', async () => {
    const [one, two] = [new MemorySignaling(), new MemorySignaling()]
    const [a, b] = [await at(one, two), await at(one, two)]
    expect(b.seen).toContain(a.id)
    b.transport.send(a.id, Uint8Array.of(1))
    await a.listener.next('envelope')
    a.transport.close()
    b.transport.send(a.id, Uint8Array.of(2))
    expect((await b.listener.next('left')).peer).toBe(a.id)
    const stranger = newSession(SWARM).id
    b.transport.send(stranger, Uint8Array.of(3))
    expect((await b.listener.next('left')).peer).toBe(stranger)
    expect(b.listener.told.filter(told => told.kind === 'left' && told.peer === stranger).length).toBe(1)
  })

  it('opens with what can be opened, and throws when nothing can', () => {
    const broken: SignalingTransport = {
      open() {
        throw new Error('no sockets here')
      },
      send: () => false,
      sample() {},
      close() {},
    }
    const listener = new Listener()
    new SeveralTransports([broken, new MemoryTransport(new MemorySignaling())]).open(
      newSession(SWARM),
      listener,
    )
    expect(() => new SeveralTransports([broken, broken]).open(newSession(SWARM), listener)).toThrow(
      'no sockets',
    )
  })
})
