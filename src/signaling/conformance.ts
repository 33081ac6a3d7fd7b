/**
 * What every SignalingTransport must do, as a suite: each adapter runs it over a place where transports meet.
 * The test framework is handed in, so that the suite runs in Node and in a browser.
 * @module
 */
import type { PeerId } from '../protocol/id.ts'
import type { SampledPeer, SignalingEvents, SignalingSession, SignalingTransport } from './port.ts'

/** What is used of a test framework (vitest's names). */
export interface TestApi {
  describe(name: string, suite: () => void): void
  it(name: string, test: () => Promise<void>): void
  expect(actual: unknown): {
    toBe(expected: unknown): void
    toEqual(expected: unknown): void
    toBeLessThanOrEqual(expected: number): void
    toContain(expected: unknown): void
    not: { toContain(expected: unknown): void }
  }
}

/** A place where transports meet, made anew for each test. */
export interface MeetingPlace {
  transport(): SignalingTransport
  /** A fresh peer of a swarm, with a key that signs. */
  session(discoveryKey: string): SignalingSession
  /** A transport loses its connection without a word, as when a tab crashes, and does not come back by itself. */
  cut(transport: SignalingTransport): void
  /** The server goes, all connections with it. A transport without a server has none of the two. */
  stop?(): Promise<void>
  /** The server is back at the same address. */
  start?(): Promise<void>
  dispose(): Promise<void>
}

/** One thing a transport told. */
export type Told =
  | { readonly kind: 'up'; readonly peers: readonly SampledPeer[] }
  | { readonly kind: 'sample'; readonly peers: readonly SampledPeer[] }
  | { readonly kind: 'down'; readonly reason: string; readonly retryIn: number | undefined }
  | { readonly kind: 'envelope'; readonly bytes: Uint8Array }
  | { readonly kind: 'left'; readonly peer: PeerId }
  | { readonly kind: 'warning'; readonly code: string; readonly message: string }

/** Records what a transport tells, and waits for it. */
export class Listener implements SignalingEvents {
  readonly told: Told[] = []
  private read = 0
  private notify: () => void = () => {}

  up(peers: readonly SampledPeer[]): void {
    this.add({ kind: 'up', peers })
  }
  sample(peers: readonly SampledPeer[]): void {
    this.add({ kind: 'sample', peers })
  }
  down(reason: string, retryIn: number | undefined): void {
    this.add({ kind: 'down', reason, retryIn })
  }
  envelope(bytes: Uint8Array): void {
    this.add({ kind: 'envelope', bytes })
  }
  left(peer: PeerId): void {
    this.add({ kind: 'left', peer })
  }
  warning(code: string, message: string): void {
    this.add({ kind: 'warning', code, message })
  }

  /** The next thing told of a kind; what is told of other kinds before it is passed over. */
  async next<K extends Told['kind']>(kind: K): Promise<Extract<Told, { kind: K }>> {
    for (;;) {
      while (this.read < this.told.length) {
        const told = this.told[this.read++]
        if (told?.kind === kind) return told as Extract<Told, { kind: K }>
      }
      await new Promise<void>(resolve => {
        this.notify = resolve
      })
    }
  }

  count(kind: Told['kind']): number {
    return this.told.filter(told => told.kind === kind).length
  }

  private add(told: Told): void {
    this.told.push(told)
    this.notify()
  }
}

/** A swarm that exists for one test. */
const SWARM = 'swarm'.padEnd(51, 'a').concat('a')
const OTHER_SWARM = 'other'.padEnd(51, 'a').concat('a')

interface Peer {
  readonly id: PeerId
  readonly session: SignalingSession
  readonly transport: SignalingTransport
  readonly listener: Listener
}

