import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clockwise } from './id.ts'
import { type Tab, World } from './node.testing.ts'
import { Frame } from './wire/frame.ts'
import { Writer } from './wire/writer.ts'

const PING = new Writer().u8(Frame.PING).varint(60).finish()

/** Answers that a tab gave to {@link PING}. */
function pongs(tab: Tab): number {
  return tab.seen('send').filter(({ frame }) => frame[0] === Frame.PONG && frame[1] === 60).length
}

describe('before a link is up', () => {
  const greeting = () => {
    const world = new World(1, { cryptoDelay: 100 })
    const [a, b] = [world.tab(), world.tab()]
    a.join()
    b.join()
    return { world, a, b }
  }

  it('frames are not read, and counted', () => {
    const { world, a, b } = greeting()
    const isOpen = () =>
      [...a.links.values()].some(end => end.open) && [...b.links.values()].some(end => end.open)
    world.until(isOpen)
    b.emit(a, PING, PING)
    expect(a.drops('unexpected')).toBe(2)
    world.run(3000)
    expect(pongs(a)).toBe(0)
    expect(a.neighbours).toEqual([b.id])
  })

  it('frames that arrive while the AUTH is being verified are held, and then read', () => {
    const { world, a, b } = greeting()
    world.until(() => a.seen('verify').some(({ token }) => token.machine === 'handshake'))
    b.emit(a, PING)
    b.emit(a, PING)
    expect(a.neighbours).toEqual([])
    expect(pongs(a)).toBe(0)
    world.run(3000)
    expect(pongs(a)).toBe(2)
    expect(a.drops('unexpected')).toBe(0)
    const up = a.log.findIndex(({ effect }) => effect.kind === 'peer-connect')
    const pong = a.log.findIndex(({ effect }) => effect.kind === 'send' && effect.frame[0] === Frame.PONG)
    expect(pong).toBeGreaterThan(up)
  })

  it('what is held is bounded in bytes', () => {
    const { world, a, b } = greeting()
    world.until(() => a.seen('verify').some(({ token }) => token.machine === 'handshake'))
    const large = new Uint8Array(1024 * 1024).fill(Frame.DATA)
    for (let i = 0; i < 20; i++) b.emit(a, large)
    expect(a.drops('unexpected') + a.drops('too-large') + a.drops('table-full')).toBeGreaterThan(0)
  })

  it('a signature that is not the peer’s ends it', () => {
    const { world, a, b } = greeting()
    const forged = new Writer().u8(Frame.AUTH).bytes(new Uint8Array(64)).finish()
    world.until(() => a.seen('sign').some(({ token }) => token.machine === 'handshake'))
    b.emit(a, forged)
    world.run(150)
    expect(a.drops('bad-signature')).toBe(1)
    expect(a.seen('peer-connect')).toEqual([])
    expect(a.seen('close-link')).toMatchObject([{ reason: 'refused' }])
  })

  it('a peer of another swarm is refused by name', () => {
    const world = new World(2)
    const [a, b] = [world.tab(), world.tab({ swarm: new Uint8Array(32).fill(1) })]
    a.join()
    b.join()
    world.run(20_000)
    expect(a.neighbours.length + b.neighbours.length).toBe(0)
  })
})

describe('a peer that reloads without a good-bye', () => {
  it.each([100, 1500, 10_000])('replaces its old link (%i ms after it came up)', age => {
    const world = new World(3)
    const [a, b] = world.swarm(2) as [Tab, Tab]
    const c = world.tab()
    c.join()
    world.until(() => c.neighbours.length === 2)
    world.run(age)
    c.die()
    const again = world.tab({ key: c.key, epoch: 2000 })
    again.join()
    world.run(4000)
    expect(again.neighbours.sort()).toEqual([a.id, b.id].sort())
    for (const tab of [a, b]) {
      expect(tab.neighbours).toHaveLength(2)
      expect(tab.seen('peer-disconnect').map(effect => effect.peer)).toEqual([c.id])
      expect(tab.seen('peer-connect').filter(effect => effect.peer === c.id)).toHaveLength(2)
    }
    const requests = [again.send(a, 'new'), a.send(again, 'welcome'), again.broadcast('all')]
    world.run(1000)
    expect(requests.map((request, i) => (i === 1 ? a : again).outcomes.get(request))).toEqual([
      'ok',
      'ok',
      'ok',
    ])
    expect(a.heard.sort()).toEqual(['all', 'new'])
    expect(again.heard).toEqual(['welcome'])
  })
})

