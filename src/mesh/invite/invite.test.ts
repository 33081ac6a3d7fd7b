import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryTransport } from '../../signaling/memory.ts'
import type { Mesh } from '../api.ts'
import { codeOf, House, nowhere, until } from '../house.testing.ts'

let house = new House()
beforeEach(() => {
  house = new House()
})
afterEach(() => house.close())

/** Joins by hand: the reply is carried to `host`. */
async function byHand(host: Mesh, guest: Mesh): Promise<void> {
  const reply = new Promise<string>(resolve => guest.once('invite:reply', resolve))
  const joined = guest.join()
  expect(await host.welcome(await reply)).toBe(guest.peerId)
  await joined
}

describe('an invite without any server', () => {
  it('takes two codes; broadcasts pass both ways; the second peer invites the third', async () => {
    const host = await house.hermit()
    const guest = await house.guest(await host.invite())
    await byHand(host, guest)
    expect(host.neighbours).toEqual([guest.peerId])
    expect(guest.neighbours).toEqual([host.peerId])
    const third = await house.guest(await guest.invite())
    await byHand(guest, third)
    await Promise.all([host, guest, third].map(mesh => until(mesh, () => mesh.neighbours.length > 0)))
    for (const from of [host, guest, third]) {
      const others = house.meshes.filter(mesh => mesh !== from)
      const heard = others.map(mesh => new Promise(resolve => mesh.once('message', resolve)))
      await from.sendBroadcast('chat', from.peerId)
      for (const message of await Promise.all(heard)) expect(message).toMatchObject({ data: from.peerId })
    }
  })

  it('is refused when it is old, used, for another swarm, altered, or no invite at all', async () => {
    const host = await house.hermit()
    const invite = await host.invite({ lifetime: 60_000 })
    expect(await codeOf(house.guest(invite, { swarm: 'another' }))).toBe('invite-invalid')
    expect(await codeOf(house.guest('https://example.org/'))).toBe('invite-invalid')
    const middle = invite.length / 2
    const altered = `${invite.slice(0, middle)}${invite[middle] === 'A' ? 'B' : 'A'}${invite.slice(middle + 1)}`
    expect(await codeOf(house.guest(altered))).toBe('invite-invalid')
    expect(await codeOf(house.guest(invite.slice(0, -10)))).toBe('invite-invalid')

    const first = await house.guest(invite, { swarm: 'test' })
    const second = await house.guest(invite)
    const replies: string[] = []
    second.on('invite:reply', reply => replies.push(reply))
    const late = second.join().catch(error => error)
    await byHand(host, first)
    expect(await codeOf(host.welcome(replies[0] ?? ''))).toBe('invite-used')
    expect(await codeOf(host.welcome(invite))).toBe('invite-invalid')
    expect(await codeOf(host.welcome('tabmesh:AAAA'))).toBe('invite-invalid')
    expect(await codeOf(first.welcome(replies[0] ?? ''))).toBe('invite-invalid')
    expect(host.neighbours).toEqual([first.peerId])

    const old = await host.invite({ lifetime: 60_000 })
    const slow = await house.guest(old)
    const reply = new Promise<string>(resolve => slow.once('invite:reply', resolve))
    slow.join().catch(() => {})
    const carried = await reply
    house.passed += 61_000
    expect(await codeOf(host.welcome(carried))).toBe('invite-expired')
    expect(await codeOf(house.guest(old))).toBe('invite-expired')
    await second.leave()
    expect(await late).toMatchObject({ code: 'left' })
  })

  it('ends the join of who waits for it when its time is over, and leaves nothing behind', async () => {
    const host = await house.hermit()
    const guest = await house.guest(await host.invite({ lifetime: 1000 }))
    expect(await codeOf(guest.join())).toBe('invite-expired')
    expect(guest.state).toBe('left')
    await host.leave()
    expect(house.timers.size).toBe(0)
    // A link closes in the next turn.
    await expect.poll(() => house.network.size).toBe(0)
  })

  it('taken by a second way as well changes nothing', async () => {
    const host = await house.hermit()
    const guest = await house.guest(await host.invite())
    const reply = new Promise<string>(resolve => guest.once('invite:reply', resolve))
    const joined = guest.join()
    const carried = await reply
    await Promise.all([host.welcome(carried), host.welcome(` ${carried}\n`)])
    await joined
    expect(await host.welcome(carried)).toBe(guest.peerId)
    expect(host.stats().links).toHaveLength(1)
  })

  it('finds room in a full table', async () => {
    const meshes = [await house.mesh({ maxPeers: 3 })]
    for (let i = 0; i < 3; i++) meshes.push(await house.mesh({ maxPeers: 3 }))
    const host = meshes[0] as Mesh
    await until(host, () => host.neighbours.length === 3)
    const guest = await house.guest(await host.invite())
    await byHand(host, guest)
    expect(host.neighbours.length).toBeLessThanOrEqual(3)
  })

  it('is carried by nobody where the tabs share an origin', async () => {
    const host = await house.hermit({}, { BroadcastChannel })
    const invite = await host.invite()
    const guest = await house.guest(invite, {}, { BroadcastChannel })
    await guest.join()
    await until(host, () => host.neighbours.length === 1)
    const another = await house.guest(invite, {}, { BroadcastChannel })
    // The channel of a used invite is silent only to strangers.
    expect(await codeOf(another.join())).toBe('invite-used')
    expect(another.state).toBe('left')
  })
})

