import { describe, expect, it } from 'vitest'
import type { Input } from './input.ts'
import { type Tab, World } from './node.testing.ts'

describe('two nodes', () => {
  it('join, link, and say so once and in order', () => {
    const world = new World(1)
    const [a, b] = world.swarm(2) as [Tab, Tab]
    for (const tab of [a, b]) {
      expect(tab.states).toEqual(['connecting', 'connected'])
      expect(tab.seen('peer-connect')).toHaveLength(1)
      expect(tab.seen('open-link')).toHaveLength(1)
      expect(tab.node.counters.drops.size).toBe(0)
    }
    expect(a.neighbours).toEqual([b.id])
    expect(b.node.links()).toMatchObject([{ peer: a.id, slot: 'ring', roundTrip: 40, suspect: false }])
    // The one that was not alone: each thing follows from the one before it.
    const kinds = b.log.map(({ effect }) => effect.kind)
    const wanted = ['state', 'signaling-join', 'envelope', 'open-link', 'sign', 'peer-connect', 'state']
    let from = 0
    for (const kind of wanted) {
      from = kinds.indexOf(kind as never, from) + 1
      expect(from, kind).toBeGreaterThan(0)
    }
  })

  it('are idle without traffic: a few ticks a second, none at an instant already past', () => {
    const world = new World(2)
    const tabs = world.swarm(2)
    const before = tabs.map(tab => tab.ticks)
    const sent = tabs.map(tab => tab.seen('send').length)
    world.run(10_000)
    for (const [i, tab] of tabs.entries()) {
      expect((tab.ticks - before[i]!) / 10).toBeLessThan(20)
      expect((tab.seen('send').length - sent[i]!) / 10).toBeLessThan(8)
    }
  })

  it('ask for a wake again after every tick', () => {
    const world = new World(3)
    const [a] = world.swarm(2) as [Tab]
    for (let i = 0; i < 20; i++) {
      const effects = a.input({ kind: 'tick' })
      expect(effects.at(-1)).toMatchObject({ kind: 'wake' })
    }
  })
})

describe('a swarm', () => {
  it('of maxPeers + 1 is a full mesh', () => {
    const tabs = new World(4).swarm(5)
    for (const tab of tabs) expect(tab.neighbours).toHaveLength(4)
  })

  it('carries each broadcast to everybody once, in the order of its origin', () => {
    const world = new World(5)
    const tabs = world.swarm(11)
    const [a, b] = tabs as [Tab, Tab]
    const requests = ['1', '2', '3'].map(text => a.broadcast(text))
    const other = b.broadcast('b')
    world.run(5000)
    for (const request of requests) expect(a.outcomes.get(request)).toBe('ok')
    expect(b.outcomes.get(other)).toBe('ok')
    for (const tab of tabs) {
      const heard = tab.heard.filter(text => text !== 'b')
      expect(heard).toEqual(tab === a ? [] : ['1', '2', '3'])
      expect(tab.heard.filter(text => text === 'b')).toHaveLength(tab === b ? 0 : 1)
    }
    expect(Math.max(...tabs.flatMap(tab => tab.seen('deliver').map(effect => effect.hops)))).toBeGreaterThan(
      1,
    )
  })

  it('carries direct messages between every two, over as many hops as it takes', () => {
    const world = new World(6)
    const tabs = world.swarm(11)
    const requests: [Tab, number][] = []
    for (const from of tabs)
      for (const to of tabs) if (from !== to) requests.push([from, from.send(to, `${tabs.indexOf(from)}`)])
    world.run(9000)
    for (const [from, request] of requests) expect(from.outcomes.get(request)).toBe('ok')
    for (const tab of tabs) expect(new Set(tab.heard).size).toBe(10)
    for (const tab of tabs) expect(tab.heard).toHaveLength(10)
    expect(Math.max(...tabs.flatMap(tab => tab.seen('deliver').map(effect => effect.hops)))).toBeGreaterThan(
      1,
    )
  })

  it('tells who knows whom', () => {
    const [a] = new World(7).swarm(8) as [Tab]
    expect(a.node.known()).toHaveLength(7)
    for (const { neighbours } of a.node.topology()) expect(neighbours).toContain(a.id)
  })
})

describe('the state', () => {
  it('is connected when the swarm is found empty, and stays so while the first link is on its way', () => {
    const world = new World(8)
    const a = world.tab()
    a.join()
    world.run(1000)
    expect(a.states).toEqual(['connecting', 'connected'])
    expect(a.node.opening).toBe(0)
    world.unreachable = () => true
    const b = world.tab()
    b.join()
    world.run(4000)
    expect(a.node.opening).toBe(1)
    expect(a.node.state).toBe('connected')
    expect(b.node.state).toBe('connecting')
    world.unreachable = () => false
    world.run(20_000)
    expect(a.neighbours).toEqual([b.id])
    expect(a.states).toEqual(['connecting', 'connected'])
    expect(b.states).toEqual(['connecting', 'connected'])
  })

  it.each([0, 2])('is reconnecting when all links are gone, then connected again (tab %i)', index => {
    const world = new World(9)
    const tabs = world.swarm(3)
    const tab = tabs[index] as Tab
    world.unreachable = (x, y) => x === tab.id || y === tab.id
    for (const other of tabs) if (other !== tab) world.cut(tab, other)
    world.run(8000)
    expect(tab.neighbours).toEqual([])
    expect(tab.states).toEqual(['connecting', 'connected', 'reconnecting'])
    world.heal()
    world.unreachable = () => false
    world.run(40_000)
    expect(tab.states).toEqual(['connecting', 'connected', 'reconnecting', 'connected'])
    expect(tab.neighbours).toHaveLength(2)
  })

  it('decides what a broadcast without links is: said to nobody, or waiting for the first link', () => {
    const world = new World(11)
    const [a] = world.swarm(1) as [Tab]
    const b = world.tab()
    b.join()
    const requests = [a.broadcast('alone'), b.broadcast('early')] as const
    world.run(10)
    expect(a.outcomes.get(requests[0])).toBe('ok')
    expect(b.node.state).toBe('connecting')
    expect(b.outcomes.has(requests[1])).toBe(false)
    world.run(3000)
    expect(b.outcomes.get(requests[1])).toBe('ok')
    expect(a.seen('deliver')).toHaveLength(1)
  })

  it('does not take the death of the server for the loss of the mesh', () => {
    const world = new World(10)
    const [a, b] = world.swarm(2) as [Tab, Tab]
    a.input({ kind: 'signaling-down' })
    b.input({ kind: 'signaling-down' })
    const request = a.send(b, 'still here')
    world.run(1000)
    expect(a.node.state).toBe('connected')
    expect(a.outcomes.get(request)).toBe('ok')
  })
})