describe('a dial', () => {
  /** Two tabs that hear of each other at the same moment. */
  function glare(seed: number, hubLatency: number, hubJitter: number) {
    const world = new World(seed, { hubLatency, hubJitter })
    world.hub.names = () => false
    const [a, b] = [world.tab(), world.tab()]
    a.join()
    b.join()
    world.run(1000)
    a.input({ kind: 'sample', sample: [b] })
    b.input({ kind: 'sample', sample: [a] })
    return { world, a, b }
  }

  it('from both sides at once makes exactly one link', () => {
    for (let seed = 0; seed < 8; seed++) {
      const { world, a, b } = glare(seed, 30, 0)
      world.run(3000)
      expect([a.neighbours, b.neighbours], `seed ${seed}`).toEqual([[b.id], [a.id]])
      expect(a.seen('peer-connect').length + b.seen('peer-connect').length).toBe(2)
      expect(a.seen('open-link').length + b.seen('open-link').length).toBe(2)
    }
  })

  it('from both sides makes exactly one link, whichever letters overtake', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 300 }), (seed, hubJitter) => {
        const { world, a, b } = glare(seed, 10, hubJitter)
        world.run(6000)
        expect([a.neighbours, b.neighbours]).toEqual([[b.id], [a.id]])
        world.run(11_000)
        expect([a.neighbours, b.neighbours]).toEqual([[b.id], [a.id]])
        expect(a.node.opening + b.node.opening).toBe(0)
      }),
      { numRuns: 40 },
    )
  })

  it('that nobody answers times out and gives its slot back', () => {
    const world = new World(4)
    const [a] = world.swarm(1) as [Tab]
    const b = world.tab()
    world.hub.members.set(b.id, b)
    world.hub.deaf.add(b.id)
    a.input({ kind: 'sample', sample: [b] })
    world.run(100)
    expect(a.node.opening).toBe(1)
    world.until(() => a.seen('peer-timeout').length > 0, 5000)
    expect(a.node.opening).toBe(0)
    expect(a.seen('peer-timeout')).toEqual([{ kind: 'peer-timeout', peer: b.id }])
    expect(a.seen('peer-disconnect')).toEqual([])
  })

  it('whose link never opens is given up after connectTimeout', () => {
    const world = new World(5)
    world.unreachable = () => true
    const [a, b] = world.swarm(2) as [Tab, Tab]
    world.until(() => a.seen('peer-timeout').length > 0, 12_000)
    world.run(100)
    expect(a.seen('peer-timeout')[0]?.peer).toBe(b.id)
    expect(a.seen('close-link')).toMatchObject([{ reason: 'timeout' }])
    expect([...a.links.values(), ...b.links.values()].filter(end => end.open)).toEqual([])
  })

  it('that is refused goes to one of the named alternatives', () => {
    const world = new World(6)
    const tabs = world.swarm(5)
    // A full peer that is not the newcomer's neighbour on the ring has no reason to make room.
    const newcomer = world.tab()
    const byRing = [...tabs].sort((x, y) => clockwise(newcomer.id, x.id) - clockwise(newcomer.id, y.id))
    const full = byRing[2] as Tab
    world.hub.names = member => member === full
    newcomer.join()
    world.until(() => newcomer.neighbours.length > 0, 3000)
    expect(newcomer.neighbours).not.toContain(full.id)
    world.run(3000)
    expect(newcomer.neighbours.length).toBeGreaterThanOrEqual(2)
    for (const tab of tabs) expect(tab.neighbours.length).toBeLessThanOrEqual(4)
  })
})

describe('a neighbour that dies without a word', () => {
  it('is suspect within two seconds, and dead within seven', () => {
    const world = new World(7)
    const [a, b, c] = world.swarm(3) as [Tab, Tab, Tab]
    b.die()
    world.run(2000)
    expect(a.node.links()).toMatchObject([{ suspect: true }, { suspect: false }])
    expect(a.seen('peer-disconnect')).toEqual([])
    world.run(5000)
    for (const tab of [a, c]) {
      expect(tab.seen('peer-timeout')[0]).toEqual({ kind: 'peer-timeout', peer: b.id })
      expect(tab.seen('peer-disconnect')).toMatchObject([{ peer: b.id, reason: 'timeout' }])
    }
  })

  it('is gone around from the moment it is suspect, and the mesh closes over it', () => {
    const world = new World(7)
    const tabs = world.swarm(12)
    const [a, ...others] = tabs as [Tab, ...Tab[]]
    a.broadcast('warm')
    world.run(1000)
    const victim = others.find(tab => a.neighbours.includes(tab.id)) as Tab
    const rest = tabs.filter(tab => tab !== victim)
    victim.die()
    world.until(() => a.node.links().some(link => link.peer === victim.id && link.suspect), 2200)
    a.broadcast('around')
    const requests = rest.filter(tab => tab !== a).map(to => a.send(to, 'direct'))
    world.run(2500)
    for (const request of requests) expect(a.outcomes.get(request)).toBe('ok')
    for (const tab of rest) if (tab !== a) expect(tab.heard.sort()).toEqual(['around', 'direct', 'warm'])
    world.run(4000)
    for (const tab of rest) {
      expect(tab.neighbours).not.toContain(victim.id)
      expect(tab.neighbours.length).toBeGreaterThanOrEqual(2)
    }
  })

  it('is dead 1.3 s after the server has seen it go', () => {
    const world = new World(8)
    const [a, b, c] = world.swarm(3) as [Tab, Tab, Tab]
    b.die()
    world.run(10)
    for (const tab of [a, c]) tab.input({ kind: 'peer-left', peer: b.id })
    world.run(1300)
    for (const tab of [a, c]) expect(tab.neighbours).not.toContain(b.id)
  })

  it('is not, when it is only the server that does not see it', () => {
    const world = new World(9)
    const [a, b] = world.swarm(2) as [Tab, Tab]
    for (let i = 0; i < 20; i++) {
      a.input({ kind: 'peer-left', peer: b.id })
      world.run(500)
    }
    expect(a.neighbours).toEqual([b.id])
    expect(a.node.links()[0]?.suspect).toBe(false)
  })
})
