/**
 * Relayed links among the links of a peer: what is for a circuit goes into it instead of to the driver, and what comes
 * out of one is a link's.
 * @module
 */
import { type CircuitEffect, Circuits, type RelayBudget } from './circuit/circuits.ts'
import type { Drop, Effect } from './effect.ts'
import type { PeerId } from './id.ts'
import type { LinkEnd, LinkId } from './input.ts'
import type { Random } from './random.ts'
import type { PeerRecord } from './record.ts'
import type { Sealer } from './sealer.ts'
import type { Reader } from './wire/reader.ts'

/**
 * What a peer relays for others unless it is told otherwise: a video call of uplink, and as many circuits as two tables
 * of the default size have ring slots to close.
 */
export const RELAY_BUDGET: RelayBudget = { maxCircuits: 16, bytesPerSecond: 262_144 }

/** What happens to a link, whatever carries it. */
export interface LinkEvents {
  opened(link: LinkId, binding: Uint8Array, now: number): void
  packet(link: LinkId, bytes: Uint8Array, now: number): void
  heard(link: LinkId, now: number): void
  closed(link: LinkId, reason: LinkEnd, now: number): void
  full(link: LinkId): void
  drained(link: LinkId, now: number): void
}

export class RelayedLinks {
  readonly circuits: Circuits
  private readonly full = new Set<LinkId>()
  /** Ended in this turn: what was for them is dropped. */
  private readonly ended = new Set<LinkId>()
  private readonly effects: (effect: Effect) => void
  /** Set once the links are there. */
  events: LinkEvents | undefined = undefined

  constructor(
    config: { id: PeerId; sealer: Sealer; random: Random; relay?: RelayBudget | false | undefined },
    effects: (effect: Effect) => void,
  ) {
    const { id, sealer, random, relay } = config
    this.circuits = new Circuits({
      id,
      sealer,
      random,
      budget: relay === false ? undefined : (relay ?? RELAY_BUDGET),
    })
    this.effects = effects
  }

  /** Whether much waits on a relayed link. */
  isFull(link: LinkId): boolean {
    return this.full.has(link)
  }

  open(
    circuit: { link: LinkId; peer: PeerId; session: number; carrier: LinkId; asks: boolean },
    record: PeerRecord | undefined,
    now: number,
  ): void {
    if (record === undefined) this.events?.closed(circuit.link, 'failed', now)
    else this.run(now, out => this.circuits.open({ ...circuit, boxKey: record.boxKey }, now, out))
  }

  /** Takes the frames for circuits out of what is to be sent. */
  divert(effects: Effect[]): void {
    let kept = 0
    for (let i = 0; i < effects.length; i++) {
      const effect = effects[i] as Effect
      if (effect.kind !== 'send') effects[kept++] = effect
      else if (this.circuits.has(effect.link)) this.circuits.send(effect.link, effect.frame)
      else if (!this.ended.has(effect.link)) effects[kept++] = effect
    }
    effects.length = kept
  }

  /** True when the link was a circuit: what it held has been sent, and it is closed. */
  close(link: LinkId, effects: Effect[], now: number): boolean {
    if (!this.circuits.has(link)) return false
    this.divert(effects)
    this.full.delete(link)
    this.ended.add(link)
    this.run(now, out => {
      this.circuits.flush(now, out)
      this.circuits.close(link, now, out)
    })
    return true
  }

  carrierDown(link: LinkId, now: number): void {
    this.full.delete(link)
    this.run(now, out => this.circuits.carrierDown(link, now, out))
  }

  frame(link: LinkId, type: number, reader: Reader, now: number): Drop | undefined {
    let drop: Drop | undefined
    this.run(now, out => {
      drop = this.circuits.frame(link, type, reader, now, out)
    })
    return drop
  }

  tick(now: number): void {
    this.run(now, out => this.circuits.tick(now, out))
  }

  /** The end of a turn: what is for circuits leaves sealed, over their carriers. */
  flush(effects: Effect[], now: number): void {
    const { circuits, ended } = this
    if (!circuits.any && ended.size === 0) return
    this.divert(effects)
    ended.clear()
    this.run(now, out => circuits.flush(now, out))
  }

  stop(now: number): void {
    this.full.clear()
    this.run(now, out => this.circuits.stop(now, out))
  }

  private run(now: number, act: (out: CircuitEffect[]) => void): void {
    const out: CircuitEffect[] = []
    act(out)
    for (const effect of out) this.play(effect, now)
  }

  private play(effect: CircuitEffect, now: number): void {
    const { events } = this
    switch (effect.kind) {
      case 'circuit-open':
        return events?.opened(effect.link, effect.binding, now)
      case 'circuit-packet':
        return events?.packet(effect.link, effect.bytes, now)
      case 'circuit-heard':
        return events?.heard(effect.link, now)
      case 'circuit-closed':
        this.full.delete(effect.link)
        this.ended.add(effect.link)
        return events?.closed(effect.link, effect.reason, now)
      case 'circuit-full':
        this.full.add(effect.link)
        return events?.full(effect.link)
      case 'circuit-drained':
        this.full.delete(effect.link)
        return events?.drained(effect.link, now)
      default:
        this.effects(effect)
    }
  }
}
