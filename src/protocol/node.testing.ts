/**
 * A small world of whole nodes for tests: a queue on a virtual clock, links and a signaling hub with latency,
 * stand-in signatures and seals of the right sizes. Deterministic in its seed.
 *
 * After every input each tab checks what must always hold: no more than `maxPeers` slots, `peer-connect` and
 * `peer-disconnect` in pairs, no wake in the past, no storm of ticks, nothing done after leaving.
 * @module
 */
import { createHash } from 'node:crypto'
import { sha256 } from '../crypto/hash.ts'
import type { Drop, Effect, NodeState, Outcome } from './effect.ts'
import type { PeerId } from './id.ts'
import type { Input, LinkEnd, LinkId, RequestId } from './input.ts'
import { Node } from './node.ts'
import type { Random } from './random.ts'
import { encodeRecord, idOfKey, recordToSign } from './record.ts'
import { cheapSealer, seeded } from './routing/network.test-support.ts'
import { Packer } from './wire/packet.ts'

/** A signature that anyone can make who knows the public key, and that fits no other bytes. */
export function signature(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha512').update(key).update(bytes).digest())
}

export const SWARM = sha256(new Uint8Array([42]))
/** Ticks at one instant that make a storm. */
const STORM = 8
/** What a tab that has left may still say. */
const AFTER_LEAVE: ReadonlySet<string> = new Set(['settle', 'wake'])

export interface WorldOptions {
  /** One way over a link, ms. */
  readonly latency?: number
  /** One way from tab to tab through the hub, ms: at least, and how much more at random (letters may overtake). */
  readonly hubLatency?: number
  readonly hubJitter?: number
  /** What a signature or its check takes, ms. */
  readonly cryptoDelay?: number
}

export interface TabOptions {
  readonly maxPeers?: number
  /** A key to come back with. */
  readonly key?: Uint8Array
  readonly epoch?: number
  readonly swarm?: Uint8Array
}

/** One side of a link. */
export interface End {
  readonly tab: Tab
  readonly link: LinkId
  readonly number: number
  readonly initiator: boolean
  readonly packer: Packer
  partner: End | undefined
  open: boolean
  closed: boolean
}

