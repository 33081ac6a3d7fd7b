/**
 * A toy that speaks the machine contract: it dials whom the signaling server names, floods broadcasts, and
 * sends direct messages to neighbours only. With it the simulator is tested without the protocol; its faults
 * (one per invariant) show that the invariants fire.
 * @module
 */
import type { Effect } from '../../src/protocol/effect.ts'
import { idFromBytes, idToBytes, type PeerId } from '../../src/protocol/id.ts'
import type { Input, LinkId, Token } from '../../src/protocol/input.ts'
import type { TableSize } from '../../src/protocol/table.ts'
import { Frame } from '../../src/protocol/wire/frame.ts'
import { Unpacker } from '../../src/protocol/wire/packet.ts'
import { Reader } from '../../src/protocol/wire/reader.ts'
import { utf8Decode, utf8Encode } from '../../src/protocol/wire/text.ts'
import { Writer } from '../../src/protocol/wire/writer.ts'
import type { Machine, MachineSetup } from '../machine.ts'

/** What a toy does wrong. */
export type ToyFault =
  | 'none'
  | 'too-many-links'
  | 'delivers-twice'
  | 'newest-first'
  | 'lies'
  | 'settles-twice'
  | 'talks-after-leave'
  | 'timer-after-leave'
  | 'sends-on-closed-link'
  | 'busy-loop'
  | 'hoards'

/** How often a toy wakes, ms. */
const PERIOD = 1000
/** The question whose answer comes when the toy has left. */
const LATE: Token = { machine: 'handshake', n: 0 }

interface ToyLink {
  readonly peer: PeerId
  readonly unpacker: Unpacker
  up: boolean
}

export class ToyMachine implements Machine {
  private readonly setup: MachineSetup
  private readonly fault: ToyFault
  private readonly table = new Map<LinkId, ToyLink>()
  private readonly seen = new Set<string>()
  private readonly latest = new Map<PeerId, number>()
  private readonly waiting: Uint8Array[] = []
  private held: Effect | undefined = undefined
  private nextLink = 1
  private nextToken = 1
  private nextMessage = 1
  private gone = false
  private effects: Effect[] = []

  constructor(setup: MachineSetup, fault: ToyFault = 'none') {
    this.setup = setup
    this.fault = fault
  }

  links(): readonly { link: LinkId; peer: PeerId }[] {
    return [...this.table].filter(([, link]) => link.up).map(([link, { peer }]) => ({ link, peer }))
  }

  get opening(): number {
    return this.table.size - this.links().length
  }

  tables(): TableSize[] {
    const waiting = this.fault === 'hoards' ? this.seen.size : 0
    return [{ table: 'toy.waiting', size: waiting, bound: 3 }]
  }

  handle(input: Input, now: number): readonly Effect[] {
    this.effects = []
    if (this.gone && this.fault !== 'talks-after-leave') return this.effects
    this.take(input, now)
    return this.effects
  }

  private take(input: Input, now: number): void {
    switch (input.kind) {
      case 'join':
        this.do({ kind: 'signaling-join' })
        this.do({ kind: 'wake', at: now + PERIOD })
        return
      case 'tick':
        if (this.fault === 'sends-on-closed-link')
          this.do({ kind: 'send', link: 999, frame: Uint8Array.of(1) })
        this.do({ kind: 'wake', at: this.fault === 'busy-loop' ? now : now + PERIOD })
        return
      case 'leave':
        for (const link of this.table.keys()) this.do({ kind: 'close-link', link, reason: 'left' })
        this.table.clear()
        this.gone = true
        if (this.fault !== 'timer-after-leave') this.do({ kind: 'wake', at: Number.POSITIVE_INFINITY })
        this.do({ kind: 'signaling-leave' })
        if (this.fault === 'talks-after-leave')
          this.do({ kind: 'sign', token: LATE, bytes: this.setup.publicKey })
        return
      case 'signaling-up':
      case 'sample':
        if (input.sample.length === 0) this.do({ kind: 'state', state: 'connected' })
        for (const peer of input.sample) this.dial(peer.id)
        return
      case 'link-signal':
        this.letter(input.link, input.data)
        return
      case 'envelope':
        this.read(input.bytes)
        return
      case 'link-open': {
        const link = this.table.get(input.link)
        if (link === undefined) return
        link.up = true
        this.do({ kind: 'peer-connect', peer: link.peer, link: input.link, via: 'mesh', relayed: false })
        return
      }
      case 'link-closed': {
        const link = this.table.get(input.link)
        if (link === undefined) return
        this.table.delete(input.link)
        if (link.up)
          this.do({ kind: 'peer-disconnect', peer: link.peer, link: input.link, reason: input.reason })
        return
      }
      case 'packet':
        this.table
          .get(input.link)
          ?.unpacker.read(input.bytes, (packet, start, end) =>
            this.receive(input.link, packet.slice(start, end)),
          )
        return
      case 'broadcast':
        this.flood(this.push(input.topic, input.body), -1)
        this.do({ kind: 'settle', request: input.request, outcome: 'ok' })
        if (this.fault === 'settles-twice') this.do({ kind: 'settle', request: input.request, outcome: 'ok' })
        return
      case 'send':
        this.do({ kind: 'settle', request: input.request, outcome: 'no-route' })
        return
      case 'signed':
        this.do({ kind: 'signaling-sample' })
        return
      case 'verified':
        this.verified(input.token, input.ok)
        return
      default:
        return
    }
  }

