/**
 * A peer: the machines composed. They never see each other; what one learns that another needs to know passes
 * through here, and only here.
 *
 *     packet → frames → handshake | liveness | overlay | gossip | routing → effects
 *
 * Invariants
 * 1. Frames of a link that is not up reach the handshake only.
 * 2. Every link that came up is told to every machine once, and so is its end; `peer-connect` and
 *    `peer-disconnect` are told to the application in pairs.
 * 3. Input from the network is counted when it is dropped, scored against its link, and never throws.
 * 4. After `leave` nothing is sent, asked or woken for.
 * @module
 */

import { Credit } from './credit.ts'
import type { Drop, Effect, NodeState } from './effect.ts'
import { Gossip } from './gossip/gossip.ts'
import { type Greeting, Handshake, MAX_HELD } from './handshake/handshake.ts'
import type { PeerId } from './id.ts'
import type { Input, LinkEnd, LinkId, PeerSample, Token } from './input.ts'
import { Liveness, type Vital } from './liveness/liveness.ts'
import { BYE_REASONS } from './overlay/exchange.ts'
import { readIds } from './overlay/letters.ts'
import { Overlay, type OverlayEffect } from './overlay/overlay.ts'
import type { Random } from './random.ts'
import type { PeerRecord } from './record.ts'
import { END_TO_END, Routing, type RoutingEffect } from './routing/routing.ts'
import { Score } from './score.ts'
import type { Sealer } from './sealer.ts'
import { Frame } from './wire/frame.ts'
import { Unpacker } from './wire/packet.ts'
import { Reader } from './wire/reader.ts'

export interface NodeConfig {
  readonly id: PeerId
  readonly publicKey: Uint8Array
  /** Own signed record (record.ts). */
  readonly record: Uint8Array
  /** What the swarm is found by, 32 bytes. */
  readonly discoveryKey: Uint8Array
  /** Wall-clock ms at which this session began. */
  readonly epoch: number
  readonly maxPeers: number
  /** Ids of one XOR bucket that the passive view keeps. */
  readonly kademliaK: number
  readonly connectTimeout: number
  readonly gossip?: {
    readonly ackTimeout?: number
    readonly retryInterval?: number
    readonly maxRetries?: number
    readonly maxHops?: number
    readonly historyBytes?: number
  }
  readonly random: Random
  readonly sealer: Sealer
}

/** One neighbour, for statistics. */
export interface Neighbour {
  readonly link: LinkId
  readonly peer: PeerId
  readonly slot: 'ring' | 'bucket'
  /** Smoothed round trip in ms, once measured. */
  readonly roundTrip: number | undefined
  readonly suspect: boolean
  /** When the link came up, on the clock of `handle`. */
  readonly since: number
  /** Topics it wants to get, and means to publish. */
  readonly interests: readonly string[]
  readonly intents: readonly string[]
}

interface Channel {
  readonly link: LinkId
  readonly unpacker: Unpacker
  readonly score: Score
  /** Frames that arrived while the last AUTH was at the verifier. */
  held: Uint8Array[]
  heldBytes: number
  /** Frames of liveness and overlay that it may send: a burst is read, a flood is not. */
  readonly chatter: Credit
  record: PeerRecord | undefined
  up: boolean
  /** Its link is gone. */
  ended: boolean
}

/** Frames of liveness and overlay from one link: a rush of joins among 64 neighbours is 10 a second each. */
const CHATTER_BURST = 100
const CHATTER_PER_SECOND = 20
/** Bytes of frames that wait for the last AUTH to be verified: one packet of a busy neighbour, 64 times. */
export const MAX_HELD_BYTES = 1024 * 1024

/** Places in {@link Node.due}. */
const DUE = { handshake: 0, liveness: 1, overlay: 2, gossip: 3, routing: 4 } as const
/** Bits of {@link Node.ran}. */
const LIVENESS = 1
const GOSSIP = 2
const ROUTING = 4
const ALL = 31

/** What the overlay or the routing wants done, in order. */
type Box = OverlayEffect[] & RoutingEffect[]

