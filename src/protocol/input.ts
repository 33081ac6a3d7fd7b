/**
 * What can happen to a peer: every input of the protocol. A driver turns events of the world (a packet, a
 * timer, a click) into these; the machines never see anything else.
 * @module
 */
import type { PeerId } from './id.ts'

/** A driver's handle for one link, from `open-link` to `link-closed`. Never reused by one node. */
export type LinkId = number
/** A driver's handle for one request of the application, answered by exactly one `settle`. */
export type RequestId = number

/**
 * When a broadcast is delivered. `fifo`: after what its origin sent before it. `causal`: also after what its origin had
 * been given before it sent it. `none`: at once.
 */
export type Order = 'fifo' | 'causal' | 'none'

/** A question to the driver's crypto, answered by `signed` or `verified` with the same token. */
export interface Token {
  readonly machine: 'gossip' | 'history' | 'routing' | 'handshake'
  readonly n: number
}

/** A peer as a signaling server or another peer tells of it: not verified yet. */
export interface PeerSample {
  readonly id: PeerId
  /** The peer's signed record (see handshake/record.ts), or empty bytes where the teller has none. */
  readonly record: Uint8Array
}

/** Why a link ended, as the driver or the machines see it. */
export type LinkEnd =
  | 'bye' // the other side said good-bye
  | 'closed' // the channel closed
  | 'failed' // ICE or DTLS failed
  | 'timeout' // it did not open, or fell silent
  | 'refused' // the handshake failed
  | 'evicted' // given up for a better link
  | 'misbehaved' // too much bad input
  | 'left' // this peer left the swarm
  | 'overflow' // a queue bound was passed

export type Input =
  // the application
  | { readonly kind: 'join'; readonly bootstrap: readonly PeerId[] }
  | { readonly kind: 'leave' }
  | {
      readonly kind: 'broadcast'
      readonly request: RequestId
      readonly topic: string
      readonly body: Uint8Array
      /** Default `fifo`. */
      readonly order?: Order
      /** Milliseconds in which receipts are counted; default: they are not. */
      readonly receipt?: number
    }
  | {
      readonly kind: 'send'
      readonly request: RequestId
      readonly to: PeerId
      readonly body: Uint8Array
      /** Milliseconds until the request is settled with `timeout`. */
      readonly timeout: number
    }
  | {
      readonly kind: 'history'
      readonly request: RequestId
      readonly topic: string
      /** Messages wanted at most, 1 … 1,000, the latest. */
      readonly last: number
      /** No older than so many milliseconds; Infinity for any age. */
      readonly age: number
      /** Milliseconds until what was found is told. */
      readonly timeout: number
    }
  | { readonly kind: 'cancel'; readonly request: RequestId }
  /** Topics and patterns (topic.ts), at most 64 each: what to deliver, and what neighbours are told will be published. */
  | {
      readonly kind: 'interests'
      readonly interests: readonly string[]
      readonly intents: readonly string[]
    }
  /** A peer is to be asked first for introductions and relaying, or no more. */
  | { readonly kind: 'route'; readonly peer: PeerId; readonly on: boolean }
  // the page
  /**
   * It is back, or may have been away: shown again, resumed, its clock has jumped, or the network changed. `slept`:
   * milliseconds in which nothing could happen here, 0 where it was only out of sight.
   */
  | { readonly kind: 'awake'; readonly slept: number; readonly network: boolean }
  /** It is about to be hidden or frozen, or is shown again: neighbours are told. */
  | { readonly kind: 'rest'; readonly resting: boolean }
  /** Peers of before (the address book), the likeliest first: they are dialled first. */
  | { readonly kind: 'contacts'; readonly contacts: readonly PeerSample[] }
  // signaling
  | { readonly kind: 'signaling-up'; readonly sample: readonly PeerSample[] }
  | { readonly kind: 'signaling-down' }
  | { readonly kind: 'sample'; readonly sample: readonly PeerSample[] }
  | { readonly kind: 'peer-left'; readonly peer: PeerId }
  | { readonly kind: 'envelope'; readonly bytes: Uint8Array }
  // links
  | { readonly kind: 'link-signal'; readonly link: LinkId; readonly data: string }
  /** `restarts`: it can look for a new path by itself (ICE restart), which `restart-link` asks for. */
  | {
      readonly kind: 'link-open'
      readonly link: LinkId
      readonly binding: Uint8Array
      readonly restarts?: boolean
    }
  | { readonly kind: 'packet'; readonly link: LinkId; readonly bytes: Uint8Array }
  /** The neighbour's address as this side sees it: the neighbour is told. */
  | { readonly kind: 'seen'; readonly link: LinkId; readonly address: string }
  /** The other side has taken some of what was sent and has more of it before it: a sign of life, as a packet of its own is. */
  | { readonly kind: 'link-taken'; readonly link: LinkId }
  | { readonly kind: 'link-full'; readonly link: LinkId }
  | { readonly kind: 'link-drained'; readonly link: LinkId }
  | { readonly kind: 'link-closed'; readonly link: LinkId; readonly reason: LinkEnd }
  // invites
  /**
   * Take a link that the driver made outside of any dial, with a peer that was invited or has invited this one. It has
   * `patience` ms to come up. Answered as `open-link` with `prepared`, and `signal` after it; by nothing where there is a link to it.
   */
  | {
      readonly kind: 'adopt'
      readonly peer: PeerId
      readonly prepared: number
      readonly patience: number
      readonly signal?: string
    }
  /** Carry a letter about an invite to a peer. */
  | {
      readonly kind: 'invite-letter'
      readonly request: RequestId
      readonly to: PeerId
      readonly body: Uint8Array
    }
  // who comes in
  /** The application's answer to `accept`. */
  | { readonly kind: 'accepted'; readonly peer: PeerId; readonly ok: boolean }
  /** Whether others may be told of this peer. True unless told otherwise. */
  | { readonly kind: 'discover'; readonly on: boolean }
  /** This peer was invited: it is answered though others are not told of this one. */
  | { readonly kind: 'acquaint'; readonly peer: PeerId }
  // answers to questions
  | { readonly kind: 'signed'; readonly token: Token; readonly signature: Uint8Array }
  | { readonly kind: 'verified'; readonly token: Token; readonly ok: boolean }
  // time
  | { readonly kind: 'tick' }
