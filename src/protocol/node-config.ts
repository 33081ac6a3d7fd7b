/**
 * What a peer is made of, and how it shows its neighbours.
 * @module
 */
import type { BackoffOptions } from './backoff.ts'
import type { RelayBudget } from './circuit/circuits.ts'
import type { PeerId } from './id.ts'
import type { LinkId } from './input.ts'
import type { Random } from './random.ts'
import type { Sealer } from './sealer.ts'

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
  /** When a peer that could not be reached is asked again; {@link BACKOFF} otherwise. */
  readonly backoff?: Required<BackoffOptions>
  readonly gossip?: {
    readonly ackTimeout?: number
    readonly retryInterval?: number
    readonly maxRetries?: number
    readonly maxHops?: number
    readonly historyBytes?: number
  }
  /** What this peer relays for others at most; `false`: nothing. Default: node-circuits.ts. */
  readonly relay?: RelayBudget | false | undefined
  /** The application is asked about each peer before it becomes a neighbour. Default false. */
  readonly screens?: boolean
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
  /** Carried by a neighbour. */
  readonly relayed: boolean
  /** What its letters came by. */
  readonly signaledBy: 'mesh' | 'signaling'
  /** Topics it wants to get, and means to publish. */
  readonly interests: readonly string[]
  readonly intents: readonly string[]
}