/** Letters of the overlay are answered or given up within this, ms (overlay/slots.ts, ASK_TIMEOUT). */
const LETTER_TIMEOUT = 3000

export class Node {
  readonly config: NodeConfig
  private readonly handshake: Handshake
  private readonly liveness: Liveness
  private readonly overlay: Overlay
  private readonly gossip: Gossip
  private readonly routing: Routing
  private readonly channels = new Map<LinkId, Channel>()
  private readonly drops = new Map<Drop, number>()
  private out: Effect[] = []
  private wakeAt = Number.POSITIVE_INFINITY
  /** When each machine wants its tick: a tick wakes only those that are due. */
  private readonly due = new Float64Array(5)
  /** The machines that this input has run, one bit each; the others want to be woken when they wanted it before. */
  private ran = ALL
  /** Empty boxes for what the overlay and the routing want, one per depth of the calls between the two. */
  private readonly boxes: Box[] = []
  private readonly reader = new Reader(new Uint8Array(0))
  private current: NodeState = 'idle'
  private signalingUp = false
  /** The last sample of the swarm was empty: this peer is the only one. */
  private alone = false
  private hadLinks = false

  constructor(config: NodeConfig) {
    this.config = config
    const { id, record, discoveryKey, random, sealer, maxPeers, connectTimeout } = config
    this.handshake = new Handshake({ id, record, discoveryKey, random })
    this.liveness = new Liveness(random)
    this.overlay = new Overlay({ id, maxPeers, kademliaK: config.kademliaK, connectTimeout, random })
    this.gossip = new Gossip({
      id,
      key: config.publicKey,
      discoveryKey,
      epoch: config.epoch,
      random,
      ...config.gossip,
    })
    this.routing = new Routing({ id, record, discoveryKey, random, sealer })
  }

  /** Takes one input; returns what to do about it, in order. */
  handle(input: Input, now: number): readonly Effect[] {
    this.out = []
    this.ran = 0
    if (input.kind === 'tick') this.wakeAt = Number.NaN
    if (this.joined || input.kind === 'join' || input.kind === 'interests') this.dispatch(input, now)
    else if (input.kind === 'broadcast' || input.kind === 'send' || input.kind === 'history') {
      this.out.push({ kind: 'settle', request: input.request, outcome: 'left' })
    }
    if ((this.ran & ROUTING) !== 0) {
      const box = this.box()
      this.routing.flush(now, box)
      this.playRouted(box, now)
    }
    if (this.out.length > 0) this.piggyback(now)
    if (this.ran === ALL) this.settleState()
    this.wake(now)
    return this.out
  }

  // ── what can be seen from outside ──────────────────────────────────────────────────────────────────────

  get state(): NodeState {
    return this.current
  }

  /** Neighbours: links that are up. */
  links(): Neighbour[] {
    return this.overlay.up().map(slot => ({
      link: slot.link,
      peer: slot.peer,
      slot: this.overlay.kindOf(slot),
      roundTrip: this.liveness.roundTrip(slot.link),
      suspect: slot.suspect,
      since: slot.since,
      ...this.gossip.topicsOf(slot.link),
    }))
  }

  /** Slots that are asked for or being opened. */
  get opening(): number {
    return this.overlay.used - this.overlay.up().length
  }

  /** Each neighbour with the neighbours it told of. */
  topology(): { readonly peer: PeerId; readonly neighbours: readonly PeerId[] }[] {
    return this.overlay.up().map(slot => ({ peer: slot.peer, neighbours: [...(slot.neighbours ?? [])] }))
  }

  known(): PeerId[] {
    return [...this.overlay.known()]
  }

  get counters() {
    return { gossip: this.gossip.stats, routing: this.routing.stats, drops: this.drops }
  }

  // ── inputs ─────────────────────────────────────────────────────────────────────────────────────────────

