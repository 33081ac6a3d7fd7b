/**
 * A whole node and the driver around it, for tests: plays its effects in a world on a virtual clock.
 *
 * After every input it checks what must always hold: no more than `maxPeers` slots, `peer-connect` and
 * `peer-disconnect` in pairs, one `settle` per request, no wake in the past, no storm of ticks, nothing done after
 * leaving.
 * @module
 */
import { sha256 } from '../crypto/hash.ts'
import type { Drop, Effect, NodeState, Outcome } from './effect.ts'
import type { PeerId } from './id.ts'
import type { Input, LinkEnd, LinkId, PeerSample, RequestId } from './input.ts'
import { Node } from './node.ts'
import { type End, newEnd, type Surroundings, SWARM, signature } from './node-surroundings.testing.ts'
import { encodeRecord, idOfKey, recordToSign } from './record.ts'
import { cheapSealer, seeded } from './routing/network.test-support.ts'
import { Frame } from './wire/frame.ts'
import { Packer } from './wire/packet.ts'

/** Ticks at one instant that make a storm. */
const STORM = 8
/** What a tab that has left may still say. */
const AFTER_LEAVE: ReadonlySet<string> = new Set(['settle', 'wake'])

export interface TabOptions {
  readonly maxPeers?: number
  /** Relays nothing. */
  readonly relay?: false
  /** A key to come back with. */
  readonly key?: Uint8Array
  readonly epoch?: number
  readonly swarm?: Uint8Array
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
  /** For a while, like a closed laptop: what happens meanwhile is lost. */
  asleep = false
  /** It has sent what its node did not. */
  emits = false
  ticks = 0
  private readonly maxPeers: number
  private readonly world: Surroundings
  private readonly connected = new Map<LinkId, PeerId>()
  private wakeAt = Number.POSITIVE_INFINITY
  private nextRequest = 1
  private left = false
  private tickedAt = -1
  private stormy = 0

  constructor(world: Surroundings, options: TabOptions) {
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
      relay: options.relay,
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

  /** What its address book would hold. */
  book(): PeerSample[] {
    return this.neighbours.map(id => ({ id, record: this.node.recordOf(id) ?? new Uint8Array(0) }))
  }

  /** Gone without a word, also for the server. */
  die(): void {
    this.dead = true
    this.world.hub.lose(this)
  }

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
    this.emits = true
    const end = [...other.links.values()].findLast(each => each.partner?.tab === this && each.open)
    if (end === undefined || end.closed) return
    other.input({ kind: 'packet', link: end.link, bytes })
  }

  input(input: Input): readonly Effect[] {
    if (this.dead || this.asleep) return []
    const { now } = this.world
    const effects = this.node.handle(input, now)
    for (const effect of effects) {
      this.log.push({ at: now, effect })
      this.check(effect)
      this.play(effect)
    }
    for (const end of this.links.values()) end.packer.flush(packet => this.transmit(end, packet))
    const used = this.connected.size + this.node.opening
    if (used > this.maxPeers) throw new Error(`${used} slots of ${this.maxPeers}`)
    if (this.links.size > this.maxPeers) throw new Error(`${this.links.size} links of ${this.maxPeers}`)
    const told = effects.some(effect => effect.kind === 'peer-connect' || effect.kind === 'peer-disconnect')
    if (told && this.node.links().length !== this.connected.size) throw new Error('an untold link')
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
    if (effect.kind === 'link-replaced') {
      if (this.connected.get(effect.before) !== effect.peer)
        throw new Error('replaced before it was connected')
      this.connected.delete(effect.before)
      this.connected.set(effect.link, effect.peer)
    }
    if (effect.kind === 'state') this.left = effect.state === 'left'
  }

  private play(effect: Effect): void {
    const { hub, options, ends } = this.world
    switch (effect.kind) {
      case 'open-link': {
        const { link, initiator } = effect
        const number = ends.length
        const end = newEnd(this, link, number, initiator)
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
        // Its own half never sent what its hostile half did.
        if (effect.frame[0] === Frame.TAKEN && end.partner?.tab.emits === true) break
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
        each.tab.input({ kind: 'link-open', link: each.link, binding, restarts: this.world.restarts })
      })
    }
  }

  private transmit(end: End, bytes: Uint8Array): void {
    const { partner } = end
    if (partner === undefined) return
    this.world.after(this.world.options.latency, () => {
      if (
        partner.closed ||
        !partner.open ||
        end.silent ||
        this.world.cuts.has(`${this.id}>${partner.tab.id}`)
      )
        return
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
      if (partner.closed || end.silent || this.world.cuts.has(`${this.id}>${partner.tab.id}`)) return
      partner.closed = true
      partner.tab.links.delete(partner.link)
      partner.tab.input({ kind: 'link-closed', link: partner.link, reason })
    })
  }
}
