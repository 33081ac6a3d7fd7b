import { describe, expect, it } from 'vitest'
import { type Tab, World } from './node.testing.ts'

/** What the application of a tab hears of its neighbours. */
const told = (tab: Tab) =>
  tab.log.flatMap(({ effect }) =>
    effect.kind === 'peer-connect' || effect.kind === 'peer-disconnect' ? [effect.kind] : [],
  )

function swarm(seed: number, count: number, maxPeers: number): [World, Tab, Tab[]] {
  const world = new World(seed)
  world.restarts = false
  const tabs = world.swarm(count, { maxPeers }, 5000)
  for (const tab of tabs) tab.log.length = 0
  return [world, tabs[0] as Tab, tabs.slice(1)]
}

/** Every link of a tab carries, both ways. */
const isWhole = (tab: Tab) =>
  tab.node.links().length > 0 && [...tab.links.values()].every(end => end.open && !end.silent)

describe('a tab whose links cannot look for a new path, on another network', () => {
  it.each([1, 2, 3])(
    'has new ones to the same neighbours, who never hear that it was gone (seed %i)',
    seed => {
      const [world, tab, others] = swarm(seed, 5, 8)
      const before = tab.neighbours.toSorted()
      world.move(tab)
      world.until(() => isWhole(tab) && tab.seen('link-replaced').length === 4, 3000)
      expect(tab.neighbours.toSorted()).toEqual(before)
      world.run(20_000)
      expect([tab, ...others].flatMap(told)).toEqual([])
      expect(tab.neighbours.toSorted()).toEqual(before)
      expect(tab.seen('peer-timeout')).toEqual([])
    },
  )

  it.each([4, 5, 6])('also where every table is full (seed %i)', seed => {
    const [world, tab, others] = swarm(seed, 5, 4)
    expect(tab.neighbours).toHaveLength(4)
    world.move(tab)
    world.until(() => isWhole(tab) && tab.seen('link-replaced').length === 4, 3000)
    world.run(20_000)
    expect([tab, ...others].flatMap(told)).toEqual([])
  })

  it.each([7, 8, 9])('in a swarm that is larger than the table (seed %i)', seed => {
    const [world, tab, others] = swarm(seed, 24, 5)
    const before = tab.neighbours
    world.move(tab)
    world.until(() => isWhole(tab) && tab.node.links().every(({ suspect }) => !suspect), 4000)
    expect(before.filter(peer => tab.neighbours.includes(peer)).length).toBeGreaterThanOrEqual(
      before.length - 1,
    )
    world.run(20_000)
    expect(others.every(isWhole)).toBe(true)
  })

  it('also where the end of the old link comes before the yes to a new one', () => {
    const [world, tab, [other]] = swarm(15, 2, 3) as [World, Tab, [Tab]]
    world.move(tab, 50)
    world.until(() => tab.seen('envelope').length > 0, 2000)
    tab.input({ kind: 'link-closed', link: tab.linkTo(other), reason: 'closed' })
    expect(tab.neighbours).toEqual([other.id])
    world.run(3000)
    expect([tab, other].flatMap(told)).toEqual([])
    expect(isWhole(tab)).toBe(true)
  })

  it('says so: it is reconnecting within 2 s, and connected when the first link is there', () => {
    const [world, tab] = swarm(10, 4, 8)
    world.move(tab, 1500)
    world.until(() => tab.states.includes('reconnecting'), 2000)
    world.until(() => tab.node.state === 'connected', 3000)
    world.run(20_000)
    expect(tab.states).toEqual(['reconnecting', 'connected'])
  })

  it('misses nothing that was broadcast meanwhile, and is told it once; what it broadcasts arrives', () => {
    const [world, tab, others] = swarm(11, 5, 4)
    others[0]?.broadcast('before')
    world.run(500)
    world.move(tab)
    for (let i = 0; i < 20; i++) {
      others[i % 4]?.broadcast(`to ${i}`)
      tab.broadcast(`from ${i}`)
      world.run(100)
    }
    world.run(5000)
    const sent = Array.from({ length: 20 }, (_, i) => i)
    expect(tab.heard.toSorted()).toEqual(['before', ...sent.map(i => `to ${i}`)].toSorted())
    for (const other of others) {
      const from = other.heard.filter(text => text.startsWith('from'))
      expect(from.toSorted()).toEqual(sent.map(i => `from ${i}`).toSorted())
    }
  })

  it('asks once where both ends have moved: the lower id is the one whose ask counts', () => {
    const [world, tab, [other]] = swarm(12, 2, 8) as [World, Tab, [Tab]]
    world.move(tab)
    world.move(other)
    world.until(() => isWhole(tab) && isWhole(other), 3000)
    world.run(10_000)
    expect([tab, other].flatMap(told)).toEqual([])
    for (const each of [tab, other]) {
      expect(each.seen('open-link')).toHaveLength(1)
      expect(each.seen('link-replaced')).toHaveLength(1)
    }
  })

  it('gives a neighbour up that no link comes about with, and says so once', () => {
    const [world, tab, [other, ...rest]] = swarm(13, 3, 8) as [World, Tab, [Tab, ...Tab[]]]
    world.unreachable = (a, b) => [a, b].includes(tab.id) && [a, b].includes(other.id)
    world.move(tab)
    world.until(
      () => told(tab).includes('peer-disconnect') && told(other).includes('peer-disconnect'),
      10_000,
    )
    // What they have next is a relayed link, as any two that ICE does not connect.
    world.until(() => tab.node.links().some(({ peer, relayed }) => relayed && peer === other.id), 20_000)
    expect(told(tab).slice(0, 2)).toEqual(['peer-disconnect', 'peer-connect'])
    for (const each of rest) expect(told(each)).toEqual([])
  })

  it('links to others where its neighbour has forgotten it', () => {
    const [world, tab, [other, third]] = swarm(14, 3, 8) as [World, Tab, [Tab, Tab]]
    tab.asleep = true
    world.move(tab)
    world.run(10_000)
    tab.asleep = false
    expect(other.neighbours).toEqual([third.id])
    world.move(tab)
    world.until(() => tab.neighbours.length === 2 && isWhole(tab), 6000)
  })
})