  private dispatch(input: Input, now: number): void {
    switch (input.kind) {
      case 'packet':
        return this.onPacket(input.link, input.bytes, now)
      case 'tick':
        return this.tick(now)
      case 'verified':
        return this.onVerified(input.token.machine, input.token.n, input.ok, now)
    }
    this.ran = ALL
    switch (input.kind) {
      case 'signed':
        if (input.token.machine === 'gossip')
          this.gossip.signed(input.token.n, input.signature, now, this.out)
        else this.greeted(this.handshake.signed(input.token.n, input.signature, this.out), now)
        return
      case 'broadcast':
        return this.gossip.broadcast(
          input.request,
          input.topic,
          input.body,
          now,
          this.out,
          input.order,
          input.receipt,
        )
      case 'send':
        return this.routed(now, out =>
          this.routing.send(
            {
              request: input.request,
              to: input.to,
              kind: 0,
              body: input.body,
              timeout: input.timeout,
              receipt: true,
              via: 'mesh',
            },
            now,
            out,
          ),
        )
      case 'history':
        return this.gossip.history(input, now, this.out)
      case 'cancel':
        this.gossip.cancel(input.request, this.out)
        return this.routed(now, out => this.routing.cancel(input.request, out))
      case 'interests':
        return this.gossip.interested(input.interests, input.intents, now, this.out)
      case 'join':
        return this.join(input.bootstrap, now)
      case 'leave':
        return this.leave(now)
      case 'signaling-up':
        this.signalingUp = true
        this.routing.signaling(true)
        this.overlay.signaling(true, now)
        return this.sampled(input.sample, now)
      case 'signaling-down':
        this.signalingUp = false
        this.routing.signaling(false)
        return this.overlay.signaling(false, now)
      case 'sample':
        return this.sampled(input.sample, now)
      case 'peer-left':
        return this.laid(now, out => this.overlay.absent(input.peer, now, out))
      case 'envelope':
        return this.routed(now, out => this.count(this.routing.envelope(input.bytes, now, out)))
      case 'link-signal':
        return this.laid(now, out => this.overlay.signal(input.link, input.data, out))
      case 'link-open':
        return this.onOpen(input.link, input.binding, now)
      case 'link-closed':
        return this.onClosed(input.link, input.reason, now)
      case 'link-full':
        return this.gossip.linkFull(input.link)
      case 'link-drained':
        return this.gossip.linkDrained(input.link, now, this.out)
    }
  }

  private get joined(): boolean {
    return this.current !== 'idle' && this.current !== 'left'
  }

  private join(bootstrap: readonly PeerId[], now: number): void {
    if (this.joined) return
    this.alone = false
    this.gossip.start(now)
    this.routing.start(now)
    this.overlay.join(bootstrap, now)
    this.become('connecting')
    this.out.push({ kind: 'signaling-join' })
  }

  private leave(now: number): void {
    this.laid(now, out => this.overlay.leave(out))
    this.gossip.stop(now, this.out)
    this.routed(now, out => this.routing.stop(now, out))
    for (const channel of this.channels.values()) channel.ended = true
    this.channels.clear()
    this.signalingUp = false
    this.out.push({ kind: 'signaling-leave' })
    this.become('left')
  }

  private sampled(sample: readonly PeerSample[], now: number): void {
    this.alone = sample.length === 0
    this.routed(now, out => {
      for (const { record } of sample) if (record.length > 0) this.count(this.routing.learn(record, now, out))
    })
    this.overlay.learn(
      sample.map(peer => peer.id),
      now,
    )
  }

  private tick(now: number): void {
    const { due } = this
    if (now >= (due[DUE.liveness] as number)) {
      this.ran |= LIVENESS
      for (const vital of this.liveness.tick(now, this.out)) this.onVital(vital, now)
    }
    if (now >= (due[DUE.handshake] as number)) {
      this.ran = ALL
      this.handshake.tick(now, this.out)
    }
    if (now >= (due[DUE.overlay] as number)) this.laid(now, out => this.overlay.tick(now, out))
    if (now >= (due[DUE.gossip] as number)) {
      this.ran |= GOSSIP
      this.gossip.tick(now, this.out)
    }
    if (now >= (due[DUE.routing] as number)) this.routed(now, out => this.routing.tick(now, out))
  }

