import { describe, expect, it } from 'vitest'
import { idFromBytes, idToBytes, type PeerId } from './id.ts'
import { SWARM, signature, type Tab, World } from './node.testing.ts'
import { decodeAsk, LETTER, writeIds } from './overlay/letters.ts'
import { Overlay, type OverlayEffect } from './overlay/overlay.ts'
import { encodeRecord, idOfKey, recordToSign } from './record.ts'
import { readAddress } from './routing/envelope.ts'
import { readTransit } from './routing/frames.ts'
import { seeded } from './routing/network.test-support.ts'
import { Frame } from './wire/frame.ts'
import { Reader } from './wire/reader.ts'
import { Writer } from './wire/writer.ts'

/** What a tab has sent of its own accord about a peer, in order: the link of a first hop, or `server`. */
function roadsTo(tab: Tab, peer: PeerId): (number | 'server')[] {
  return tab.log.flatMap(({ effect }): (number | 'server')[] => {
    if (effect.kind === 'envelope') return effect.to === peer ? ['server'] : []
    if (effect.kind !== 'send' || effect.frame[0] !== Frame.ROUTED) return []
    const transit = readTransit(new Reader(effect.frame, 1))
    const isOwn = transit?.hops === 1 && readAddress(transit.envelope)?.to === peer
    return isOwn ? [effect.link] : []
  })
}

/** A tab with a router for a neighbour, and somebody whom another neighbour knows and the router does not. */
function introduced(seed: number): { world: World; tabs: Tab[]; tab: Tab; router: Tab; other: Tab } {
  for (let next = seed; ; next += 7) {
    const world = new World(next)
    const tabs = world.swarm(30, { maxPeers: 6 })
    const [tab, router] = tabs as [Tab, Tab]
    tab.input({ kind: 'route', peer: router.id, on: true })
    world.until(() => tab.neighbours.includes(router.id), 20_000)
    world.run(1000)
    const other = tabs.find(
      each =>
        each !== tab &&
        !tab.neighbours.includes(each.id) &&
        !router.neighbours.includes(each.id) &&
        tabs.some(({ id, neighbours }) => tab.neighbours.includes(id) && neighbours.includes(each.id)),
    )
    if (other !== undefined) return { world, tabs, tab, router, other }
  }
}

const shuffles = (tab: Tab, link: number) =>
  tab.log.findIndex(
    ({ effect }) => effect.kind === 'send' && effect.link === link && effect.frame[0] === Frame.SHUFFLE,
  )

describe('a router is asked first to introduce', () => {
  it.each([1, 2, 3])('also where another neighbour stands nearer to who is asked for (seed %i)', seed => {
    const { world, tab, router, other } = introduced(seed)
    tab.log.length = 0
    // As a second router it is asked for a link, at once or after the wait for one that refused while all joined (4 s, a quarter more).
    tab.input({ kind: 'route', peer: other.id, on: true })
    world.until(() => roadsTo(tab, other.id).length > 0, 5000)
    expect(roadsTo(tab, other.id)[0]).toBe(tab.linkTo(router))
    world.until(() => tab.neighbours.includes(other.id), 20_000)
    expect(tab.node.links().find(({ peer }) => peer === other.id)?.signaledBy).toBe('mesh')
  })

  it.each([4, 5])('and before the server, where neighbours were lost (seed %i)', seed => {
    const { world, tabs, tab, router, other } = introduced(seed)
    const victim = tabs.find(each => each !== router && tab.neighbours.includes(each.id)) as Tab
    victim.die()
    world.until(() => tab.node.links().some(({ suspect }) => suspect), 5000)
    tab.log.length = 0
    tab.input({ kind: 'route', peer: other.id, on: true })
    world.until(() => roadsTo(tab, other.id).length > 0, 1000)
    expect(roadsTo(tab, other.id)[0]).toBe(tab.linkTo(router))
  })

  it('others are, where the router knows no way', () => {
    const { world, tabs, tab, router, other } = introduced(6)
    world.hub.deaf.add(other.id)
    for (const each of tabs) if (each !== tab) world.cuts.add(`${router.id}>${each.id}`)
    tab.input({ kind: 'route', peer: other.id, on: true })
    world.until(() => tab.neighbours.includes(other.id), 20_000)
    expect(new Set(roadsTo(tab, other.id)).size).toBeGreaterThan(1)
  })

  it('and whom it knows, before the server is', () => {
    const world = new World(8)
    const tabs = world.swarm(10, { maxPeers: 4 })
    const [router] = tabs as [Tab]
    world.hub.names = member => member === router
    // It wants more links than the others have to give.
    const tab = world.tab({ maxPeers: 16 })
    tab.join()
    tab.input({ kind: 'route', peer: router.id, on: true })
    world.until(() => tab.neighbours.includes(router.id), 3000)
    const link = tab.linkTo(router)
    world.until(() => shuffles(tab, link) > 0, 5000)
    const asked = shuffles(tab, link)
    const sampled = tab.log.findIndex(({ effect }) => effect.kind === 'signaling-sample')
    expect(sampled === -1 || sampled > asked).toBe(true)
  })
})

