/**
 * The machines of a peer side by side. They never see each other: what one wants of another is carried across here. Here
 * too is when each wants to be woken, and what has been dropped.
 * @module
 */
import type { Drop, Effect } from './effect.ts'
import { Gossip } from './gossip/gossip.ts'
import { Handshake } from './handshake/handshake.ts'
import type { PeerId } from './id.ts'
import type { LinkEnd, LinkId } from './input.ts'
import { Liveness } from './liveness/liveness.ts'
import { RelayedLinks } from './node-circuits.ts'
import type { NodeConfig } from './node-config.ts'
import { Door } from './node-door.ts'
import { LETTER } from './overlay/letters.ts'
import { Overlay, type OverlayEffect } from './overlay/overlay.ts'
import { Routing, type RoutingEffect } from './routing/routing.ts'

/** Places in {@link Machines.due}. */
const DUE = { handshake: 0, liveness: 1, overlay: 2, gossip: 3, routing: 4, circuits: 5 } as const
/** Bits of {@link Machines.ran}. */
export const LIVENESS = 1
export const GOSSIP = 2
export const ROUTING = 4
export const CIRCUITS = 8
export const ALL = 31

/** What the overlay or the routing wants done, in order. */
export type Box = OverlayEffect[] & RoutingEffect[]

/** Letters of the overlay are answered or given up within this, ms (overlay/slots.ts, ASK_TIMEOUT). */
const LETTER_TIMEOUT = 3000

export class Machines {
  readonly handshake: Handshake
  readonly liveness: Liveness
  readonly overlay: Overlay
  readonly gossip: Gossip
  readonly routing: Routing
  readonly relayed: RelayedLinks
  readonly door: Door
  readonly drops = new Map<Drop, number>()
  /** Effects of this turn. */
  out: Effect[] = []
  /** The machines that this input has run, one bit each; the others want to be woken when they wanted it before. */
  ran = ALL
  /** When the peer is to be woken, as it was last said. */
  wakeAt = Number.POSITIVE_INFINITY
  /** The overlay has given a link up: whoever keeps the links forgets it. */
  dropped: (link: LinkId, peer: PeerId, reason: LinkEnd, now: number) => void = () => {}
  /** The overlay has closed the channel of a link whose peer stays a neighbour for now. */
  retire: (link: LinkId, now: number) => void = () => {}
  /** Links whose channels are closed, and that the machines may still send over: it is dropped. */
  readonly retired = new Set<LinkId>()
  /** When each machine wants its tick: a tick wakes only those that are due. */
  private readonly due = new Float64Array(6)
  /** Empty boxes for what the overlay and the routing want, one per depth of the calls between the two. */
  private readonly boxes: Box[] = []

  constructor(config: NodeConfig) {
    this.door = new Door(config.screens === true)
    const { id, record, discoveryKey, random, sealer, maxPeers, kademliaK, connectTimeout, backoff } = config
    this.handshake = new Handshake({ id, record, discoveryKey, random })
    this.liveness = new Liveness(random)
    this.overlay = new Overlay({ id, maxPeers, kademliaK, connectTimeout, random, backoff })
    this.gossip = new Gossip({
      id,
      key: config.publicKey,
      discoveryKey,
      epoch: config.epoch,
      random,
      ...config.gossip,
    })
    this.routing = new Routing({ id, record, discoveryKey, random, sealer })
    this.relayed = new RelayedLinks(config, effect => this.out.push(effect))
    this.overlay.carriedBy(link => this.relayed.circuits.carries(link))
    this.routing.introducedBy(this.overlay.routers)
  }

  // ── between the machines ───────────────────────────────────────────────────────────────────────────────

  /** Runs the overlay and passes on what it wants of others. */
  laid(now: number, run: (out: Box) => void): void {
    const box = this.box()
    run(box)
    this.playLaid(box, now)
  }