describe('leave', () => {
  it('says good-bye to every neighbour and closes every link', () => {
    const world = new World(11)
    const [a, b, c] = world.swarm(3) as [Tab, Tab, Tab]
    a.leave()
    expect(a.node.state).toBe('left')
    expect(a.node.links()).toEqual([])
    expect(a.seen('peer-disconnect')).toHaveLength(2)
    expect(a.seen('peer-disconnect').every(effect => effect.reason === 'left')).toBe(true)
    expect(a.seen('close-link')).toHaveLength(2)
    world.run(100)
    for (const tab of [b, c])
      expect(tab.seen('peer-disconnect')).toMatchObject([{ peer: a.id, reason: 'bye' }])
    expect(b.neighbours).toEqual([c.id])
  })

  it('settles what is open', () => {
    const world = new World(12, { cryptoDelay: 300 })
    const [a] = world.swarm(2) as [Tab]
    const stranger = world.tab()
    const requests = [a.send(stranger, 'lost', 60_000), a.broadcast('unsigned')]
    a.leave()
    for (const request of requests) expect(a.outcomes.get(request)).toBe('left')
    const late = [a.send(stranger, 'late'), a.broadcast('late')]
    for (const request of late) expect(a.outcomes.get(request)).toBe('left')
  })

  it('is the end of it: later inputs have no effects, and no wake is asked for', () => {
    const world = new World(13, { cryptoDelay: 60 })
    const tabs = world.swarm(4)
    const a = tabs[0] as Tab
    const link = a.linkTo(tabs[1] as Tab)
    const newcomer = world.tab()
    newcomer.join()
    world.until(() => a.node.opening > 0)
    a.broadcast('being signed')
    tabs[1]?.broadcast('being verified')
    world.run(70)
    a.leave()
    expect(a.seen('wake').at(-1)?.at).toBe(Number.POSITIVE_INFINITY)
    const late: Input[] = [
      { kind: 'tick' },
      { kind: 'packet', link, bytes: Uint8Array.of(0, 2, 8, 1) },
      { kind: 'link-open', link, binding: new Uint8Array(32) },
      { kind: 'link-signal', link, data: 'late' },
      { kind: 'link-taken', link },
      { kind: 'link-full', link },
      { kind: 'link-drained', link },
      { kind: 'link-closed', link, reason: 'closed' },
      { kind: 'peer-left', peer: newcomer.id },
      { kind: 'envelope', bytes: new Uint8Array(200) },
      { kind: 'signaling-up', sample: [{ id: newcomer.id, record: newcomer.record }] },
      { kind: 'sample', sample: [{ id: newcomer.id, record: newcomer.record }] },
      { kind: 'signaling-down' },
      { kind: 'cancel', request: 1 },
      { kind: 'leave' },
    ]
    for (let n = 0; n < 64; n++)
      for (const machine of ['gossip', 'routing', 'handshake'] as const)
        late.push(
          { kind: 'signed', token: { machine, n }, signature: new Uint8Array(64) },
          { kind: 'verified', token: { machine, n }, ok: true },
        )
    const idle = { kind: 'wake', at: Number.POSITIVE_INFINITY }
    for (const input of late)
      for (const effect of a.input(input)) expect(effect, `after '${input.kind}'`).toEqual(idle)
    const said = a.log.length
    world.run(60_000)
    expect(a.log.length).toBe(said)
  })

  it('can be followed by another join', () => {
    const world = new World(14)
    const [a, b] = world.swarm(3) as [Tab, Tab]
    a.leave()
    world.run(2000)
    a.join()
    world.run(8000)
    expect(a.states).toEqual(['connecting', 'connected', 'left', 'connecting', 'connected'])
    expect(a.neighbours).toHaveLength(2)
    const requests = [a.broadcast('back'), a.send(b, 'hello')]
    world.run(1000)
    for (const request of requests) expect(a.outcomes.get(request)).toBe('ok')
    expect(b.heard.sort()).toEqual(['back', 'hello'])
  })

  it('forgets what signaling said: a late word from it does not make the next join succeed by itself', () => {
    const world = new World(15)
    const [a] = world.swarm(2) as [Tab]
    a.leave()
    a.input({ kind: 'signaling-up', sample: [] })
    a.input({ kind: 'join', bootstrap: [] })
    expect(a.node.state).toBe('connecting')
  })
})