  private onVerified(machine: Token['machine'], n: number, ok: boolean, now: number): void {
    if (machine === 'handshake') {
      this.ran = ALL
      return this.greeted(this.handshake.verified(n, ok), now)
    }
    if (machine === 'routing')
      return this.routed(now, out => this.count(this.routing.verified(n, ok, now, out)))
    this.ran |= GOSSIP
    const bad = this.gossip.verified(n, ok, now, this.out, machine === 'history')
    if (bad !== undefined) this.penalise(bad.link, bad.drop, now)
  }

  // ── links ──────────────────────────────────────────────────────────────────────────────────────────────

  private onOpen(link: LinkId, binding: Uint8Array, now: number): void {
    const slot = this.overlay.slotOf(link)
    if (slot === undefined || this.channels.has(link)) return
    this.channels.set(link, {
      link,
      unpacker: new Unpacker(),
      score: new Score(),
      chatter: new Credit(CHATTER_BURST, CHATTER_PER_SECOND, now),
      held: [],
      heldBytes: 0,
      record: undefined,
      up: false,
      ended: false,
    })
    this.handshake.open(link, slot.peer, binding, now, this.out)
  }

  private onClosed(link: LinkId, reason: LinkEnd, now: number): void {
    const slot = this.overlay.slotOf(link)
    this.laid(now, out => this.overlay.linkDown(link, reason, now, out))
    // The last of the others has said good-bye: this peer is alone, not cut off.
    if (reason === 'bye' && this.overlay.exhausted) this.alone = true
    if (slot !== undefined) this.forget(link, slot.peer, reason, now)
  }

  private onPacket(link: LinkId, bytes: Uint8Array, now: number): void {
    const channel = this.channels.get(link)
    if (channel === undefined) return
    if (channel.up) {
      this.ran |= LIVENESS
      const vital = this.liveness.heard(link, now)
      if (vital !== undefined) this.onVital(vital, now)
    }
    const result = channel.unpacker.read(bytes, (packet, start, end) =>
      this.onFrame(channel, packet, start, end, now),
    )
    if (result !== 'ok') this.penalise(link, result, now)
  }

  /** One frame: the bytes from `start` up to `end`. */
  private onFrame(channel: Channel, bytes: Uint8Array, start: number, end: number, now: number): void {
    const { link } = channel
    // An earlier frame of the same packet may have ended the link.
    if (channel.ended) return
    const type = bytes[start] as number
    const reader = this.reader.reset(bytes, start + 1, end)
    if (type <= Frame.AUTH) {
      this.ran = ALL
      return this.greeted(this.handshake.frame(link, type, reader, this.out), now)
    }
    if (!channel.up) {
      const length = end - start
      const room = channel.held.length < MAX_HELD && channel.heldBytes + length <= MAX_HELD_BYTES
      if (!this.handshake.isVerifying(link) || !room) return this.count('unexpected')
      channel.held.push(bytes.slice(start, end))
      channel.heldBytes += length
      return
    }
    this.handshake.settled(link)
    const drop = this.read(link, channel, type, reader, now)
    if (drop !== undefined) this.penalise(link, drop, now)
  }

