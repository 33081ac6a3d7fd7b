/**
 * What a peer is made of, and how it shows its neighbours.
 * @module
 */
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
  readonly gossip?: {
    readonly ackTimeout?: number
    readonly retryInterval?: number
    readonly maxRetries?: number
    readonly maxHops?: number
    readonly historyBytes?: number
  }
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
  /** Topics it wants to get, and means to publish. */
  readonly interests: readonly string[]
  readonly intents: readonly string[]
}
