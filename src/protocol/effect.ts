/**
 * What a peer can do: every effect of the protocol. Drivers carry them out in order; none has a result but
 * through a later input.
 * @module
 */
import type { PeerId } from './id.ts'
import type { LinkEnd, LinkId, RequestId, Token } from './input.ts'

/** How a request ended. `ok`: a direct message has arrived; every tree neighbour has acked a broadcast, or all receipts are in. */
export type Outcome = 'ok' | 'timeout' | 'no-route' | 'refused' | 'left' | 'aborted' | 'busy'

/** The swarm as this peer stands in it. */
export type NodeState = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'left'

/** A broadcast of the past. */
export interface PastBroadcast {
  readonly from: PeerId
  readonly body: Uint8Array
  /** Milliseconds since it reached whoever supplied it: hearsay. */
  readonly age: number
  /** Delivered here before; otherwise it was broadcast before this peer came. */
  readonly delivered: boolean
}

export type Effect =
  // links
  /**
   * Start a link; the initiator makes the offer. Answered by `link-signal`s, then `link-open` or `link-closed`. With `prepared`,
   * take the one that `adopt` named.
   */
  | {
      readonly kind: 'open-link'
      readonly link: LinkId
      readonly peer: PeerId
      readonly initiator: boolean
      readonly prepared?: number
    }
  /** Hand the other side's signal to a link. A link that is gone ignores it. */
  | { readonly kind: 'link-signal'; readonly link: LinkId; readonly data: string }
  /** Send one frame over an open link; frames of one turn are bundled into packets (wire/packet.ts). */
  | { readonly kind: 'send'; readonly link: LinkId; readonly frame: Uint8Array }
  /** Find the link's path anew (ICE restart), which it can: the network has changed. More `link-signal`s come of it. */
  | { readonly kind: 'restart-link'; readonly link: LinkId }
  /** Flush, then close. No `link-closed` follows. */
  | { readonly kind: 'close-link'; readonly link: LinkId; readonly reason: LinkEnd }
  /** A neighbour says at which address it sees this peer: hearsay, to be shown. */
  | { readonly kind: 'seen'; readonly link: LinkId; readonly address: string }
  // signaling
  | { readonly kind: 'signaling-join' }
  | { readonly kind: 'signaling-leave' }
  /** Ask the signaling server for a fresh sample of the swarm. Answered by `sample`. */
  | { readonly kind: 'signaling-sample' }
  /** Carry a sealed envelope to a peer through the signaling server. */
  | { readonly kind: 'envelope'; readonly to: PeerId; readonly bytes: Uint8Array }
  // crypto
  | { readonly kind: 'sign'; readonly token: Token; readonly bytes: Uint8Array }
  | {
      readonly kind: 'verify'
      readonly token: Token
      readonly key: Uint8Array
      readonly bytes: Uint8Array
      readonly signature: Uint8Array
    }
  // the application
  | {
      readonly kind: 'deliver'
      readonly from: PeerId
      /** The topic of a broadcast; `undefined` for a direct message. */
      readonly topic: string | undefined
      readonly body: Uint8Array
      readonly hops: number
    }
  /** So many peers are known to have a broadcast that asked for receipts. More than were told before; `settle` follows. */
  | { readonly kind: 'receipt'; readonly request: RequestId; readonly count: number }
  /** The answer to `history`, oldest first; `settle` follows. */
  | { readonly kind: 'past'; readonly request: RequestId; readonly messages: readonly PastBroadcast[] }
  | { readonly kind: 'settle'; readonly request: RequestId; readonly outcome: Outcome }
  /** `via`: what the offer and the answer travelled by. */
  | {
      readonly kind: 'peer-connect'
      readonly peer: PeerId
      readonly link: LinkId
      readonly via: 'mesh' | 'signaling'
      /** Carried by a neighbour: the driver has no such link. */
      readonly relayed: boolean
    }
  /** A neighbour's link has given its place to another one, which is up: nothing changes for the application. `before` is closed. */
  | {
      readonly kind: 'link-replaced'
      readonly peer: PeerId
      readonly link: LinkId
      readonly before: LinkId
      readonly via: 'mesh' | 'signaling'
      readonly relayed: boolean
    }
  | {
      readonly kind: 'peer-disconnect'
      readonly peer: PeerId
      readonly link: LinkId
      readonly reason: LinkEnd
    }
  /** A neighbour fell silent, or a peer did not answer a dial in time. A `peer-disconnect` follows if it was a neighbour. */
  | { readonly kind: 'peer-timeout'; readonly peer: PeerId }
  /** A neighbour tells what it wants to get and means to publish. */
  | {
      readonly kind: 'peer-topics'
      readonly peer: PeerId
      readonly interests: readonly string[]
      readonly intents: readonly string[]
    }
  | { readonly kind: 'state'; readonly state: NodeState }
  /** May this peer, which has proven who it is, be a neighbour? Answered by `accepted`; until then its link is not up. */
  | { readonly kind: 'accept'; readonly peer: PeerId }
  /** A letter about an invite, proven to be from `from`. */
  | { readonly kind: 'invite-letter'; readonly from: PeerId; readonly body: Uint8Array }
  // time
  /** Send a `tick` at `at`. Replaces the wake asked for before; `Infinity` means none. */
  | { readonly kind: 'wake'; readonly at: number }

/** Where machines put their effects, in order. An array, seen from its one end. */
export interface Outbox {
  push(...effects: Effect[]): unknown
}

/** Why input from the network was dropped; the closed set that `stats().drops` counts by. */
export type Drop =
  | 'malformed' // bytes that do not parse
  | 'too-large' // over a limit of wire/limits.ts
  | 'unexpected' // a frame this link's state does not allow
  | 'bad-signature' // verification failed
  | 'bad-seal' // an envelope that does not open
  | 'bad-record' // a peer record that is not its id's, or is stale
  | 'bad-binding' // the handshake is about other DTLS fingerprints
  | 'wrong-swarm' // the other side proves another swarm
  | 'not-for-us' // addressed to someone else
  | 'hop-limit' // it went too far
  | 'replay' // seen before, outside the normal course of duplicates
  | 'rate' // too much of it
  | 'table-full' // a bounded table had no room
