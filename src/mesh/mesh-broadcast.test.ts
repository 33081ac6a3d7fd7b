/**
 * Broadcasts of whole meshes: who hears them, how many have them, and in which order.
 */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ringPosition } from '../protocol/id.ts'
import type { Mesh } from './api.ts'
import type { BroadcastOptions } from './api-call-options.ts'
import type { Message } from './api-messages.ts'
import { codeOf, House, nextMessage, until } from './house.testing.ts'

let house = new House()
afterEach(async () => {
  await house.close()
  vi.unstubAllGlobals()
  house = new House()
})

describe('a broadcast', () => {
  it('reaches everybody once, with its data, and nobody twice', async () => {
    const meshes = await house.joined(5)
    const [origin, ...others] = meshes as [Mesh, ...Mesh[]]
    const data = {
      text: 'hello',
      n: 2n ** 70n,
      at: new Date(5),
      bytes: new Float32Array([1, -0]),
      none: undefined,
    }
    const heard = new Map<Mesh, Message[]>(others.map(mesh => [mesh, []]))
    const all = others.map(mesh => {
      mesh.on('message', message => heard.get(mesh)?.push(message))
      return nextMessage(mesh)
    })
    let own = 0
    origin.on('message', () => own++)
    await origin.sendBroadcast('chat', data)
    await Promise.all(all)
    await origin.sendBroadcast('chat', 'second')
    for (const mesh of others) {
      const messages = heard.get(mesh) ?? []
      // The listener from before notes it, too.
      if (messages.length < 2) await nextMessage(mesh)
      expect(messages.map(({ from, topic }) => [from, topic])).toEqual([
        [origin.peerId, 'chat'],
        [origin.peerId, 'chat'],
      ])
      expect(messages.map(message => message.data)).toStrictEqual([data, 'second'])
      expect(messages[0]?.hops).toBeGreaterThan(0)
    }
    expect(own).toBe(0)
  })

  it('goes to who subscribed to its topic', async () => {
    const [a, b] = (await house.joined(2)) as [Mesh, Mesh]
    const heard: string[] = []
    b.subscribe('chat/en', ({ data }) => heard.push(`en ${data}`))
    b.subscribe('chat/*', ({ data }) => heard.push(`all ${data}`))
    const off = b.subscribe('*', ({ data }) => heard.push(`any ${data}`))
    await a.sendBroadcast('chat/en', 1)
    await a.sendBroadcast('other', 2)
    off()
    const last = nextMessage(b)
    await a.sendBroadcast('other', 3)
    await last
    expect(heard).toEqual(['en 1', 'all 1', 'any 1', 'any 2'])
  })

  it('after broadcast arrives in order, though nobody waited for them', async () => {
    const [a, b] = (await house.joined(2)) as [Mesh, Mesh]
    const order: number[] = []
    b.on('message', ({ data }) => order.push(data[0]))
    const bytes = new Uint8Array(65_536)
    const calls = Array.from({ length: 200 }, (_, i) => a.sendBroadcast('t', [i, bytes]))
    await Promise.all(calls)
    expect(order).toEqual(calls.map((_, i) => i))
    expect(a.stats()).toMatchObject({ links: [{ peer: b.peerId }], drops: {} })
  })

  it('resolves at once when there is nobody', async () => {
    const [mesh] = (await house.joined(1)) as [Mesh]
    await mesh.sendBroadcast('chat', 1)
  })

  it('of 1 MiB arrives whole', async () => {
    const [a, b] = (await house.joined(2)) as [Mesh, Mesh]
    const arrived = nextMessage(b)
    const bytes = new Uint8Array(2 ** 20).map((_, i) => i % 251)
    await a.sendBroadcast('file', bytes)
    expect(Buffer.compare((await arrived).data, bytes)).toBe(0)
  })
})

/** Whether every peer is linked with the next one in the order of the ring, and nobody with anybody else. */
function isRing(meshes: readonly Mesh[]): boolean {
  const ring = [...meshes].sort((a, b) => ringPosition(a.peerId) - ringPosition(b.peerId))
  return ring.every(({ neighbours }, at) => {
    const next = ring[(at + 1) % ring.length] as Mesh
    return neighbours.length === 2 && neighbours.includes(next.peerId)
  })
}

