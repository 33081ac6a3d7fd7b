import { describe, expect, it } from 'vitest'
import { clockwise } from './id.ts'
import { type Tab, World } from './node.testing.ts'

/** Two tabs that ICE does not connect, and others that it connects to everybody. */
function divided(
  seed: number,
  others: number,
  options: { maxPeers?: number } = {},
): [World, Tab, Tab, Tab[]] {
  const world = new World(seed)
  const rest = world.swarm(others, options)
  const a = world.tab(options)
  const b = world.tab(options)
  world.unreachable = (x, y) => (x === a.id && y === b.id) || (x === b.id && y === a.id)
  return [world, a, b, rest]
}

const isRelayed = (tab: Tab, to: Tab) =>
  tab.node.links().some(({ peer, relayed }) => peer === to.id && relayed)

/** Whether nobody stands between the two on one side of the ring. */
function areNext(a: Tab, b: Tab, others: readonly Tab[]): boolean {
  const isBetween = (from: Tab, to: Tab) =>
    others.some(({ id }) => clockwise(from.id, id) < clockwise(from.id, to.id))
  return !isBetween(a, b) || !isBetween(b, a)
}

describe('a router', () => {
  it.each([1, 2, 3])('is asked first to relay (seed %i)', first => {
    let seed = first
    let [world, a, b, rest] = divided(seed, 3, { maxPeers: 5 })
    while (!areNext(a, b, rest)) {
      seed += 3
      ;[world, a, b, rest] = divided(seed, 3, { maxPeers: 5 })
    }
    const router = rest[seed % 3] as Tab
    a.join()
    b.join()
    for (const tab of [a, b]) tab.input({ kind: 'route', peer: router.id, on: true })
    world.until(() => isRelayed(a, b) && isRelayed(b, a), 20_000)
    expect(rest.map(tab => tab.node.counters.circuits.relayed)).toEqual(
      rest.map(tab => (tab === router ? 1 : 0)),
    )
  })

  it('keeps its link in a swarm that is larger than the table', () => {
    const world = new World(4)
    const tabs = world.swarm(14, { maxPeers: 4 })
    const [tab] = tabs as [Tab]
    const router = tabs.find(other => other !== tab && !tab.neighbours.includes(other.id)) as Tab
    tab.input({ kind: 'route', peer: router.id, on: true })
    world.until(() => tab.neighbours.includes(router.id), 20_000)
    world.run(60_000)
    expect(tab.neighbours).toContain(router.id)
    expect(tab.neighbours.length).toBeLessThanOrEqual(4)
  })
})

describe('a peer that relays nothing', () => {
  it('leaves the two without a link, and the mesh goes around it', () => {
    const world = new World(5)
    const [relay] = world.swarm(1, { relay: false }) as [Tab]
    const a = world.tab()
    const b = world.tab()
    world.unreachable = (x, y) => x !== relay.id && y !== relay.id
    a.join()
    b.join()
    world.run(30_000)
    expect(relay.node.counters.circuits).toMatchObject({ relayed: 0 })
    expect(relay.node.counters.circuits.refused).toBeGreaterThan(0)
    expect(a.neighbours).toEqual([relay.id])
    const request = a.send(b, 'over two links all the same')
    world.run(3000)
    expect(a.outcomes.get(request)).toBe('ok')
  })
})
