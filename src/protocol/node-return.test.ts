import { describe, expect, it } from 'vitest'
import { type Tab, World } from './node.testing.ts'

/** Nothing reaches a tab, and nothing it does reaches others, for so long: its world goes on without it. */
function sleep(world: World, tab: Tab, ms: number, others: readonly Tab[]): void {
  tab.asleep = true
  for (const other of others) world.cut(tab, other)
  world.run(ms)
  for (const other of others) world.mend(tab, other)
  tab.asleep = false
}

/** As the mesh does it when it notices. */
function wake(world: World, tab: Tab, slept: number, network = false): void {
  tab.input({ kind: 'signaling-down' })
  tab.input({ kind: 'awake', slept, network })
  tab.input({ kind: 'tick' })
  world.after(100, () => world.hub.join(tab))
}

function heard(tab: Tab): string[] {
  return [...tab.heard].sort()
}

describe('a tab that slept for ten minutes', () => {
  it('knows within 2 s that its neighbours are gone, says so, links again, and has what it missed, once', () => {
    const world = new World(3)
    const tabs = world.swarm(8)
    const [sleeper, ...others] = tabs as [Tab, ...Tab[]]
    const [sender] = others as [Tab]
    sender.broadcast('before')
    world.run(500)
    const lost = sleeper.neighbours.length
    sleeper.log.length = 0
    sleep(world, sleeper, 300_000, others)
    for (const text of ['one', 'two', 'three']) sender.broadcast(text)
    sleep(world, sleeper, 300_000, others)
    wake(world, sleeper, 600_000)
    world.run(2000)
    expect(sleeper.seen('peer-timeout').length).toBeGreaterThanOrEqual(lost)
    expect(sleeper.states).toEqual(['reconnecting', 'connected'])
    world.until(() => sleeper.heard.length === 3, 3000)
    world.run(5000)
    expect(heard(sleeper)).toEqual(['one', 'three', 'two'])
  })

  it('asks the server for a sample at once, also of one that is still there', () => {
    const world = new World(4)
    const [sleeper, ...others] = world.swarm(3) as [Tab, ...Tab[]]
    sleep(world, sleeper, 60_000, others)
    sleeper.log.length = 0
    sleeper.input({ kind: 'awake', slept: 60_000, network: false })
    sleeper.input({ kind: 'tick' })
    expect(sleeper.seen('signaling-sample')).toHaveLength(1)
  })
})

describe('a tab that was out of sight', () => {
  it('keeps its links, and costs a PING each', () => {
    const world = new World(5)
    const [tab, other] = world.swarm(2) as [Tab, Tab]
    tab.log.length = 0
    tab.input({ kind: 'awake', slept: 0, network: false })
    expect(tab.seen('send')).toHaveLength(1)
    world.run(10_000)
    expect(tab.neighbours).toEqual([other.id])
    expect(tab.states).toEqual([])
  })
})

describe('a tab that has announced a rest', () => {
  it('is suspect as fast as any, and keeps its links for 90 s', () => {
    const world = new World(6)
    const [sleeper, other] = world.swarm(2) as [Tab, Tab]
    sleeper.input({ kind: 'rest', resting: true })
    world.run(100)
    sleep(world, sleeper, 4000, [other])
    sleeper.asleep = true
    world.cut(sleeper, other)
    expect(other.node.links()).toMatchObject([{ peer: sleeper.id, suspect: true }])
    world.run(80_000)
    expect(other.neighbours).toEqual([sleeper.id])
    world.run(10_000)
    expect(other.neighbours).toEqual([])
  })

  it('has the broadcasts of a minute when it is back, once, over the links it had', () => {
    const world = new World(7)
    const [sleeper, ...others] = world.swarm(4) as [Tab, ...Tab[]]
    sleeper.input({ kind: 'rest', resting: true })
    world.run(100)
    sleep(world, sleeper, 30_000, others)
    for (const other of others) other.broadcast(other.id)
    sleep(world, sleeper, 30_000, others)
    sleeper.input({ kind: 'rest', resting: false })
    sleeper.input({ kind: 'awake', slept: 60_000, network: false })
    world.until(() => sleeper.heard.length === 3, 4000)
    world.run(3000)
    expect(heard(sleeper)).toEqual(others.map(other => other.id).sort())
    expect(others.flatMap(other => other.seen('peer-disconnect'))).toEqual([])
  })

  it('has today’s six seconds again after it took it back', () => {
    const world = new World(8)
    const [sleeper, other] = world.swarm(2) as [Tab, Tab]
    sleeper.input({ kind: 'rest', resting: true })
    sleeper.input({ kind: 'rest', resting: false })
    world.run(100)
    sleep(world, sleeper, 8000, [other])
    expect(other.neighbours).toEqual([])
  })
})

describe('a tab that changes networks', () => {
  it('looks for a new path where a neighbour does not answer, once per link, when the server is there again', () => {
    const world = new World(9)
    const [tab, other] = world.swarm(2) as [Tab, Tab]
    const link = tab.linkTo(other)
    world.cut(tab, other)
    tab.input({ kind: 'signaling-down' })
    tab.input({ kind: 'awake', slept: 0, network: true })
    world.run(1000)
    expect(tab.seen('restart-link')).toEqual([])
    tab.input({ kind: 'signaling-up', sample: [] })
    expect(tab.seen('restart-link')).toEqual([{ kind: 'restart-link', link }])
    // The offer goes by the server, not over the link that it is about.
    tab.log.length = 0
    tab.input({ kind: 'link-signal', link, data: 'offer' })
    expect(tab.seen('envelope')).toHaveLength(1)
    world.until(() => other.seen('link-signal').some(({ data }) => data === 'offer'), 500)
    world.heal()
    world.run(3000)
    expect(tab.neighbours).toEqual([other.id])
    expect(tab.seen('restart-link')).toEqual([])
  })

  it('gives a link up that finds none, and in whose place none comes about within 10 s', () => {
    const world = new World(10)
    const [tab, other] = world.swarm(2) as [Tab, Tab]
    world.cut(tab, other)
    tab.input({ kind: 'awake', slept: 0, network: true })
    world.run(4900)
    expect(tab.seen('peer-disconnect')).toEqual([])
    world.run(5100)
    expect(tab.seen('peer-disconnect').map(({ peer }) => peer)).toContain(other.id)
    expect(tab.seen('peer-timeout').map(({ peer }) => peer)).toContain(other.id)
  })
})
