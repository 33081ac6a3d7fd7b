/**
 * Direct messages of whole meshes, and calls that are refused before anything is sent.
 */
import { afterEach, describe, expect, it } from 'vitest'
import type { PeerId } from '../protocol/id.ts'
import type { Mesh } from './api.ts'
import type { Message } from './api-messages.ts'
import { codeOf, failure, House, nextMessage, someone } from './house.testing.ts'

let house = new House()
afterEach(async () => {
  await house.close()
  house = new House()
})

describe('a direct message', () => {
  it('resolves when the other side has it', async () => {
    const [a, b] = (await house.joined(2)) as [Mesh, Mesh]
    const messages: Message[] = []
    b.on('message', message => messages.push(message))
    await a.send(b.peerId, ['hi', new Uint8Array(0), ''])
    expect(messages).toEqual([
      { from: a.peerId, data: ['hi', new Uint8Array(0), ''], topic: undefined, hops: 1 },
    ])
  })

  it('crosses as many links as it takes', async () => {
    const meshes = await house.joined(7, { maxPeers: 3 })
    const hops: number[] = []
    for (const mesh of meshes) mesh.on('message', message => hops.push(message.hops))
    for (const from of meshes) for (const to of meshes) if (from !== to) await from.send(to.peerId, 'x')
    expect(hops).toHaveLength(42)
    expect(Math.max(...hops)).toBeGreaterThan(1)
    for (const mesh of meshes) expect(mesh.neighbours.length).toBeLessThanOrEqual(3)
  })

  it('a thousand in one turn leave in few packets', async () => {
    const [a, b] = (await house.joined(2)) as [Mesh, Mesh]
    const before = a.stats().total.packetsSent
    let received = 0
    b.on('message', () => received++)
    await Promise.all(Array.from({ length: 1000 }, (_, i) => a.send(b.peerId, i)))
    expect(received).toBe(1000)
    expect(a.stats().total.packetsSent - before).toBeLessThan(50)
  })

  it('of 1 MiB arrives whole', async () => {
    const [a, b] = (await house.joined(2)) as [Mesh, Mesh]
    const arrived = nextMessage(b)
    await a.send(b.peerId, 'x'.repeat(2 ** 20))
    expect((await arrived).data).toHaveLength(2 ** 20)
  })

  it('after message are all sent that nobody waited for', async () => {
    const [a, b] = (await house.joined(2)) as [Mesh, Mesh]
    const order: number[] = []
    b.on('message', ({ data }) => order.push(data[0]))
    const bytes = new Uint8Array(65_536)
    const calls = Array.from({ length: 200 }, (_, i) => a.send(b.peerId, [i, bytes]))
    await Promise.all(calls)
    expect(order.toSorted((x, y) => x - y)).toEqual(calls.map((_, i) => i))
    expect(a.stats()).toMatchObject({ links: [{ peer: b.peerId }], drops: {} })
  })

  it('to a peer that is not there ends in time', async () => {
    const [a] = (await house.joined(2)) as [Mesh]
    expect(['timeout', 'no-route']).toContain(await codeOf(a.send(someone, 'x', { timeout: 300 })))
  })

  it('can be aborted', async () => {
    const [a] = (await house.joined(2)) as [Mesh]
    const controller = new AbortController()
    const call = a.send(someone, 'x', { signal: controller.signal })
    controller.abort('enough')
    expect(await failure(call)).toMatchObject({ code: 'aborted', cause: 'enough' })
  })
})

describe('a wrong call', () => {
  it.each<[string, (mesh: Mesh, other: PeerId) => Promise<unknown>, string]>([
    [
      'a peer that is none',
      mesh => mesh.send('bob' as PeerId, 1),
      'TypeError: peer must be a peer id (52 characters of lower-case base32), got "bob"',
    ],
    [
      'this peer itself',
      mesh => mesh.send(mesh.peerId, 1),
      'RangeError: peer is this peer itself: a mesh does not send to itself',
    ],
    ['a function', (mesh, peer) => mesh.send(peer, { f() {} } as never), 'unsupported'],
    ['100 MiB', (mesh, peer) => mesh.send(peer, new Uint8Array(100 * 2 ** 20)), 'too-large'],
    ['100 MiB to all', mesh => mesh.sendBroadcast('t', new Uint8Array(100 * 2 ** 20)), 'too-large'],
    [
      'no time',
      (mesh, peer) => mesh.send(peer, 1, { timeout: 0 }),
      'RangeError: timeout must be 1 to 86400000 milliseconds, got 0',
    ],
    [
      'a time that is none',
      (mesh, peer) => mesh.send(peer, 1, { timeout: '5' as never }),
      'TypeError: timeout must be 1 to 86400000 milliseconds, got "5"',
    ],
    [
      'an unknown option',
      (mesh, peer) => mesh.send(peer, 1, { timeOut: 5 } as never),
      "TypeError: unknown option 'send options.timeOut', did you mean 'send options.timeout'?",
    ],
    [
      'a signal that is none',
      (mesh, peer) => mesh.send(peer, 1, { signal: {} as never }),
      'TypeError: signal must be an AbortSignal, got an object',
    ],
    ['an aborted signal', (mesh, peer) => mesh.send(peer, 1, { signal: AbortSignal.abort() }), 'aborted'],
    [
      'no topic',
      mesh => mesh.sendBroadcast('', 1),
      'RangeError: topic must be text of 1 to 256 bytes in UTF-8, got ""',
    ],
    [
      'a long topic',
      mesh => mesh.sendBroadcast('é'.repeat(200), 1),
      `RangeError: topic must be text of 1 to 256 bytes in UTF-8, got "${'é'.repeat(60)}…"`,
    ],
    [
      'many topics',
      mesh => mesh.sendBroadcast('chat/*', 1),
      "RangeError: topic 'chat/*' names many topics: name one of them",
    ],
  ])('is refused before anything is sent: %s', async (_, call, wanted) => {
    const [mesh] = (await house.joined(1)) as [Mesh]
    const { total } = mesh.stats()
    expect(await codeOf(call(mesh, someone))).toBe(wanted)
    expect(mesh.stats().total).toEqual(total)
  })

  it('before join, or after leave, is refused with `left`', async () => {
    const mesh = await house.idle()
    expect(await codeOf(mesh.send(someone, 1))).toBe('left')
    await mesh.join()
    await mesh.leave()
    expect(await codeOf(mesh.sendBroadcast('t', 1))).toBe('left')
  })
})