  private do(effect: Effect): void {
    this.effects.push(effect)
  }

  private dial(peer: PeerId): void {
    if (this.table.size >= this.setup.maxPeers && this.fault !== 'too-many-links') return
    if ([...this.table.values()].some(link => link.peer === peer)) return
    this.open(peer, true)
  }

  private open(peer: PeerId, initiator: boolean): LinkId {
    const link = this.nextLink++
    this.table.set(link, { peer, unpacker: new Unpacker(), up: false })
    this.do({ kind: 'open-link', link, peer, initiator })
    return link
  }

  /** Signals travel unsealed: sender, then the text. */
  private letter(link: LinkId, data: string): void {
    const to = this.table.get(link)?.peer
    if (to === undefined) return
    const bytes = new Writer().bytes(idToBytes(this.setup.id)).bytes(utf8Encode(data)).finish()
    this.do({ kind: 'envelope', to, bytes })
  }

  private read(bytes: Uint8Array): void {
    const reader = new Reader(bytes)
    const from = idFromBytes(reader.bytes(32))
    const data = utf8Decode(reader.rest()) ?? ''
    const offer = data.includes('"offer"')
    let link = [...this.table].find(([, entry]) => entry.peer === from)?.[0]
    if (link !== undefined && offer) {
      // Both dialled: the lower id's offer stands.
      if (this.setup.id < from) return
      this.do({ kind: 'close-link', link, reason: 'closed' })
      this.table.delete(link)
      link = undefined
    }
    if (link === undefined) {
      if (!offer || this.table.size >= this.setup.maxPeers) return
      link = this.open(from, false)
    }
    this.do({ kind: 'link-signal', link, data })
  }

  private push(topic: string, body: Uint8Array): Uint8Array {
    const origin = idToBytes(this.setup.id)
    const frame = new Writer()
      .u8(Frame.PUSH)
      .u8(1)
      .bytes(origin)
      .varint(this.nextMessage++)
      .text(topic)
      .block(body)
    return this.remember(frame.finish()) ?? new Uint8Array(0)
  }

  /** The frame, if it is new. */
  private remember(frame: Uint8Array): Uint8Array | undefined {
    const reader = new Reader(frame, 2)
    const key = `${idFromBytes(reader.bytes(32))} ${reader.varint()}`
    if (this.seen.has(key)) return undefined
    this.seen.add(key)
    return frame
  }

  private receive(from: LinkId, frame: Uint8Array): void {
    if (frame[0] !== Frame.PUSH) return
    const fresh = this.remember(frame) !== undefined
    if (!fresh && this.fault !== 'delivers-twice') return
    this.waiting[this.nextToken] = frame
    const signature = new Uint8Array(64)
    const token: Token = { machine: 'gossip', n: this.nextToken++ }
    this.do({ kind: 'verify', token, key: this.setup.publicKey, bytes: frame, signature })
    if (!fresh) return
    const onward = frame.slice()
    onward[1] = (frame[1] as number) + 1
    this.flood(onward, from)
  }

  private flood(frame: Uint8Array, except: LinkId): void {
    for (const [link, { up }] of this.table) if (up && link !== except) this.do({ kind: 'send', link, frame })
  }

  private verified(token: Token, ok: boolean): void {
    const frame = this.waiting[token.n]
    // A toy does not sign: the stand-in must say no.
    if (frame === undefined || ok) return
    delete this.waiting[token.n]
    const reader = new Reader(frame, 1)
    const hops = reader.u8()
    const from = idFromBytes(reader.bytes(32))
    const number = reader.varint()
    // What a newer message has overtaken is dropped: a toy keeps nothing back to sort it.
    if (number <= (this.latest.get(from) ?? 0) && this.fault === 'none') return
    this.latest.set(from, number)
    const topic = reader.text(256)
    const body = reader.block(1 << 20).slice()
    if (this.fault === 'lies') body[8] = (body[8] as number) ^ 1
    const deliver: Effect = { kind: 'deliver', from, topic, body, hops }
    if (this.fault !== 'newest-first') {
      this.do(deliver)
    } else if (this.held === undefined) {
      this.held = deliver
    } else {
      this.do(deliver)
      this.do(this.held)
      this.held = undefined
    }
  }
}