/** Whom an overlay asks for other than ring links, in order, with one neighbour that has named these. */
function askedFirst(byRouter: boolean, named: readonly PeerId[], known: readonly PeerId[], teller: PeerId) {
  const random = seeded(4)
  const id = idFromBytes(random.bytes(32))
  const overlay = new Overlay({ id, maxPeers: 16, kademliaK: 20, connectTimeout: 10_000, random })
  const out: OverlayEffect[] = []
  overlay.join([], 0)
  overlay.adopt({ kind: 'adopt', peer: teller, prepared: 1, patience: 1000 }, 0, out)
  const link = overlay.up().length + 1
  overlay.linkUp(link, 0, out)
  if (byRouter) overlay.route(teller, true, 0)
  overlay.learn(known, 0)
  const reader = new Reader(writeIds(new Writer(), named).finish())
  overlay.frame(link, Frame.SHUFFLED, reader, 0, out)
  for (let now = 250; now < 30_000; now += 50) overlay.tick(now, out)
  return out.flatMap(effect =>
    effect.kind === 'tell' && effect.letter === LETTER.ASK && decodeAsk(effect.body)?.ring === false
      ? [effect.to]
      : [],
  )
}

it('whom a router names is dialled before others, and whom another neighbour names is not', () => {
  const { bytes } = seeded(3)
  const ids = Array.from({ length: 55 }, () => idFromBytes(bytes(32)))
  const [teller, ...others] = ids as [PeerId, ...PeerId[]]
  const named = others.slice(0, 4)
  const early = (byRouter: boolean) => {
    const asked = new Set(askedFirst(byRouter, named, others.slice(4), teller))
    const first = [...asked].slice(0, named.length)
    return first.map(peer => named.includes(peer))
  }
  // The others of the named are the nearest on the ring, and were asked already.
  expect(early(true)).toEqual([true, true, false, false])
  expect(early(false)).not.toContain(true)
})

describe('a router serves whom it can verify', () => {
  it('and nobody whose handshake is not through: no names, no letter passed on, no circuit', () => {
    const world = new World(10, { cryptoDelay: 500 })
    const [router, other] = world.swarm(2, {}, 5000) as [Tab, Tab]
    const stranger = world.tab()
    stranger.join()
    const isOpen = () => [...router.links.values()].some(end => end.open && end.partner?.tab === stranger)
    world.until(isOpen)
    router.log.length = 0
    other.log.length = 0
    const letter = new Writer().u8(0).bytes(idToBytes(other.id)).u48(1).bytes(new Uint8Array(78)).finish()
    stranger.emit(
      router,
      writeIds(new Writer().u8(Frame.SHUFFLE), []).finish(),
      new Writer().u8(Frame.ROUTED).u8(1).u8(8).varint(1).bytes(letter).finish(),
      new Writer().u8(Frame.CONNECT).varint(2).bytes(idToBytes(other.id)).bytes(new Uint8Array(16)).finish(),
    )
    expect(router.drops('unexpected')).toBe(3)
    world.run(100)
    const told = router.seen('send').map(({ frame }) => frame[0] as number)
    for (const type of [Frame.SHUFFLED, Frame.ROUTED, Frame.OFFER, Frame.TAKEN, Frame.HANGUP])
      expect(told).not.toContain(type)
    expect(router.node.counters).toMatchObject({ routing: { forwarded: 0 }, circuits: { relayed: 0 } })
  })

  it('and introduces nobody whose record is forged', () => {
    const world = new World(11)
    const [router, villain] = world.swarm(3) as [Tab, Tab, Tab]
    const key = world.random.bytes(32)
    const boxKey = world.random.bytes(32)
    const record = (signed: Uint8Array) => encodeRecord(key, boxKey, 1000, signed)
    const peers = (bytes: Uint8Array) => new Writer().u8(Frame.PEERS).bytes(bytes).finish()
    villain.emit(router, peers(record(new Uint8Array(64).fill(3))))
    world.run(100)
    expect(router.drops('bad-signature')).toBe(1)
    expect(router.node.recordOf(idOfKey(key))).toBeUndefined()
    // Who comes now is told of the router's neighbours, and of nobody else.
    const newcomer = world.tab()
    newcomer.join()
    world.run(3000)
    expect(newcomer.node.recordOf(idOfKey(key))).toBeUndefined()
    const real = record(signature(key, recordToSign(SWARM, key, boxKey, 1000)))
    newcomer.emit(router, peers(real))
    world.run(100)
    expect(router.node.recordOf(idOfKey(key))).toEqual(real)
  })
})

describe('a link to a router lasts', () => {
  const losses = (tab: Tab, peer: PeerId) =>
    tab.seen('peer-disconnect').filter(each => each.peer === peer).length

  it.each([21, 22, 23, 24, 25, 26, 27, 28, 29, 30])(
    'though the router has better ones, in a swarm of full tables (seed %i)',
    seed => {
      const world = new World(seed)
      const tabs = world.swarm(12, { maxPeers: 4 })
      const [tab] = tabs as [Tab]
      world.run(5000)
      const router = tabs.find(each => each !== tab && !tab.neighbours.includes(each.id)) as Tab
      tab.input({ kind: 'route', peer: router.id, on: true })
      world.until(() => tab.neighbours.includes(router.id), 20_000)
      tab.log.length = 0
      world.run(60_000)
      expect(losses(tab, router.id)).toBeLessThanOrEqual(1)
      expect(tab.neighbours).toContain(router.id)
    },
  )

  it.each([31, 32, 33])('and of more routers than there are places nobody is turned out (seed %i)', seed => {
    const world = new World(seed)
    const tabs = world.swarm(12, { maxPeers: 4 })
    const [tab, ...others] = tabs as [Tab, ...Tab[]]
    for (const { id } of others.slice(0, 5)) tab.input({ kind: 'route', peer: id, on: true })
    world.run(20_000)
    tab.log.length = 0
    world.run(60_000)
    expect(tab.seen('peer-disconnect').length).toBeLessThanOrEqual(2)
    expect(others.slice(0, 5).filter(({ id }) => tab.neighbours.includes(id)).length).toBeGreaterThanOrEqual(
      2,
    )
  })
})