describe('an invite with a server that both reach', () => {
  it('needs one code, with an offer in it or without', async () => {
    const host = await house.mesh()
    for (const offer of [true, false]) {
      const transport = new MemoryTransport(house.hub)
      const guest = await house.guest(await host.invite({ offer }), { transport })
      await guest.join()
      await until(host, () => host.neighbours.includes(guest.peerId))
    }
  })

  it('is refused by the inviter when it was used', async () => {
    const host = await house.mesh()
    for (const offer of [true, false]) {
      const invite = await host.invite({ offer })
      await (await house.guest(invite, { transport: new MemoryTransport(house.hub) })).join()
      const second = await house.guest(invite, { transport: new MemoryTransport(house.hub) })
      expect(await codeOf(second.join())).toBe('invite-used')
      expect(second.state).toBe('left')
    }
  })

  it('is refused by the inviter when a clock was wrong about its time', async () => {
    const host = await house.mesh()
    const invite = await host.invite({ offer: false, lifetime: 60_000 })
    house.passed += 61_000
    const transport = new MemoryTransport(house.hub)
    const guest = await house.guest(invite, { transport }, { wallClock: () => Date.now() })
    expect(await codeOf(guest.join())).toBe('invite-expired')
  })
})

describe('the call', () => {
  it('says what it was given', async () => {
    const host = await house.idle({ transport: nowhere() })
    expect(await codeOf(host.invite())).toBe('left')
    expect(await codeOf(host.welcome('x'))).toBe('left')
    host.join().catch(() => {})
    expect(await codeOf(host.invite({ lifetime: 1 }))).toMatch('RangeError: lifetime must be')
    expect(await codeOf(host.invite({ page: 7 as never }))).toMatch('TypeError: page must be')
    expect(await codeOf(host.invite({ pag: 7 } as never))).toMatch("did you mean 'invite options.page'")
    expect(await codeOf(host.welcome(7 as never))).toMatch('TypeError: reply must be text')
    expect(await codeOf(host.invite({ signal: AbortSignal.abort() }))).toBe('aborted')
    expect(await host.invite({ page: 'https://example.org/x?y#z', offer: false })).toMatch(
      /^https:\/\/example\.org\/x\?y#tabmesh=[\w-]+$/,
    )
    expect(await host.invite({ page: false, offer: false })).toMatch(/^tabmesh:[\w-]+$/)
  })

  it('ends with the mesh: codes of before are nothing after', async () => {
    const host = await house.hermit()
    const guest = await house.guest(await host.invite())
    const reply = new Promise<string>(resolve => guest.once('invite:reply', resolve))
    guest.join().catch(() => {})
    const carried = await reply
    await host.leave()
    host.join().catch(() => {})
    expect(await codeOf(host.welcome(carried))).toBe('invite-invalid')
  })

  it('keeps 16 open at most', async () => {
    const host = await house.hermit()
    for (let i = 0; i < 16; i++) await host.invite({ offer: false })
    expect(await codeOf(host.invite())).toBe('busy')
  })
})
