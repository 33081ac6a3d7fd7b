/**
 * What `stats()` tells; stats.ts gathers it.
 * @module
 */
import type { Drop } from '../protocol/effect.ts'
import type { PeerId } from '../protocol/id.ts'
import type { PeerTopics } from './api-events.ts'

export interface LinkStats extends PeerTopics {
  readonly peer: PeerId
  /** Milliseconds, smoothed; `undefined` until measured. */
  readonly roundTrip: number | undefined
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly packetsSent: number
  readonly packetsReceived: number
  /**
   * `relayed`: a common neighbour carries it, sealed, because ICE does not connect the two; `turn`: a TURN server does. As of
   * the last call of `stats()`, and looked at once a second; `unknown` until the browser has told.
   */
  readonly path: 'direct' | 'turn' | 'relayed' | 'unknown'
  /** This tab's address and port as the neighbour says it sees it; `undefined` where its browser hides that. Hearsay. */
  readonly seen: string | undefined
  /** Why this link is kept. */
  readonly slot: 'ring' | 'bucket'
  /** What its offer and answer came by: other peers, or the signaling server. */
  readonly signaledBy: 'mesh' | 'signaling'
  /** Milliseconds since the link opened. */
  readonly age: number
}

export interface MeshStats {
  readonly links: readonly LinkStats[]
  /** Links being opened; they count against `maxPeers`. */
  readonly opening: number
  /** Since createMesh, closed links included. */
  readonly total: {
    readonly bytesSent: number
    readonly bytesReceived: number
    readonly packetsSent: number
    readonly packetsReceived: number
  }
  readonly gossip: {
    /** Own broadcasts. */
    readonly sent: number
    /** Others' broadcasts that reached this peer. */
    readonly delivered: number
    /** Pushes that arrived a second time. */
    readonly duplicates: number
    readonly retries: number
    readonly grafts: number
  }
  /** Direct messages, the mesh's own letters (dials, introductions) included. */
  readonly routing: {
    readonly sent: number
    readonly delivered: number
    readonly forwarded: number
    readonly bounced: number
  }
  /** Relayed links: those of this peer, those that it carries for others now, and what it has carried and refused since createMesh. */
  readonly relay: {
    readonly own: number
    readonly carried: number
    readonly bytes: number
    readonly refused: number
  }
  /** Input from the network that was dropped, by reason. Only reasons that occurred. */
  readonly drops: Readonly<Partial<Record<Drop, number>>>
  readonly signaling: { readonly up: boolean; readonly reconnects: number }
  /** Peers in the address book; 0 without one. */
  readonly addressBook: number
  /** What a tab knows of the mesh: each neighbour with the neighbours it told of. */
  readonly topology: readonly { readonly peer: PeerId; readonly neighbours: readonly PeerId[] }[]
}
