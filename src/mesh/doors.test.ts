import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PeerId } from '../protocol/id.ts'
import { MemoryTransport } from '../signaling/memory.ts'
import type { Mesh } from './api.ts'
import { codeOf, House, until } from './house.testing.ts'

let house = new House()
beforeEach(() => {
  house = new House()
})
afterEach(() => house.close())

/** A mesh of its own that is joined as soon as it has a link, or is told that it is alone. */
const linked = (mesh: Mesh) => until(mesh, () => mesh.neighbours.length > 0)

describe('accept', () => {
  it('is asked once about each peer, and a yes lets it in', async () => {
    const asked: PeerId[] = []
    const host = await house.mesh({
      accept: async (peer, info) => {
        asked.push(peer)
        expect(info).toEqual({ invited: false })
        return true
      },
    })
    const guests = [await house.mesh(), await house.mesh()]
    await until(host, () => host.neighbours.length === 2)
    expect(new Set(asked)).toEqual(new Set(guests.map(guest => guest.peerId)))
    const [guest] = guests as [Mesh]
    await guest.leave()
    await guest.join()
    await until(host, () => host.neighbours.length === 2)
    expect(asked).toHaveLength(2)
  })

  it('says no for five minutes: no link comes up, nothing of the peer arrives', async () => {
    let asked = 0
    const host = await house.mesh({
      accept: () => {
        asked++
        return false
      },
    })
    const connected: PeerId[] = []
    host.on('peer:connect', peer => connected.push(peer))
    const guest = await house.idle()
    guest.join().catch(() => {})
    await expect.poll(() => asked).toBe(1)
    // It asks again, and hears the same without the application being asked.
    const third = await house.idle()
    third.join().catch(() => {})
    await linked(third)
    await expect.poll(() => guest.neighbours).toEqual([third.peerId])
    await expect.poll(() => asked).toBe(2)
    expect(connected).toEqual([])
    expect(host.neighbours).toEqual([])
  })

  it('takes a throw, a rejection and anything but true for a no', async () => {
    const verdicts: (() => unknown)[] = [
      () => {
        throw new Error('no')
      },
      () => Promise.reject(new Error('no')),
      () => 1,
    ]
    const reported: unknown[] = []
    const before = globalThis.reportError
    globalThis.reportError = error => void reported.push(error)
    try {
      for (const verdict of verdicts) {
        let asked = 0
        const accept = (() => {
          asked++
          return verdict()
        }) as () => boolean
        const swarm = `no ${verdicts.indexOf(verdict)}`
        const host = await house.mesh({ accept, swarm })
        const guest = await house.idle({ swarm })
        guest.join().catch(() => {})
        await expect.poll(() => asked).toBe(1)
        expect(host.neighbours).toEqual([])
        await guest.leave()
      }
    } finally {
      globalThis.reportError = before
    }
    expect(reported).toHaveLength(2)
  })

  it('is told who was invited, and its no ends the welcome', async () => {
    const infos: boolean[] = []
    const host = await house.hermit({
      accept: (_, { invited }) => {
        infos.push(invited)
        return infos.length > 1
      },
    })
    const guest = await house.guest(await host.invite())
    const reply = new Promise<string>(resolve => guest.once('invite:reply', resolve))
    guest.join().catch(() => {})
    expect(await codeOf(host.welcome(await reply))).toBe('refused')
    await guest.leave()
    const second = await house.guest(await host.invite())
    const another = new Promise<string>(resolve => second.once('invite:reply', resolve))
    const joined = second.join()
    expect(await host.welcome(await another)).toBe(second.peerId)
    await joined
    expect(infos).toEqual([true, true])
  })
})

describe('discover', () => {
  // Of two that ask each other at once the one with the lower id is answered.
  it.each([
    ['lowest', 0],
    ['greatest', 2],
  ])('off: nobody is told of it, and strangers that ask hear nothing; it has the %s id', async (_, place) => {
    const meshes = [await house.idle(), await house.idle(), await house.idle()]
    meshes.sort((a, b) => (a.peerId < b.peerId ? -1 : 1))
    const [quiet] = meshes.splice(place, 1) as [Mesh]
    const [first, second] = meshes as [Mesh, Mesh]
    quiet.discover(false)
    await quiet.join()
    await first.join()
    expect(first.peers).not.toContain(quiet.peerId)
    // It finds others all the same.
    await linked(quiet)
    await until(first, () => first.neighbours.includes(quiet.peerId))
    await second.join()
    await until(second, () => second.neighbours.includes(first.peerId))
    await until(quiet, () => quiet.neighbours.length === 2)
    // Who is asked by it takes it; who asks it by its id gets no answer.
    const third = await house.idle({ bootstrapNodes: [quiet.peerId], maxPeers: 3 })
    await third.join()
    expect(second.stats().topology.flatMap(({ neighbours }) => neighbours)).not.toContain(quiet.peerId)
  })

  it('off: an invited peer and an earlier neighbour are answered', async () => {
    const quiet = await house.mesh({ discover: false })
    const invite = await quiet.invite({ offer: false })
    const guest = await house.guest(invite, { transport: new MemoryTransport(house.hub) })
    await guest.join()
    await until(quiet, () => quiet.neighbours.includes(guest.peerId))
  })

  it('on again: it is found', async () => {
    const quiet = await house.mesh({ discover: false })
    const first = await house.mesh()
    expect(first.neighbours).toEqual([])
    quiet.discover(true)
    await linked(first)
    expect(first.neighbours).toEqual([quiet.peerId])
  })

  it('tells of newcomers, once each, whether linked or not', async () => {
    const first = await house.mesh({ maxPeers: 3 })
    const told: PeerId[] = []
    first.on('discover', peer => told.push(peer))
    for (let i = 0; i < 6; i++) await house.mesh({ maxPeers: 3 })
    const others = house.meshes.slice(1).map(mesh => mesh.peerId)
    await expect.poll(() => new Set(told), { timeout: 20_000 }).toEqual(new Set(others))
    expect(told).toHaveLength(6)
  })
})