export class World {
  now = 0
  readonly random: Random
  readonly hub: Hub
  readonly ends: End[] = []
  /** Directions that lose everything, by `from>to`. */
  readonly cuts = new Set<string>()
  /** Pairs whose links never open. */
  unreachable: (a: PeerId, b: PeerId) => boolean = () => false
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
  swarm(count: number, options: TabOptions = {}, gap = 50): Tab[] {
    const tabs: Tab[] = []
    for (let i = 0; i < count; i++) {
      const tab = this.tab(options)
      tab.join()
      tabs.push(tab)
      this.run(gap)
    }
    this.run(3000)
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

/** A node with the world around it. */
export class Tab {
  readonly id: PeerId
  readonly key: Uint8Array
  readonly record: Uint8Array
  readonly node: Node
  readonly log: { readonly at: number; readonly effect: Effect }[] = []
  readonly outcomes = new Map<RequestId, Outcome>()
  readonly links = new Map<LinkId, End>()
  /** Gone without a word: nothing goes in or comes out. */
  dead = false
  ticks = 0
  /** The most effects that one input made. */
  most = 0
  private readonly maxPeers: number
  private readonly world: World
  private readonly connected = new Map<LinkId, PeerId>()
  private wakeAt = Number.POSITIVE_INFINITY
  private nextRequest = 1
  private left = false
  private tickedAt = -1
  private stormy = 0

  constructor(world: World, options: TabOptions) {
    const { maxPeers = 4, key = world.random.bytes(32), epoch = 1000, swarm = SWARM } = options
    const random = seeded(world.random.u32())
    const boxKey = random.bytes(32)
    this.world = world
    this.maxPeers = maxPeers
    this.key = key
    this.id = idOfKey(key)
    const signed = signature(key, recordToSign(swarm, key, boxKey, epoch))
    this.record = encodeRecord(key, boxKey, epoch, signed)
    this.node = new Node({
      id: this.id,
      publicKey: key,
      record: this.record,
      discoveryKey: swarm,
      epoch,
      maxPeers,
      kademliaK: 20,
      connectTimeout: 10_000,
      random,
      sealer: cheapSealer(boxKey),
    })
  }

  // ── the application ────────────────────────────────────────────────────────────────────────────────────

  join(): void {
    this.input({ kind: 'join', bootstrap: [] })
  }

  leave(): void {
    this.input({ kind: 'leave' })
  }

  broadcast(text: string, topic = 'chat'): RequestId {
    const request = this.nextRequest++
    this.input({ kind: 'broadcast', request, topic, body: Buffer.from(text) })
    return request
  }

  send(to: Tab, text: string, timeout = 10_000): RequestId {
    const request = this.nextRequest++
    this.input({ kind: 'send', request, to: to.id, body: Buffer.from(text), timeout })
    return request
  }

  /** Gone without a word, also for the server. */
  die(): void {
    this.dead = true
    if (this.world.hub.members.get(this.id) === this) this.world.hub.members.delete(this.id)
  }

  // ── what it shows ──────────────────────────────────────────────────────────────────────────────────────

  get neighbours(): PeerId[] {
    return this.node.links().map(link => link.peer)
  }

  get states(): NodeState[] {
    return this.seen('state').map(effect => effect.state)
  }

  get heard(): string[] {
    return this.seen('deliver').map(effect => Buffer.from(effect.body).toString())
  }

  drops(reason: Drop): number {
    return this.node.counters.drops.get(reason) ?? 0
  }

  seen<K extends Effect['kind']>(kind: K): Extract<Effect, { kind: K }>[] {
    return this.log.map(entry => entry.effect).filter(effect => effect.kind === kind) as never
  }

  /** The link to a neighbour. */
  linkTo(other: Tab): LinkId {
    const link = this.node.links().find(neighbour => neighbour.peer === other.id)?.link
    if (link === undefined) throw new Error('not a neighbour')
    return link
  }

  /** What the other side of a link would get if this tab sent these frames: the hostile half of a test. */
  emit(other: Tab, ...frames: readonly Uint8Array[]): void {
    const packer = new Packer()
    for (const frame of frames) packer.add(frame, packet => this.emitPacket(other, packet))
    packer.flush(packet => this.emitPacket(other, packet))
  }

  emitPacket(other: Tab, bytes: Uint8Array): void {
    const end = [...other.links.values()].findLast(each => each.partner?.tab === this && each.open)
    if (end === undefined || end.closed) return
    other.input({ kind: 'packet', link: end.link, bytes })
  }

  // ── the driver ─────────────────────────────────────────────────────────────────────────────────────────

  input(input: Input): readonly Effect[] {
    if (this.dead) return []
    const { now } = this.world
    const effects = this.node.handle(input, now)
    this.most = Math.max(this.most, effects.length)
    for (const effect of effects) {
      this.log.push({ at: now, effect })
      this.check(effect)
      this.play(effect)
    }
    for (const end of this.links.values()) end.packer.flush(packet => this.transmit(end, packet))
    const used = this.node.links().length + this.node.opening
    if (used > this.maxPeers) throw new Error(`${used} slots of ${this.maxPeers}`)
    if (this.node.links().length !== this.connected.size)
      throw new Error('peer-connect and links differ')
    return effects
  }

  private check(effect: Effect): void {
    const { now } = this.world
    if (this.node.state === 'left' && this.left && !AFTER_LEAVE.has(effect.kind))
      throw new Error(`'${effect.kind}' after leaving`)
    if (effect.kind === 'wake' && effect.at < now) throw new Error(`wake ${now - effect.at} ms ago`)
    if (effect.kind === 'peer-connect') {
      if ([...this.connected.values()].includes(effect.peer)) throw new Error('connected twice')
      this.connected.set(effect.link, effect.peer)
    }
    if (effect.kind === 'peer-disconnect' && !this.connected.delete(effect.link))
      throw new Error('disconnected before it was connected')
    if (effect.kind === 'state') this.left = effect.state === 'left'
  }

  private play(effect: Effect): void {
    const { hub, options, ends } = this.world
    switch (effect.kind) {
      case 'open-link': {
        const { link, initiator } = effect
        const number = ends.length
        const end: End = {
          tab: this,
          link,
          number,
          initiator,
          packer: new Packer(),
          partner: undefined,
          open: false,
          closed: false,
        }
        ends.push(end)
        this.links.set(link, end)
        if (initiator) this.later(0, { kind: 'link-signal', link, data: String(number) })
        break
      }
      case 'link-signal':
        this.pair(effect.link, Number(effect.data))
        break
      case 'send': {
        const end = this.links.get(effect.link)
        if (end?.open !== true) throw new Error('sent over a link that is not open')
        end.packer.add(effect.frame, packet => this.transmit(end, packet))
        break
      }
      case 'close-link':
        this.close(effect.link, 'closed')
        break
      case 'signaling-join':
        this.world.after(0, () => hub.join(this))
        break
      case 'signaling-leave':
        hub.leave(this)
        break
      case 'signaling-sample':
        hub.sample(this)
        break
      case 'envelope':
        hub.carry(effect.to, effect.bytes)
        break
      case 'sign':
        this.later(options.cryptoDelay, {
          kind: 'signed',
          token: effect.token,
          signature: signature(this.key, effect.bytes),
        })
        break
      case 'verify': {
        const ok = Buffer.compare(signature(effect.key, effect.bytes), effect.signature) === 0
        this.later(options.cryptoDelay, { kind: 'verified', token: effect.token, ok })
        break
      }
      case 'settle':
        if (this.outcomes.has(effect.request)) throw new Error('settled twice')
        this.outcomes.set(effect.request, effect.outcome)
        break
      case 'wake':
        this.wake(effect.at)
        break
      default:
    }
  }

  private wake(at: number): void {
    this.wakeAt = at
    if (!Number.isFinite(at)) return
    this.world.after(at - this.world.now, () => {
      if (this.wakeAt !== at || this.dead) return
      this.wakeAt = Number.POSITIVE_INFINITY
      this.stormy = this.tickedAt === at ? this.stormy + 1 : 0
      this.tickedAt = at
      if (this.stormy > STORM) throw new Error(`a storm of ticks at ${at}`)
      this.ticks++
      this.input({ kind: 'tick' })
    })
  }

  private later(wait: number, input: Input): void {
    this.world.after(wait, () => this.input(input))
  }

  // ── links ──────────────────────────────────────────────────────────────────────────────────────────────

  /** A signal names the other end: the initiator's makes the answerer reply, the reply opens both. */
  private pair(link: LinkId, number: number): void {
    const end = this.links.get(link)
    const partner = this.world.ends[number]
    if (end === undefined || partner === undefined) return
    end.partner = partner
    if (!end.initiator) return this.later(0, { kind: 'link-signal', link, data: String(end.number) })
    partner.partner = end
    if (this.world.unreachable(this.id, partner.tab.id)) return
    const binding = sha256(Uint8Array.of(end.number >>> 8, end.number, partner.number >>> 8, partner.number))
    for (const each of [end, partner]) {
      this.world.after(this.world.options.latency, () => {
        if (each.closed) return
        each.open = true
        each.tab.input({ kind: 'link-open', link: each.link, binding })
      })
    }
  }

  private transmit(end: End, bytes: Uint8Array): void {
    const { partner } = end
    if (partner === undefined) return
    this.world.after(this.world.options.latency, () => {
      if (partner.closed || !partner.open || this.world.cuts.has(`${this.id}>${partner.tab.id}`)) return
      partner.tab.input({ kind: 'packet', link: partner.link, bytes })
    })
  }

  /** Closes this end; the other one hears of it. */
  close(link: LinkId, reason: LinkEnd): void {
    const end = this.links.get(link)
    if (end === undefined || end.closed) return
    end.packer.flush(packet => this.transmit(end, packet))
    end.closed = true
    this.links.delete(link)
    const { partner } = end
    if (!end.open || partner === undefined) return
    this.world.after(this.world.options.latency, () => {
      if (partner.closed || this.world.cuts.has(`${this.id}>${partner.tab.id}`)) return
      partner.closed = true
      partner.tab.links.delete(partner.link)
      partner.tab.input({ kind: 'link-closed', link: partner.link, reason })
    })
  }
}
