import { describe, expect, it } from 'vitest'
import type { PeerId } from './id.ts'
import { type Tab, World } from './node.testing.ts'
import { decodeRecord, RECORD_BYTES } from './record.ts'
import { Frame } from './wire/frame.ts'
import { Writer } from './wire/writer.ts'

/** A tab that crashed and comes back with its key and its book. */
function comeBack(world: World, tab: Tab): Tab {
  const contacts = tab.book()
  tab.die()
  world.run(8000)
  const back = world.tab({ key: tab.key, epoch: 2000 })
  back.join()
  back.input({ kind: 'contacts', contacts })
  return back
}

describe('a tab that comes back with its address book', () => {
  it('links to its old neighbours where the server names nobody', () => {
    const world = new World(21)
    const tabs = world.swarm(8)
    const [gone] = tabs as [Tab]
    const before = gone.neighbours
    world.hub.names = () => false
    const back = comeBack(world, gone)
    world.run(5000)
    expect(back.neighbours.length).toBeGreaterThanOrEqual(3)
    expect(back.neighbours.some(peer => before.includes(peer))).toBe(true)
    // Without the book it would be alone.
    const other = world.tab()
    other.join()
    world.run(5000)
    expect(other.neighbours).toEqual([])
  })

  it('needs one old neighbour at the server: it writes to the others through that one, with the records it was given', () => {
    const world = new World(22)
    const tabs = world.swarm(8)
    const [gone] = tabs as [Tab]
    const [one, ...rest] = gone.neighbours.map(id => tabs.find(tab => tab.id === id) as Tab) as [
      Tab,
      ...Tab[],
    ]
    world.hub.names = () => false
    for (const tab of tabs) if (tab !== one) world.hub.deaf.add(tab.id)
    const back = comeBack(world, gone)
    world.hub.deaf.delete(back.id)
    world.run(10_000)
    expect(back.neighbours).toContain(one.id)
    expect(rest.some(tab => back.neighbours.includes(tab.id))).toBe(true)
  })

  it('is not kept from anybody by a book of the dead', () => {
    const world = new World(23)
    const tabs = world.swarm(6)
    const dead = world.swarm(3)
    const contacts = dead.map(({ id, record }) => ({ id, record }))
    for (const tab of dead) tab.die()
    world.run(10_000)
    const back = world.tab()
    back.join()
    back.input({ kind: 'contacts', contacts })
    world.until(() => back.neighbours.length > 0, 3000)
    world.run(5000)
    expect(back.neighbours.every(peer => tabs.some(tab => tab.id === peer))).toBe(true)
  })
})

describe('two neighbours', () => {
  it('tell each other’s address, once, and it is only shown', () => {
    const world = new World(24)
    const [a, b] = world.swarm(2) as [Tab, Tab]
    a.input({ kind: 'seen', link: a.linkTo(b), address: '203.0.113.7:50123' })
    a.input({ kind: 'seen', link: a.linkTo(b), address: 'x'.repeat(65) })
    a.input({ kind: 'seen', link: a.linkTo(b), address: '198.51.100.1:1' })
    world.run(100)
    expect(b.seen('seen').map(({ address }) => address)).toEqual(['203.0.113.7:50123'])
    expect(b.drops('unexpected')).toBe(1)
  })

  it('the one that has few is told the records of the other’s neighbours, and knows them', () => {
    const world = new World(25)
    const tabs = world.swarm(6, { maxPeers: 3 })
    const frames = tabs.flatMap(tab => tab.seen('send')).filter(({ frame }) => frame[0] === Frame.PEERS)
    expect(frames.length).toBeGreaterThan(0)
    for (const { frame } of frames) expect((frame.length - 1) % RECORD_BYTES).toBe(0)
  })
})

describe('a hostile neighbour', () => {
  it('tells of nobody who has not signed, and of no more than eight', () => {
    const world = new World(26)
    const [a, b] = world.swarm(2) as [Tab, Tab]
    const forged = (count: number): Uint8Array =>
      new Writer(2048)
        .u8(Frame.PEERS)
        .bytes(world.random.bytes(count * RECORD_BYTES))
        .finish()
    b.emit(a, forged(9))
    world.run(100)
    expect(a.drops('malformed')).toBe(1)
    b.emit(a, Uint8Array.of(Frame.PEERS, 1, 2, 3))
    world.run(100)
    expect(a.drops('unexpected')).toBe(1)
    const [c, d] = world.swarm(2) as [Tab, Tab]
    const made = forged(1)
    d.emit(c, made)
    world.run(100)
    expect(c.drops('bad-signature')).toBe(1)
    expect(c.node.recordOf(decodeRecord(made.subarray(1))?.id as PeerId)).toBeUndefined()
  })
})