/** @param serverless leaves out what only a server can do: go, and come back */
export function signalingConformance(
  api: TestApi,
  name: string,
  make: () => Promise<MeetingPlace>,
  { serverless = false } = {},
): void {
  const { describe, it, expect } = api

  const at = (test: (place: MeetingPlace) => Promise<void>) => async () => {
    const place = await make()
    try {
      await test(place)
    } finally {
      await place.dispose()
    }
  }
  const begin = (place: MeetingPlace, swarm = SWARM): Peer => {
    const session = place.session(swarm)
    const transport = place.transport()
    const listener = new Listener()
    transport.open(session, listener)
    return { id: session.id, session, transport, listener }
  }
  const join = async (place: MeetingPlace, swarm = SWARM) => {
    const peer = begin(place, swarm)
    const { peers } = await peer.listener.next('up')
    return { ...peer, sample: peers }
  }
  const ids = (peers: readonly SampledPeer[]) => peers.map(({ id }) => id)

  describe(`SignalingTransport: ${name}`, () => {
    it(
      'tells up with an empty sample to the first, and of the first to the second',
      at(async place => {
        const first = await join(place)
        const second = await join(place)
        expect(first.sample).toEqual([])
        expect(second.sample).toEqual([{ id: first.id, record: first.session.record }])
      }),
    )

    it(
      'tells nothing inside a call',
      at(async place => {
        const { listener, transport } = begin(place)
        expect(listener.told.length).toBe(0)
        await listener.next('up')
        const before = listener.told.length
        transport.sample()
        transport.send('a'.repeat(52) as PeerId, Uint8Array.of(1))
        expect(listener.told.length).toBe(before)
      }),
    )

    it(
      'carries envelopes whole and in order, both ways, empty ones and large ones',
      at(async place => {
        const a = await join(place)
        const b = await join(place)
        const large = Uint8Array.from({ length: 48_000 }, (_, i) => (i * 31) & 255)
        const envelopes = [Uint8Array.of(1, 2, 3), new Uint8Array(0), large, Uint8Array.of(255)]
        for (const envelope of envelopes) expect(a.transport.send(b.id, envelope)).toBe(true)
        for (const envelope of envelopes) expect((await b.listener.next('envelope')).bytes).toEqual(envelope)
        expect(b.transport.send(a.id, Uint8Array.of(7))).toBe(true)
        expect((await a.listener.next('envelope')).bytes).toEqual(Uint8Array.of(7))
      }),
    )

    it(
      'does not see a change of an envelope after send',
      at(async place => {
        const a = await join(place)
        const b = await join(place)
        const envelope = Uint8Array.of(1, 2, 3)
        a.transport.send(b.id, envelope)
        envelope.fill(9)
        expect((await b.listener.next('envelope')).bytes).toEqual(Uint8Array.of(1, 2, 3))
      }),
    )

    it(
      'keeps swarms apart',
      at(async place => {
        const here = await join(place)
        const there = await join(place, OTHER_SWARM)
        expect(there.sample).toEqual([])
        there.transport.send(here.id, Uint8Array.of(1))
        expect((await there.listener.next('left')).peer).toBe(here.id)
        expect(here.listener.count('envelope')).toBe(0)
      }),
    )

    it(
      'gives bounded samples without oneself, with the nearest on both sides of the ring',
      at(async place => {
        const peers: Peer[] = []
        for (let i = 0; i < 40; i++) peers.push(await join(place))
        const [self] = peers as [Peer]
        self.transport.sample()
        const sample = ids((await self.listener.next('sample')).peers)
        expect(sample.length).toBeLessThanOrEqual(16)
        expect(new Set(sample).size).toBe(sample.length)
        expect(sample).not.toContain(self.id)
        const ring = peers.map(({ id }) => id).sort(byRing)
        const index = ring.indexOf(self.id)
        for (const step of [1, 2, 39, 38]) expect(sample).toContain(ring[(index + step) % 40])
      }),
    )

    it(
      'gives everybody where there are few',
      at(async place => {
        const peers: Peer[] = []
        for (let i = 0; i < 12; i++) peers.push(await join(place))
        const [self, ...others] = peers as [Peer, ...Peer[]]
        self.transport.sample()
        const sample = ids((await self.listener.next('sample')).peers)
        expect(sample.sort()).toEqual(others.map(({ id }) => id).sort())
      }),
    )

    it(
      'tells left for an envelope to nobody',
      at(async place => {
        const a = await join(place)
        const stranger = place.session(SWARM).id
        expect(a.transport.send(stranger, Uint8Array.of(1))).toBe(true)
        expect((await a.listener.next('left')).peer).toBe(stranger)
      }),
    )

    it(
      'tells of a peer that leaves to those it exchanged envelopes with, and to nobody else',
      at(async place => {
        const leaver = await join(place)
        const friend = await join(place)
        const bystander = await join(place)
        friend.transport.send(leaver.id, Uint8Array.of(1))
        await leaver.listener.next('envelope')
        leaver.transport.close()
        expect((await friend.listener.next('left')).peer).toBe(leaver.id)
        bystander.transport.sample()
        expect(ids((await bystander.listener.next('sample')).peers)).toEqual([friend.id])
        expect(bystander.listener.count('left')).toBe(0)
      }),
    )

    it(
      'tells of a peer that is lost without a word, once, and takes it out of samples',
      at(async place => {
        const lost = await join(place)
        const friend = await join(place)
        lost.transport.send(friend.id, Uint8Array.of(1))
        await friend.listener.next('envelope')
        place.cut(lost.transport)
        expect((await friend.listener.next('left')).peer).toBe(lost.id)
        friend.transport.sample()
        expect((await friend.listener.next('sample')).peers).toEqual([])
        lost.transport.close()
        friend.transport.sample()
        await friend.listener.next('sample')
        expect(friend.listener.count('left')).toBe(1)
      }),
    )

    it(
      'tells nothing after close, can be closed twice and opened again',
      at(async place => {
        const a = await join(place)
        const b = await join(place)
        b.transport.send(a.id, Uint8Array.of(1))
        a.transport.close()
        a.transport.close()
        const told = a.listener.told.length
        expect(a.transport.send(b.id, Uint8Array.of(1))).toBe(false)
        a.transport.sample()
        const again = new Listener()
        a.transport.open(a.session, again)
        expect(ids((await again.next('up')).peers)).toEqual([b.id])
        b.transport.send(a.id, Uint8Array.of(2))
        expect((await again.next('envelope')).bytes).toEqual(Uint8Array.of(2))
        expect(a.listener.told.length).toBe(told)
      }),
    )

    it(
      'replaces the former connection of the same key',
      at(async place => {
        const former = await join(place)
        const friend = await join(place)
        const listener = new Listener()
        const transport = place.transport()
        transport.open(former.session, listener)
        await listener.next('up')
        expect((await former.listener.next('warning')).code).toBe('replaced')
        expect((await former.listener.next('down')).retryIn).toBe(undefined)
        friend.transport.send(former.id, Uint8Array.of(5))
        expect((await listener.next('envelope')).bytes).toEqual(Uint8Array.of(5))
        expect(former.listener.count('envelope')).toBe(0)
        transport.close()
      }),
    )

    if (serverless) return

    it(
      'tells down when the server goes, refuses envelopes, and is up again when it is back',
      at(async place => {
        const a = await join(place)
        const b = await join(place)
        await place.stop?.()
        expect(typeof (await a.listener.next('down')).retryIn).toBe('number')
        await b.listener.next('down')
        expect(a.transport.send(b.id, Uint8Array.of(1))).toBe(false)
        await place.start?.()
        await Promise.all([a.listener.next('up'), b.listener.next('up')])
        expect(a.transport.send(b.id, Uint8Array.of(2))).toBe(true)
        expect((await b.listener.next('envelope')).bytes).toEqual(Uint8Array.of(2))
      }),
    )

    it(
      'finds a server that comes later than the peer',
      at(async place => {
        await place.stop?.()
        const early = begin(place)
        await early.listener.next('down')
        await place.start?.()
        expect((await early.listener.next('up')).peers).toEqual([])
      }),
    )
  })
}

/** Ring order is the order of values, where `a` comes before `2`. */
function byRing(a: PeerId, b: PeerId): number {
  return ringText(a) < ringText(b) ? -1 : 1
}

function ringText(id: PeerId): string {
  return id.replace(/[2-7]/g, digit => `{${digit}`)
}
