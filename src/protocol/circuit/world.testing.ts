/**
 * A few machines on a virtual clock, joined by links that keep their order; seeded throughout. For tests.
 * @module
 */
import { expect } from 'vitest'
import { sha256 } from '../../crypto/hash.ts'
import { idFromBytes, type PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import { cheapSealer, seeded } from '../routing/network.test-support.ts'
import type { Sealer } from '../sealer.ts'
import { MAX_PACKET } from '../wire/limits.ts'
import { Unpacker } from '../wire/packet.ts'
import { Reader } from '../wire/reader.ts'
import { type CircuitEffect, Circuits, type RelayBudget } from './circuits.ts'
import { circuitTables } from './tables.ts'

export const AMPLE: RelayBudget = { maxCircuits: 16, bytesPerSecond: 64 * 1024 * 1024 }
/** Links and circuits of one peer at most. */
export const MAX_PEERS = 32

export interface Tab {
  readonly id: PeerId
  readonly index: number
  readonly sealer: Sealer
  readonly circuits: Circuits
  /** Direct links, by the other tab's index. */
  readonly links: Map<number, LinkId>
  /** Frames that came out of each circuit. */
  readonly got: Map<LinkId, Uint8Array[]>
  /** What was told of circuits but packets: `open 5`, `closed 5 refused` … */
  readonly told: string[]
  readonly bindings: Map<LinkId, Uint8Array>
  readonly drops: string[]
  /** Frames that it has sent, with the time. */
  readonly sent: { readonly at: number; readonly to: number; readonly frame: Uint8Array }[]
}

/** What becomes of a frame on a link: as many of them as arrive. */
export type Tap = (from: number, to: number, frame: Uint8Array) => readonly Uint8Array[]

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export class World {
  now = 0
  tap: Tap = (_from, _to, frame) => [frame]
  readonly tabs: Tab[] = []
  readonly random = seeded(1)
  delay = 10
  /** Told of every sign of life of a circuit. */
  heard: (link: LinkId, at: number) => void = () => {}
  private queue: Event[] = []
  private order = 0
  private nextLink = 1
  private readonly ends = new Map<string, { to: Tab; link: LinkId }>()
  private readonly unpackers = new Map<string, Unpacker>()

  constructor(
    count: number,
    budget: RelayBudget | false = AMPLE,
    makeSealer: (boxKey: Uint8Array) => Sealer = cheapSealer,
  ) {
    for (let index = 0; index < count; index++) {
      const sealer = makeSealer(this.random.bytes(32))
      const id = idFromBytes(sha256(Uint8Array.of(index)))
      const random = seeded(100 + index)
      this.tabs.push({
        id,
        index,
        sealer,
        circuits: new Circuits({ id, sealer, random, budget: budget || undefined }),
        links: new Map(),
        got: new Map(),
        told: [],
        bindings: new Map(),
        drops: [],
        sent: [],
      })
    }
  }

  tab(index: number): Tab {
    return this.tabs[index]!
  }

  /** A direct link between two tabs. */
  link(a: number, b: number): void {
    const here = this.nextLink++
    const there = this.nextLink++
    for (const [from, to, link, back] of [
      [a, b, here, there],
      [b, a, there, here],
    ] as const) {
      this.tab(from).links.set(to, link)
      this.ends.set(`${from}/${link}`, { to: this.tab(to), link: back })
      this.tab(from).circuits.neighbourUp(link, this.tab(to).id)
    }
  }

  /** The direct link between two tabs ends on both sides. */
  cut(a: number, b: number): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const link = this.tab(from).links.get(to)!
      this.ends.delete(`${from}/${link}`)
      this.tab(from).links.delete(to)
      this.act(from, (circuits, out) => circuits.carrierDown(link, this.now, out))
    }
  }

  /** Both ends of a circuit; the first asks. Their link ids. */
  circuit(asker: number, other: number, relay: number, session = this.random.u32()): [LinkId, LinkId] {
    const there = this.open(other, asker, relay, session, false)
    return [this.open(asker, other, relay, session, true), there]
  }

  open(at: number, to: number, relay: number, session: number, asks: boolean): LinkId {
    const link = this.nextLink++
    const { id: peer, sealer } = this.tab(to)
    const carrier = this.tab(at).links.get(relay) ?? -1
    const circuit = { link, carrier, peer, session, asks, boxKey: sealer.publicKey }
    this.act(at, (circuits, out) => circuits.open(circuit, this.now, out))
    return link
  }

  send(at: number, link: LinkId, ...frames: Uint8Array[]): void {
    this.act(at, circuits => {
      for (const frame of frames) circuits.send(link, frame)
    })
  }

  close(at: number, link: LinkId): void {
    this.act(at, (circuits, out) => circuits.close(link, this.now, out))
  }

  /** A frame of `from`, as the machine of `to` gets it. */
  deliver(from: number, to: number, frame: Uint8Array): void {
    const tab = this.tab(to)
    const link = tab.links.get(from)
    if (link === undefined) return
    this.act(to, (circuits, out) => {
      const drop = circuits.frame(link, frame[0]!, new Reader(frame, 1), this.now, out)
      if (drop !== undefined) tab.drops.push(drop)
    })
  }

  /** One input, and what comes of it. */
  act(at: number, run: (circuits: Circuits, out: CircuitEffect[]) => void): void {
    const tab = this.tab(at)
    const out: CircuitEffect[] = []
    run(tab.circuits, out)
    tab.circuits.flush(this.now, out)
    for (const effect of out) this.play(tab, effect)
    for (const { table, size, bound } of circuitTables(tab.circuits, MAX_PEERS))
      if (size > bound) throw new Error(`${table}: ${size} of ${bound}`)
  }

  /** Runs until nothing is due before `milliseconds` have passed. */
  elapse(milliseconds: number): void {
    const end = this.now + milliseconds
    for (let steps = 0; ; steps++) {
      if (steps > 1_000_000) throw new Error('it does not come to rest')
      const event = this.queue[0]
      const due = Math.min(...this.tabs.map(tab => tab.circuits.deadline))
      const next = Math.min(event?.at ?? Number.POSITIVE_INFINITY, due)
      if (next > end) break
      this.now = Math.max(this.now, next)
      if (event !== undefined && event.at <= due) {
        this.queue.shift()
        event.run()
      } else
        for (const tab of this.tabs)
          if (tab.circuits.deadline <= this.now)
            this.act(tab.index, (circuits, out) => circuits.tick(this.now, out))
    }
    this.now = end
  }

  private play(tab: Tab, effect: CircuitEffect): void {
    switch (effect.kind) {
      case 'send':
        return this.carry(tab, effect.link, effect.frame)
      case 'circuit-open':
        tab.bindings.set(effect.link, effect.binding)
        tab.got.set(effect.link, [])
        tab.told.push(`open ${effect.link}`)
        return
      case 'circuit-packet': {
        this.heard(effect.link, this.now)
        const key = `${tab.index}/${effect.link}`
        const unpacker = this.unpackers.get(key) ?? new Unpacker()
        this.unpackers.set(key, unpacker)
        const frames = tab.got.get(effect.link)!
        expect(unpacker.read(effect.bytes, (bytes, start, end) => frames.push(bytes.slice(start, end)))).toBe(
          'ok',
        )
        return
      }
      case 'circuit-closed':
        tab.told.push(`closed ${effect.link} ${effect.reason}`)
        return
      case 'circuit-full':
      case 'circuit-drained':
        tab.told.push(`${effect.kind.slice(8)} ${effect.link}`)
        return
      case 'circuit-heard':
        return this.heard(effect.link, this.now)
      default:
        throw new Error(`unexpected effect ${effect.kind}`)
    }
  }

  private carry(from: Tab, link: LinkId, frame: Uint8Array): void {
    // Alone in its bundle it must fit a packet (wire/packet.ts): no frame of a circuit is fragmented.
    expect(frame.length + 4).toBeLessThanOrEqual(MAX_PACKET)
    const end = this.ends.get(`${from.index}/${link}`)
    if (end === undefined) return
    from.sent.push({ at: this.now, to: end.to.index, frame })
    for (const arrives of this.tap(from.index, end.to.index, frame)) {
      const at = this.now + this.delay
      this.queue.push({
        at,
        order: this.order++,
        run: () => this.deliver(from.index, end.to.index, arrives),
      })
    }
    this.queue.sort((a, b) => a.at - b.at || a.order - b.order)
  }
}