  private read(link: LinkId, channel: Channel, type: number, reader: Reader, now: number): Drop | undefined {
    if (type < Frame.PUSH && type !== Frame.BYE && !channel.chatter.take(1, now)) return 'rate'
    switch (type) {
      case Frame.PUSH:
      case Frame.ACK:
      case Frame.IHAVE:
      case Frame.GRAFT:
      case Frame.PRUNE:
      case Frame.RANGES:
      case Frame.INTERESTS:
      case Frame.DECLINE:
      case Frame.SKIP:
      case Frame.BEACON:
      case Frame.TALLY:
      case Frame.HISTORY:
      case Frame.PAST:
        this.ran |= GOSSIP
        return this.gossip.frame(link, type, reader, now, this.out)
      case Frame.ROUTED:
      case Frame.BOUNCED:
      case Frame.DATA:
      case Frame.RECEIPT:
      case Frame.TAKEN:
      case Frame.HORIZON: {
        const box = this.box()
        const drop = this.routing.frame(link, type, reader, now, box)
        this.playRouted(box, now)
        if (drop === undefined || !END_TO_END.has(drop)) return drop
        // The fault of somebody many hops away: the neighbour that passed it on has done its duty.
        this.count(drop)
        return undefined
      }
      case Frame.PING:
      case Frame.PONG: {
        const vital = this.liveness.frame(link, type, reader, now, this.out)
        if (typeof vital === 'object') this.onVital(vital, now)
        return vital === false ? 'malformed' : undefined
      }
      case Frame.NEIGHBOURS:
      case Frame.SHUFFLE:
      case Frame.SHUFFLED:
      case Frame.GONE: {
        const box = this.box()
        const drop = this.overlay.frame(link, type, reader, now, box)
        this.playLaid(box, now)
        return drop
      }
      case Frame.BYE: {
        this.ran = ALL
        const reason = BYE_REASONS[reader.u8() - 1]
        this.overlay.farewell(readIds(reader), now)
        this.out.push({ kind: 'close-link', link, reason: 'bye' })
        // Who left, left everybody; who gave this link up is still there.
        const left = reason === 'left' || reason === 'bye'
        this.onClosed(link, left ? 'bye' : reason === 'evicted' ? 'evicted' : 'closed', now)
        return undefined
      }
      default:
        return 'unexpected'
    }
  }

  private greeted(greeting: Greeting | undefined, now: number): void {
    if (greeting === undefined) return
    const { link } = greeting
    if (greeting.kind === 'failed') {
      this.count(greeting.drop)
      return this.laid(now, out => this.overlay.close(link, 'refused', now, out))
    }
    const channel = this.channels.get(link)
    const slot = this.overlay.slotOf(link)
    if (channel === undefined || slot === undefined) return
    channel.up = true
    channel.record = greeting.record
    this.out.push({ kind: 'peer-connect', peer: slot.peer, link })
    this.liveness.linkUp(link, now, this.out)
    this.laid(now, out => this.overlay.linkUp(link, now, out))
    this.routed(now, out => this.routing.linkUp(link, greeting.record, now, out))
    this.gossip.linkUp(link, slot.peer, now, this.out)
    const { held } = channel
    channel.held = []
    for (const frame of held) this.onFrame(channel, frame, 0, frame.length, now)
  }

  private onVital(vital: Vital, now: number): void {
    const { link } = vital
    if (vital.kind === 'round-trip') {
      this.gossip.roundTrip(link, vital.milliseconds)
      this.routing.roundTrip(link, vital.milliseconds)
      return
    }
    this.ran = ALL
    const slot = this.overlay.slotOf(link)
    if (slot === undefined) return
    if (vital.kind === 'suspect') {
      this.overlay.suspect(link, vital.suspect, now)
      this.gossip.suspect(link, vital.suspect, now, this.out)
      this.routing.suspect(link, vital.suspect)
      return
    }
    this.out.push({ kind: 'peer-timeout', peer: slot.peer }, { kind: 'close-link', link, reason: 'timeout' })
    this.onClosed(link, 'timeout', now)
  }

  /** Every machine but the overlay forgets a link. */
  private forget(link: LinkId, peer: PeerId, reason: LinkEnd, now: number): void {
    const channel = this.channels.get(link)
    if (channel !== undefined) channel.ended = true
    this.channels.delete(link)
    this.handshake.close(link)
    if (channel?.up !== true) return
    this.liveness.linkDown(link)
    this.gossip.linkDown(link, now, this.out)
    this.routed(now, out => this.routing.linkDown(link, now, out))
    this.out.push({ kind: 'peer-disconnect', peer, link, reason })
  }

  // ── between the machines ───────────────────────────────────────────────────────────────────────────────

  /** Runs the overlay and passes on what it wants of others. */
  private laid(now: number, run: (out: Box) => void): void {
    const box = this.box()
    run(box)
    this.playLaid(box, now)
  }

