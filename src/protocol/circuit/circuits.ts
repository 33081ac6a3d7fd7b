/**
 * Circuits: links of two peers that ICE cannot connect, relayed by a common neighbour.
 * @module
 */
import type { Drop } from '../effect.ts'
import type { PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import type { Random } from '../random.ts'
import type { Sealer } from '../sealer.ts'
import type { Reader } from '../wire/reader.ts'
import type { CircuitOutbox } from './effect.ts'

export type { CircuitEffect, CircuitEnd, CircuitOutbox } from './effect.ts'

/** What this peer gives as a relay. */
export interface RelayBudget {
  /** Circuits that it relays at most; at most half of them, and at least one, for one asking neighbour. */
  readonly maxCircuits: number
  /** Bytes of frames that it passes on in any second, all circuits together. */
  readonly bytesPerSecond: number
}

export interface CircuitConfig {
  readonly id: PeerId
  readonly sealer: Sealer
  readonly random: Random
  /** `undefined`: it relays nothing. */
  readonly budget: RelayBudget | undefined
}

/** An end of a circuit. */
export interface Circuit {
  /** The slot's own link id: never used before by this node. */
  readonly link: LinkId
  /** The direct link to the relay, which is up. */
  readonly carrier: LinkId
  /** The other end. */
  readonly peer: PeerId
  /** What both ends know this circuit by, 48 bits. */
  readonly session: number
  /** This side asks the relay for it; the other waits for the offer. */
  readonly asks: boolean
  /** The other end's X25519 key, from its verified record. */
  readonly boxKey: Uint8Array
}

export class Circuits {
  constructor(config: CircuitConfig) {
    void config
  }

  /** Begins an end of a circuit. Closed at once, `failed`, if its carrier is not up. */
  open(...args: [circuit: Circuit, now: number, out: CircuitOutbox]): void {
    void args
  }

  /** Whether the link is an end of a circuit, open or not. */
  has(...args: [link: LinkId]): boolean {
    return args[0] < 0
  }

  /** Takes a frame. It leaves at the {@link flush} that ends the turn. */
  send(...args: [link: LinkId, frame: Uint8Array]): void {
    void args
  }

  flush(...args: [now: number, out: CircuitOutbox]): void {
    void args
  }

  close(...args: [link: LinkId, now: number, out: CircuitOutbox]): void {
    void args
  }

  /** A direct link is up: it may carry circuits. */
  neighbourUp(...args: [link: LinkId, peer: PeerId]): void {
    void args
  }

  carrierDown(...args: [link: LinkId, now: number, out: CircuitOutbox]): void {
    void args
  }

  frame(
    ...args: [link: LinkId, type: number, reader: Reader, now: number, out: CircuitOutbox]
  ): Drop | undefined {
    void args
    return undefined
  }

  tick(...args: [now: number, out: CircuitOutbox]): void {
    void args
  }

  get deadline(): number {
    return Number.POSITIVE_INFINITY
  }

  /** Circuits that this link carries, for this node as an end or as the relay. */
  carries(...args: [link: LinkId]): number {
    return 0 * args.length
  }

  get stats() {
    return { ends: 0, relayed: 0, relayedBytes: 0, refused: 0, waiting: 0 }
  }

  stop(...args: [now: number, out: CircuitOutbox]): void {
    void args
  }
}
