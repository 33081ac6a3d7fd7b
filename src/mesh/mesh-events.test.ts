/**
 * What a mesh tells: events, statistics, and what its peers are interested in.
 */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { PeerId } from '../protocol/id.ts'
import type { Mesh } from './api.ts'
import type { MeshWarning, PeerTopics } from './api-events.ts'
import type { Message } from './api-messages.ts'
import { House, nextMessage, until } from './house.testing.ts'

let house = new House()
afterEach(async () => {
  await house.close()
  vi.unstubAllGlobals()
  house = new House()
})

describe('events', () => {
  it('go on when a listener throws, and the page hears of it', async () => {
    const reported: unknown[] = []
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
    const logged: string[] = []
    const logger = { debug() {}, info() {}, warn() {}, error: (message: string) => logged.push(message) }
    const [a] = (await house.joined(1)) as [Mesh]
    const b = await house.idle({ logger })
    const mine = new Error('mine')
    const fail = (): void => {
      throw mine
    }
    b.on('message', fail)
    b.subscribe('t', fail)
    const heard = new Promise<Message>(resolve => b.subscribe('t', resolve))
    await b.join()
    await a.sendBroadcast('t', 1)
    await heard
    expect(reported).toEqual([mine, mine])
    expect(logged).toEqual(["a listener for 'message' threw", "a subscriber of 't' threw"])
  })

  it('tell of known peers, not more often than they change', async () => {
    const [a] = (await house.joined(1)) as [Mesh]
    const changed = new Promise<readonly PeerId[]>(resolve => a.once('peers', () => resolve(a.peers)))
    const b = await house.idle()
    await b.join()
    expect(await changed).toEqual([b.peerId])
  })

  it('keep a warning for the first listener', async () => {
    const mesh = await house.idle({ identity: 'persistent' })
    const warning = await new Promise<MeshWarning>(resolve => mesh.on('warning', resolve))
    expect(warning.code).toBe('identity-ephemeral')
  })
})

describe('stats', () => {
  it('count what passes', async () => {
    const [a, b] = (await house.joined(2)) as [Mesh, Mesh]
    await a.sendBroadcast('t', 1)
    await a.send(b.peerId, 1)
    const stats = a.stats()
    expect(stats).toMatchObject({
      opening: 0,
      gossip: { sent: 1, duplicates: 0 },
      drops: {},
      signaling: { up: true, reconnects: 0 },
      addressBook: 0,
      topology: [{ peer: b.peerId }],
    })
    const [link] = stats.links
    expect(link).toMatchObject({ peer: b.peerId, path: 'direct' })
    expect(link?.bytesSent).toBeGreaterThan(0)
    expect(stats.total.bytesReceived).toBeGreaterThan(0)
    expect(b.stats()).toMatchObject({ gossip: { delivered: 1 } })
  })

  it('count signaling reconnects', async () => {
    const [mesh] = (await house.joined(1)) as [Mesh]
    const down = new Promise(resolve => mesh.once('warning', resolve))
    house.hub.stop()
    await down
    expect(mesh.stats().signaling).toEqual({ up: false, reconnects: 0 })
    const up = until(mesh, () => mesh.stats().signaling.up)
    house.hub.start()
    await up
    expect(mesh.stats().signaling.reconnects).toBe(1)
  })
})

describe('interests', () => {
  it('are checked before anything happens', async () => {
    await expect(house.idle({ interests: 'chat' as never })).rejects.toThrow(
      'interests must be an array of topics, got "chat"',
    )
    await expect(house.idle({ intents: [''] })).rejects.toThrow('intents[0] must be text of 1 to 258 bytes')
    const mesh = await house.idle()
    const many = Array.from({ length: 65 }, (_, i) => `${i}`)
    expect(() => mesh.setInterests(many)).toThrow(RangeError)
    expect(() => mesh.setIntents([1 as never])).toThrow(TypeError)
  })

  it('decide what is delivered, and neighbours are told of them', async () => {
    const [a] = await house.joined(1, { intents: ['news'] })
    const b = await house.idle({ interests: ['game/*'] })
    const told = new Promise<[PeerId, PeerTopics]>(resolve =>
      a!.on('peer:topics', (...topics) => resolve(topics)),
    )
    await b.join()
    expect(await told).toEqual([b.peerId, { interests: ['game/*'], intents: [] }])
    await until(b, () => b.neighbours.length > 0)
    const got: string[] = []
    b.on('message', ({ topic, data }) => got.push(`${topic} ${data}`))
    for (const [i, topic] of ['game/chess', 'chat', 'chat', 'game/go'].entries())
      await a!.sendBroadcast(topic, i)
    expect(got).toEqual(['game/chess 0', 'game/go 3'])
    expect(a!.stats().links[0]).toMatchObject({ interests: ['game/*'], intents: [] })
    expect(b.stats().links[0]).toMatchObject({ interests: ['*'], intents: ['news'] })
    b.setInterests(['chat'])
    const next = nextMessage(b)
    // Once the sender has heard of it; before, the topic is declined.
    await new Promise<void>(resolve => {
      const look = (): void =>
        a!.stats().links[0]?.interests[0] === 'chat' ? resolve() : void setTimeout(look, 5)
      look()
    })
    await a!.sendBroadcast('chat', 'now')
    expect((await next).data).toBe('now')
  })
})