  private playLaid(box: Box, now: number): void {
    this.ran = ALL
    for (const effect of box as OverlayEffect[]) {
      switch (effect.kind) {
        case 'tell': {
          const { to, letter, body } = effect
          const via = effect.near ? 'any' : 'signaling'
          this.routed(now, out =>
            this.routing.send(
              { to, kind: letter, body, timeout: LETTER_TIMEOUT, receipt: false, via },
              now,
              out,
            ),
          )
          break
        }
        case 'doubt':
          this.liveness.hint(effect.link, now, this.out)
          break
        case 'lookahead':
          this.ran |= ROUTING
          this.routing.neighboursOf(effect.link, effect.peers, now)
          this.gossip.neighboursOf(effect.link, effect.peers)
          break
        case 'dropped':
          this.out.push({ kind: 'close-link', link: effect.link, reason: effect.reason })
          this.forget(effect.link, effect.peer, effect.reason, now)
          break
        default:
          this.out.push(effect)
      }
    }
    this.close(box)
  }

  /** Runs the routing and hands its letters to the overlay. */
  private routed(now: number, run: (out: Box) => void): void {
    const box = this.box()
    run(box)
    this.playRouted(box, now)
  }

  private playRouted(box: Box, now: number): void {
    this.ran |= ROUTING
    for (const effect of box as RoutingEffect[]) {
      if (effect.kind === 'doubt') {
        this.ran |= LIVENESS
        this.liveness.probe(effect.link, now, this.out)
      } else if (effect.kind !== 'letter') this.out.push(effect)
      else
        this.laid(now, out =>
          this.count(this.overlay.letter(effect.from, effect.letter, effect.body, now, out)),
        )
    }
    this.close(box)
  }

  private box(): Box {
    return this.boxes.pop() ?? []
  }

  private close(box: Box): void {
    if (box.length > 0) box.length = 0
    this.boxes.push(box)
  }

  private count(drop: Drop | undefined): void {
    if (drop !== undefined) this.drops.set(drop, (this.drops.get(drop) ?? 0) + 1)
  }

  private penalise(link: LinkId, drop: Drop, now: number): void {
    this.count(drop)
    const channel = this.channels.get(link)
    if (channel?.score.add(drop, now) !== true) return
    this.laid(now, out => this.overlay.close(link, 'misbehaved', now, out))
  }

  /** Acks that wait go along with whatever goes to their link anyway: one packet instead of two. */
  private piggyback(now: number): void {
    const { out } = this
    const count = out.length
    for (let i = 0; i < count; i++) {
      const effect = out[i] as Effect
      if (effect.kind !== 'send') continue
      if (this.gossip.piggyback(effect.link, now, out)) this.ran |= GOSSIP
      this.routing.piggyback(effect.link, out)
    }
  }

  // ── state and time ─────────────────────────────────────────────────────────────────────────────────────

  private settleState(): void {
    if (!this.joined) return
    if (this.overlay.linked) {
      this.hadLinks = true
      return this.become('connected')
    }
    if (this.signalingUp && this.alone) {
      // Nobody to link to is as connected as one can be: the first peer of a swarm waits for the second.
      this.hadLinks = false
      return this.become('connected')
    }
    if (this.current === 'connected' && (this.hadLinks || !this.signalingUp)) this.become('reconnecting')
  }

  private become(state: NodeState): void {
    if (state === this.current) return
    this.current = state
    this.gossip.cutOff(state !== 'connected')
    this.out.push({ kind: 'state', state })
  }

  private wake(now: number): void {
    const { due, ran } = this
    if ((ran & LIVENESS) !== 0) due[DUE.liveness] = this.liveness.deadline
    if ((ran & GOSSIP) !== 0) due[DUE.gossip] = this.gossip.deadline
    if ((ran & ROUTING) !== 0) due[DUE.routing] = this.routing.deadline
    if (ran === ALL) {
      due[DUE.handshake] = this.handshake.deadline
      due[DUE.overlay] = this.overlay.deadline
    }
    let earliest = Number.POSITIVE_INFINITY
    for (let i = 0; i < due.length; i++) if ((due[i] as number) < earliest) earliest = due[i] as number
    const at = Math.max(earliest, now)
    if (at === this.wakeAt) return
    this.wakeAt = at
    this.out.push({ kind: 'wake', at })
  }
}