  playLaid(box: Box, now: number): void {
    this.ran = ALL
    for (const effect of box as OverlayEffect[]) {
      switch (effect.kind) {
        case 'tell': {
          const { to, letter, body, aside, tentative } = effect
          if (letter === LETTER.ASK) this.door.asks(to)
          const via = effect.via === 'mesh' ? 'any' : 'signaling'
          this.routed(now, out =>
            this.routing.send(
              { to, kind: letter, body, timeout: LETTER_TIMEOUT, receipt: false, via, aside, tentative },
              now,
              out,
            ),
          )
          break
        }
        case 'doubt':
          this.liveness.hint(effect.link, now, this.out)
          break
        case 'wait':
          this.liveness.wait(effect.link, effect.milliseconds, now)
          break
        case 'lookahead':
          this.ran |= ROUTING
          this.routing.neighboursOf(effect.link, effect.peers, now)
          this.gossip.neighboursOf(effect.link, effect.peers)
          break
        case 'dropped':
          this.closeLink(effect.link, effect.reason, now)
          this.dropped(effect.link, effect.peer, effect.reason, now)
          break
        case 'retire':
          this.closeLink(effect.link, 'closed', now)
          this.retire(effect.link, now)
          break
        case 'open-circuit':
          this.relayed.open(effect, this.routing.recordOf(effect.peer), now)
          break
        default:
          this.out.push(effect)
      }
    }
    this.close(box)
  }

  closeLink(link: LinkId, reason: LinkEnd, now: number): void {
    if (!this.relayed.close(link, this.out, now)) this.out.push({ kind: 'close-link', link, reason })
  }

  /** Runs the routing and hands its letters to the overlay. */
  routed(now: number, run: (out: Box) => void): void {
    const box = this.box()
    run(box)
    this.playRouted(box, now)
  }

  playRouted(box: Box, now: number): void {
    this.ran |= ROUTING
    for (const effect of box as RoutingEffect[]) {
      if (effect.kind === 'doubt') {
        this.ran |= LIVENESS
        this.liveness.probe(effect.link, now, this.out)
      } else if (effect.kind !== 'letter') this.out.push(effect)
      else if (!this.door.takes(effect, this.out)) {
        const { from, letter, body, via } = effect
        this.laid(now, out =>
          this.count(this.overlay.letter(from, letter, body, now, out, via === 'signaling' ? via : 'mesh')),
        )
      }
    }
    this.close(box)
  }

  box(): Box {
    return this.boxes.pop() ?? []
  }

  private close(box: Box): void {
    if (box.length > 0) box.length = 0
    this.boxes.push(box)
  }

  count(drop: Drop | undefined): void {
    if (drop !== undefined) this.drops.set(drop, (this.drops.get(drop) ?? 0) + 1)
  }

  // ── the end of a turn ──────────────────────────────────────────────────────────────────────────────────

  /** Routing sends what it has gathered; acks that wait go along with whatever goes to their link anyway. */
  flush(now: number): void {
    if ((this.ran & ROUTING) !== 0) {
      const box = this.box()
      this.routing.flush(now, box)
      this.playRouted(box, now)
    }
    const { out } = this
    const count = out.length
    for (let i = 0; i < count; i++) {
      const effect = out[i] as Effect
      if (effect.kind !== 'send') continue
      if (this.gossip.piggyback(effect.link, now, out)) this.ran |= GOSSIP
      this.routing.piggyback(effect.link, out)
    }
    this.relayed.flush(out, now)
    if (this.retired.size > 0) this.silence()
  }

  /** Drops what is for retired links. */
  private silence(): void {
    const { out, retired, overlay } = this
    let kept = 0
    for (const effect of out) if (effect.kind !== 'send' || !retired.has(effect.link)) out[kept++] = effect
    out.length = kept
    for (const link of retired) if (overlay.slotOf(link) === undefined) retired.delete(link)
  }

  isDue(machine: keyof typeof DUE, now: number): boolean {
    return now >= (this.due[DUE[machine]] as number)
  }

  /** Asks to be woken when the first of the machines wants it, unless that is when it was asked for already. */
  wake(now: number): void {
    const { due, ran } = this
    if ((ran & LIVENESS) !== 0) due[DUE.liveness] = this.liveness.deadline
    if ((ran & GOSSIP) !== 0) due[DUE.gossip] = this.gossip.deadline
    if ((ran & ROUTING) !== 0) due[DUE.routing] = this.routing.deadline
    due[DUE.circuits] = this.relayed.circuits.deadline
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
