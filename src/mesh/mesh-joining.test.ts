/**
 * How a mesh comes in: alone, with others, against a server that is down, by its address book.
 */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { MemoryAddressBook } from '../book/port.ts'
import { signatures } from '../crypto/sign.ts'
import type { SignalingTransport } from '../signaling/port.ts'
import type { Mesh } from './api.ts'
import type { MeshWarning } from './api-events.ts'
import { codeOf, failure, House, until } from './house.testing.ts'

let house = new House()
afterEach(async () => {
  await house.close()
  house = new House()
})

describe('joining', () => {
  it('alone is done when the swarm turns out empty', async () => {
    const mesh = await house.idle()
    const states: string[] = []
    mesh.on('state', state => states.push(state))
    expect(mesh.state).toBe('idle')
    await mesh.join()
    expect(states).toEqual(['connecting', 'connected'])
    expect(mesh.neighbours).toEqual([])
  })

  it('is done when a link is up', async () => {
    const [a, b] = (await house.joined(2)) as [Mesh, Mesh]
    expect(b.neighbours).toEqual([a.peerId])
    await until(a, () => a.neighbours.length === 1)
    expect(a.neighbours).toEqual([b.peerId])
  })

  it('twice is one join', async () => {
    const mesh = await house.idle()
    const states: string[] = []
    mesh.on('state', state => states.push(state))
    await Promise.all([mesh.join(), mesh.join({ signal: new AbortController().signal })])
    await mesh.join()
    expect(states).toEqual(['connecting', 'connected'])
  })

  it('can be aborted, and tried again', async () => {
    house.hub.stop()
    const mesh = await house.idle()
    const controller = new AbortController()
    const joining = mesh.join({ signal: controller.signal })
    controller.abort('enough')
    const error = await failure(joining)
    expect(error).toMatchObject({ code: 'aborted', cause: 'enough' })
    expect(mesh.state).toBe('left')
    expect(house.timers.size).toBe(0)
    expect(await codeOf(mesh.join({ signal: AbortSignal.abort() }))).toBe('aborted')
    house.hub.start()
    await mesh.join()
    expect(mesh.state).toBe('connected')
  })

  it('goes on when one of two gives up', async () => {
    house.hub.stop()
    const mesh = await house.idle()
    const controller = new AbortController()
    const impatient = mesh.join({ signal: controller.signal })
    const patient = mesh.join()
    controller.abort()
    expect(await codeOf(impatient)).toBe('aborted')
    house.hub.start()
    await patient
  })

  it('ends with `left` when the mesh leaves', async () => {
    house.hub.stop()
    const mesh = await house.idle()
    const joining = mesh.join()
    await mesh.leave()
    expect(await codeOf(joining)).toBe('left')
  })

  it('waits out a server that is down, with a warning', async () => {
    house.hub.stop()
    const mesh = await house.idle()
    const warned = new Promise<MeshWarning>(resolve => mesh.once('warning', resolve))
    const joining = mesh.join()
    expect((await warned).code).toBe('signaling-down')
    house.hub.start()
    await joining
  })

  it('ends with `refused` when signaling ends for good', async () => {
    const transport: SignalingTransport = {
      open: (_, events) => queueMicrotask(() => events.down('wrong version', undefined)),
      send: () => false,
      sample() {},
      close() {},
    }
    const mesh = await house.idle({ transport })
    const error = await failure(mesh.join())
    expect(error).toMatchObject({ code: 'refused', message: 'signaling ended for good: wrong version' })
    expect(mesh.state).toBe('left')
  })

  it('ends with `refused` when the transport cannot even be opened', async () => {
    const transport: SignalingTransport = {
      open() {
        throw new Error('no such thing')
      },
      send: () => false,
      sample() {},
      close() {},
    }
    expect(await codeOf((await house.idle({ transport })).join())).toBe('refused')
  })

  it('says what to do where there is no WebRTC', async () => {
    const mesh = await house.idle({}, { unsupported: 'use a browser' })
    expect(await failure(mesh.join())).toMatchObject({ code: 'unsupported', message: 'use a browser' })
    expect(mesh.state).toBe('idle')
  })
})

describe('an address book', () => {
  it('brings a tab back to its old neighbours where the server names nobody', async () => {
    const book = new MemoryAddressBook()
    const identity = await (await signatures()).generate()
    const [host] = (await house.joined(2)) as [Mesh]
    const first = await house.idle({ identity, addressBook: book })
    await first.join()
    await until(first, () => first.neighbours.length === 2)
    expect(first.stats().addressBook).toBe(2)
    await first[Symbol.asyncDispose]()
    vi.spyOn(house.hub, 'sampleFor').mockReturnValue([])
    const back = await house.idle({ identity, addressBook: book })
    await back.join()
    await until(back, () => back.neighbours.includes(host.peerId))
    const stranger = await house.idle()
    await stranger.join()
    expect(stranger.neighbours).toEqual([])
    vi.restoreAllMocks()
  })

  it('that fails is a warning', async () => {
    const warnings: MeshWarning[] = []
    const broken = { load: () => Promise.reject(new Error('denied')), save: () => Promise.resolve() }
    const mesh = await house.idle({ addressBook: broken })
    mesh.on('warning', warning => warnings.push(warning))
    await mesh.join()
    expect(warnings.map(({ code }) => code)).toEqual(['address-book-failed'])
  })
})
