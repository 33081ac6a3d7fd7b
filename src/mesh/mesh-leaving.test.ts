/**
 * How a mesh goes: for now, for good, with its page, and while its page sleeps.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { MemoryTransport } from '../signaling/memory.ts'
import type { Mesh } from './api.ts'
import { codeOf, House, nextMessage, someone, until } from './house.testing.ts'

let house = new House()
afterEach(async () => {
  await house.close()
  house = new House()
})

describe('leaving', () => {
  it('is told to the neighbours, and leaves nothing behind', async () => {
    const [a, b] = (await house.joined(2)) as [Mesh, Mesh]
    await until(a, () => a.neighbours.length === 1)
    const told: string[] = []
    b.on('peer:disconnect', (peer, reason) => told.push(`${peer} ${reason}`))
    const gone = new Promise<string>(resolve => a.once('peer:disconnect', (_, reason) => resolve(reason)))
    await b.leave()
    expect(await gone).toBe('bye')
    expect(told).toEqual([`${a.peerId} left`])
    expect(b.neighbours).toEqual([])
    await a.leave()
    await a.leave()
    expect(house.timers.size).toBe(0)
  })

  it('ends what is under way with `left`', async () => {
    const [a] = (await house.joined(2)) as [Mesh]
    const call = a.send(someone, 'x', { timeout: 60_000 })
    await a.leave()
    expect(await codeOf(call)).toBe('left')
  })

  it('before joining is nothing', async () => {
    const mesh = await house.idle()
    await mesh.leave()
    expect(mesh.state).toBe('idle')
  })

  it('is not for ever', async () => {
    const [a, b] = (await house.joined(2)) as [Mesh, Mesh]
    for (let i = 0; i < 3; i++) {
      await b.leave()
      expect(b.state).toBe('left')
      await b.join()
      await until(b, () => b.neighbours.includes(a.peerId))
      const arrived = nextMessage(a)
      await b.send(a.peerId, i)
      expect(await arrived).toMatchObject({ from: b.peerId, data: i })
      const heard = nextMessage(a)
      await b.sendBroadcast('again', i)
      expect(await heard).toMatchObject({ topic: 'again', data: i })
    }
  })

  it('works from inside a listener, and so does joining again', async () => {
    const [a, b] = (await house.joined(2)) as [Mesh, Mesh]
    const back = new Promise<void>((resolve, reject) => {
      b.once('message', () => {
        b.leave()
          .then(() => b.join())
          .then(resolve, reject)
      })
    })
    await a.send(b.peerId, 'go away').catch(() => {})
    await back
    await until(b, () => b.neighbours.includes(a.peerId))
  })

  it('for good frees the identity', async () => {
    let released = 0
    const { publicKey, privateKey } = await crypto.subtle
      .generateKey('Ed25519', false, ['sign', 'verify'])
      .then(pair => pair as CryptoKeyPair)
    const identity = {
      publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)),
      sign: async (bytes: Uint8Array) =>
        new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, bytes as Uint8Array<ArrayBuffer>)),
      release: () => released++,
    }
    const mesh = await house.idle({ identity })
    await mesh.join()
    await mesh.leave()
    expect(released).toBe(0)
    await mesh[Symbol.asyncDispose]()
    await mesh[Symbol.asyncDispose]()
    expect(released).toBe(1)
    expect(await codeOf(mesh.join())).toBe('left')
  })
})

describe('a page', () => {
  it('that goes away says good-bye at once, and joins again when it comes back', async () => {
    const page = new EventTarget()
    const [a] = (await house.joined(1)) as [Mesh]
    const b = await house.idle({}, { page })
    await b.join()
    await until(a, () => a.neighbours.length === 1)
    const gone = new Promise<string>(resolve => a.once('peer:disconnect', (_, reason) => resolve(reason)))
    page.dispatchEvent(new Event('pageshow'))
    expect(b.state).toBe('connected')
    page.dispatchEvent(new Event('pagehide'))
    expect(b.state).toBe('left')
    expect(await gone).toBe('bye')
    page.dispatchEvent(new Event('pageshow'))
    await until(b, () => b.neighbours.includes(a.peerId))
    await b.leave()
    page.dispatchEvent(new Event('pagehide'))
    page.dispatchEvent(new Event('pageshow'))
    expect(b.state).toBe('left')
  })
})

describe('a page that sleeps', () => {
  it('is noticed by its mesh while it is joined, and the transport with it', async () => {
    const woken: boolean[] = []
    const transport = Object.assign(new MemoryTransport(house.hub), {
      awake: (stale: boolean) => void woken.push(stale),
    })
    const page = Object.assign(new EventTarget(), { document: { visibilityState: 'visible' } })
    const mesh = await house.idle({ transport }, { page })
    page.dispatchEvent(new Event('online'))
    await mesh.join()
    page.dispatchEvent(new Event('resume'))
    page.dispatchEvent(new Event('online'))
    await mesh.leave()
    page.dispatchEvent(new Event('online'))
    expect(woken).toEqual([false, true])
  })
})
