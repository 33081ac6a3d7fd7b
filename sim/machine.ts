/**
 * What the simulator drives: anything that takes inputs and answers with effects. The protocol's `Node` is
 * one; the toy in testing/ is another, so that the simulator can be tested without the protocol.
 * @module
 */
import type { Effect } from '../src/protocol/effect.ts'
import type { PeerId } from '../src/protocol/id.ts'
import type { Input, LinkId } from '../src/protocol/input.ts'
import type { Random } from '../src/protocol/random.ts'
import type { Sealer } from '../src/protocol/sealer.ts'
import type { TableSize } from '../src/protocol/table.ts'

export interface Machine {
  handle(input: Input, now: number): readonly Effect[]
  /** Links that are up, as the machine counts them. */
  links(): readonly { readonly link: LinkId; readonly peer: PeerId; readonly suspect?: boolean }[]
  /** Links that are being opened, as the machine counts them. */
  readonly opening: number
  /** Since it was made. */
  readonly counters?: { readonly circuits: { readonly relayedBytes: number } }
  /** How full its bounded tables are; asked for now and then. */
  tables?(): readonly TableSize[]
  /** Whether a frame that it sends is a packet between two others, which it relays for them. */
  relays?(link: LinkId, frame: Uint8Array): boolean
  /** From now on such frames do not leave over its own relayed links, where nobody but itself sees them. */
  muzzle?(swallows: (frame: Uint8Array) => boolean): void
}

/** What is left of a machine whose peer is dead: nobody asks it anything, and its tables are free. */
export const GONE: Machine = { handle: () => [], links: () => [], opening: 0 }

/** What a machine is made of. */
export interface MachineSetup {
  readonly id: PeerId
  readonly publicKey: Uint8Array
  /** The peer's own signed record. */
  readonly record: Uint8Array
  readonly discoveryKey: Uint8Array
  readonly epoch: number
  readonly maxPeers: number
  readonly kademliaK: number
  readonly connectTimeout: number
  readonly random: Random
  readonly sealer: Sealer
}

export type MachineFactory = (setup: MachineSetup) => Machine
