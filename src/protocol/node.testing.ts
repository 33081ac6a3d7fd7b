/**
 * A small world of whole nodes for tests: a queue on a virtual clock, links and a signaling hub with latency,
 * stand-in signatures and seals of the right sizes. Deterministic in its seed.
 * @module
 */
import type { PeerId } from './id.ts'
import type { Input } from './input.ts'
import type { End, Surroundings } from './node-surroundings.testing.ts'
import { Tab, type TabOptions } from './node-tab.testing.ts'
import type { Random } from './random.ts'
import { seeded } from './routing/network.test-support.ts'

export { SWARM, signature } from './node-surroundings.testing.ts'
export { Tab } from './node-tab.testing.ts'

export interface WorldOptions {
  /** One way over a link, ms. */
  readonly latency?: number
  /** One way from tab to tab through the hub, ms: at least, and how much more at random (letters may overtake). */
  readonly hubLatency?: number
  readonly hubJitter?: number
  /** What a signature or its check takes, ms. */
  readonly cryptoDelay?: number
}

export class World implements Surroundings {
  now = 0
  readonly random: Random
  readonly hub: Hub
  readonly ends: End[] = []
  /** Directions that lose everything, by `from>to`. */
  readonly cuts = new Set<string>()
  /** Pairs whose links never open. */
  unreachable: (a: PeerId, b: PeerId) => boolean = () => false
  restarts = true
  readonly options: Required<WorldOptions>
  private order = 0
  private readonly queue: { readonly at: number; readonly order: number; readonly run: () => void }[] = []

  constructor(seed = 1, options: WorldOptions = {}) {
    this.random = seeded(seed)
    this.options = { latency: 20, hubLatency: 30, hubJitter: 0, cryptoDelay: 1, ...options }
    this.hub = new Hub(this)
  }

  tab(options: TabOptions = {}): Tab {
    return new Tab(this, options)
  }

  /** Tabs that have joined one after the other, and have settled. */
  swarm(count: number, options: TabOptions = {}, settle = 3000): Tab[] {
    const tabs: Tab[] = []
    for (let i = 0; i < count; i++) {
      const tab = this.tab(options)
      tab.join()
      tabs.push(tab)
      this.run(50)
    }
    this.run(settle)
    return tabs
  }

  after(wait: number, run: () => void): void {
    const at = this.now + wait
    let low = 0
    let high = this.queue.length
    // Latest first: the next event is popped from the end.
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.queue[middle] as { at: number }).at > at) low = middle + 1
      else high = middle
    }
    this.queue.splice(low, 0, { at, order: this.order++, run })
  }

  run(ms: number): void {
    const until = this.now + ms
    for (let event = this.queue.at(-1); event !== undefined && event.at <= until; event = this.queue.at(-1)) {
      this.queue.pop()
      this.now = event.at
      event.run()
    }
    this.now = until
  }

  /** Runs in steps of a millisecond until something is so. */
  until(isSo: () => boolean, within = 10_000): void {
    const end = this.now + within
    while (!isSo()) {
      if (this.now >= end) throw new Error(`it did not come about in ${within} ms`)
      this.run(1)
    }
  }

  /** Both directions between two tabs fall silent. */
  cut(a: Tab, b: Tab): void {
    this.cuts.add(`${a.id}>${b.id}`).add(`${b.id}>${a.id}`)
  }

  mend(a: Tab, b: Tab): void {
    this.cuts.delete(`${a.id}>${b.id}`)
    this.cuts.delete(`${b.id}>${a.id}`)
  }

  /** A tab changes networks: what links it has carry nothing any more. Its page notices, and its socket is opened anew. */
  move(tab: Tab, wait = 200): void {
    for (const end of tab.links.values()) {
      end.silent = true
      if (end.partner !== undefined) end.partner.silent = true
    }
    this.hub.lose(tab)
    tab.input({ kind: 'signaling-down' })
    tab.input({ kind: 'awake', slept: 0, network: true })
    this.after(wait, () => this.hub.join(tab))
  }

  heal(): void {
    this.cuts.clear()
  }
}

/** The signaling server: one swarm, everybody in every sample. */
export class Hub {
  readonly members = new Map<PeerId, Tab>()
  /** Members whose mail is lost. */
  readonly deaf = new Set<PeerId>()
  /** Who is named in samples. */
  names: (member: Tab) => boolean = () => true
  private readonly world: World

  constructor(world: World) {
    this.world = world
  }

  join(tab: Tab): void {
    const sample = this.sampleFor(tab)
    this.members.set(tab.id, tab)
    this.tell(tab, { kind: 'signaling-up', sample })
  }

  leave(tab: Tab): void {
    if (this.members.get(tab.id) !== tab) return
    this.members.delete(tab.id)
    for (const other of this.members.values()) this.tell(other, { kind: 'peer-left', peer: tab.id })
  }

  lose(tab: Tab): void {
    if (this.members.get(tab.id) === tab) this.members.delete(tab.id)
  }

  sample(tab: Tab): void {
    if (this.members.has(tab.id)) this.tell(tab, { kind: 'sample', sample: this.sampleFor(tab) })
  }

  carry(to: PeerId, bytes: Uint8Array): void {
    const receiver = this.members.get(to)
    if (receiver !== undefined && !this.deaf.has(to)) this.tell(receiver, { kind: 'envelope', bytes })
  }

  tell(tab: Tab, input: Input): void {
    const { hubLatency, hubJitter } = this.world.options
    const jitter = hubJitter === 0 ? 0 : (this.world.random.u32() / 2 ** 32) * hubJitter
    this.world.after(hubLatency + jitter, () => tab.input(input))
  }

  private sampleFor(tab: Tab) {
    const others = [...this.members.values()].filter(other => other !== tab && this.names(other))
    return others.map(({ id, record }) => ({ id, record }))
  }
}