describe('a tab whose links can look for a new path', () => {
  it('asks for new ones where they find none in 2 s', () => {
    const [world, tab, others] = swarm(20, 4, 8)
    world.restarts = true
    const [moved, ...rest] = world.swarm(3, { maxPeers: 8 }, 3000) as [Tab, ...Tab[]]
    for (const each of [tab, moved, ...others, ...rest]) each.log.length = 0
    world.move(moved)
    world.run(1500)
    expect(moved.seen('restart-link').length).toBeGreaterThan(0)
    expect(moved.seen('open-link')).toEqual([])
    world.until(() => isWhole(moved), 4000)
    expect(told(moved)).toEqual([])
  })

  it('has 5 s for it at the other end, too, where the server says there that it has left', () => {
    const world = new World(23)
    const [tab, other] = world.swarm(2) as [Tab, Tab]
    other.log.length = 0
    world.move(tab, 50)
    other.input({ kind: 'peer-left', peer: tab.id })
    world.until(() => tab.seen('restart-link').length > 0, 1000)
    tab.input({ kind: 'link-signal', link: tab.linkTo(other), data: 'offer' })
    world.run(1900)
    expect(told(other)).toEqual([])
    // Then a new link is there.
    world.run(2000)
    expect([tab, other].map(isWhole)).toEqual([true, true])
    expect(told(other)).toEqual([])
  })

  it('has its signals answered by the server, though the other side does not know of the silence yet', () => {
    const world = new World(21)
    const [tab, other] = world.swarm(2) as [Tab, Tab]
    const link = other.linkTo(tab)
    world.move(tab, 50)
    world.until(() => tab.seen('restart-link').length > 0, 1000)
    tab.input({ kind: 'link-signal', link: tab.linkTo(other), data: 'offer' })
    other.log.length = 0
    world.until(() => other.seen('link-signal').length > 0, 500)
    expect(other.node.links()).toMatchObject([{ suspect: false }])
    tab.log.length = 0
    other.input({ kind: 'link-signal', link, data: 'answer' })
    world.until(() => tab.seen('link-signal').some(({ data }) => data === 'answer'), 500)
  })
})

describe('a relayed link that a direct one replaces', () => {
  it('is no end of a neighbour to the application', () => {
    const world = new World(22)
    const [relay] = world.swarm(1) as [Tab]
    const [a, b] = [world.tab(), world.tab()]
    world.unreachable = (x, y) => x !== relay.id && y !== relay.id
    a.join()
    b.join()
    world.until(() => a.node.links().some(({ relayed }) => relayed), 20_000)
    world.run(1000)
    for (const tab of [a, b]) tab.log.length = 0
    world.unreachable = () => false
    world.until(() => a.node.links().every(({ relayed }) => !relayed), 60_000)
    world.run(1000)
    expect([a, b].flatMap(told)).toEqual([])
    expect(a.seen('link-replaced')).toHaveLength(1)
    a.broadcast('over the new one')
    world.run(500)
    expect(b.heard).toEqual(['over the new one'])
  })
})