describe('receipts', () => {
  it('say how many have it, as they come in and in the end', async () => {
    const meshes = (await house.joined(7, { maxPeers: 3 })) as [Mesh, ...Mesh[]]
    const [origin, ...others] = meshes
    // While links are swapped a report may be lost with its link: the ring is what is left in the end.
    await Promise.race(meshes.map(mesh => until(mesh, () => isRing(meshes))))
    const heard = others.map(nextMessage)
    const counts: number[] = []
    const onReceipt = (count: number): void => void counts.push(count)
    const count: number = await origin.sendBroadcast('chat', 'hello', { receipt: true, onReceipt })
    expect(count).toBe(6)
    expect(counts.at(-1)).toBe(6)
    expect([...new Set(counts)].sort((a, b) => a - b)).toEqual(counts)
    await Promise.all(heard)
    // Without asking it is as ever.
    expect(await origin.sendBroadcast('chat', 'again', { receipt: false })).toBe(undefined)
  })

  it('of nobody are none', async () => {
    const [mesh] = (await house.joined(1)) as [Mesh]
    expect(await mesh.sendBroadcast('chat', 1, { receipt: true })).toBe(0)
  })

  it('come as far as they get when their time is over, or the signal fires', async () => {
    const [a, b] = (await house.joined(2)) as [Mesh, Mesh]
    const heard = nextMessage(b)
    const controller = new AbortController()
    const call = a.sendBroadcast('chat', 1, { receipt: true, timeout: 60_000, signal: controller.signal })
    controller.abort()
    expect(await codeOf(call)).toBe('aborted')
    await heard
    b.leave()
    await until(a, () => a.neighbours.length === 0)
    expect(await a.sendBroadcast('chat', 2, { receipt: true, timeout: 50 })).toBe(0)
  })

  it('a listener that throws is reported and disturbs nothing', async () => {
    const reported: unknown[] = []
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
    const [a] = (await house.joined(2)) as [Mesh]
    const onReceipt = (): void => {
      throw new Error('mine')
    }
    expect(await a.sendBroadcast('chat', 1, { receipt: true, onReceipt })).toBe(1)
    expect(reported).toEqual([new Error('mine')])
  })

  it.each([
    [{ receipt: 1 }, 'TypeError: receipt must be true or false, got 1'],
    [{ onReceipt() {} }, 'TypeError: onReceipt and timeout need receipt: true'],
    [{ timeout: 5 }, 'TypeError: onReceipt and timeout need receipt: true'],
    [{ receipt: true, onReceipt: 'x' }, 'TypeError: onReceipt must be a function, got "x"'],
    [{ receipt: true, timeout: 60_001 }, 'RangeError: timeout must be 1 to 60000 milliseconds, got 60001'],
    [{ order: 'total' }, "TypeError: order must be 'fifo', 'causal' or 'none', got \"total\""],
    [
      { reciept: true },
      "TypeError: unknown option 'broadcast options.reciept', did you mean 'broadcast options.receipt'?",
    ],
  ])('asked for with %o are a mistake', async (options, message) => {
    const [mesh] = (await house.joined(1)) as [Mesh]
    expect(await codeOf(mesh.sendBroadcast('chat', 1, options as BroadcastOptions))).toBe(message)
  })
})

describe('order', () => {
  it.each(['fifo', 'causal', 'none'] as const)("'%s' brings everything", async order => {
    const meshes = await house.joined(4, { maxPeers: 3, order })
    const [ann, ...others] = meshes as [Mesh, ...Mesh[]]
    const heard = new Map<Mesh, string[]>(meshes.map(mesh => [mesh, []]))
    for (const mesh of meshes) mesh.on('message', ({ data }) => heard.get(mesh)?.push(data))
    // Everybody answers the question as soon as it is heard.
    const answers = others.map(async mesh => {
      const { data } = await nextMessage(mesh)
      await mesh.sendBroadcast('chat', `${data}!`, { receipt: true })
    })
    await ann.sendBroadcast('chat', 'hello', { receipt: true, order: 'causal' })
    await Promise.all(answers)
    for (const mesh of others) expect(heard.get(mesh)).toEqual(['hello', 'hello!', 'hello!'])
    expect(heard.get(ann)).toEqual(['hello!', 'hello!', 'hello!'])
  })
})
