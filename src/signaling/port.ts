/**
 * The SignalingTransport port: how peers that have no link find each other and exchange sealed envelopes.
 * A transport carries bytes; it is not trusted with anything (envelopes are sealed, records are signed).
 * @module
 */
import type { PeerId } from '../protocol/id.ts'

/** A peer of the swarm as the transport tells of it. `record` is its signed peer record, verified by the receiver. */
export interface SampledPeer {
  readonly id: PeerId
  readonly record: Uint8Array
}

/** Who joins, and where. */
export interface SignalingSession {
  readonly id: PeerId
  /** Ed25519 public key, 32 bytes; `id` is its SHA-256. */
  readonly publicKey: Uint8Array
  /** What the swarm is found by: 52 characters of base32. The transport never learns the swarm's name. */
  readonly discoveryKey: string
  /** This peer's signed record, handed to others in samples. */
  readonly record: Uint8Array
  /** This peer does not want to be in samples: envelopes reach it, and nobody is told of it. */
  readonly silent?: boolean
  /** Signs a challenge with the identity key. */
  sign(bytes: Uint8Array): Promise<Uint8Array>
}

/** What a transport tells. Nothing is told after `close()`, and nothing inside a call to the transport. */
export interface SignalingEvents {
  /** Joined (again). The sample is bounded: the nearest on the ring and a spread over the buckets, never this peer itself. */
  up(sample: readonly SampledPeer[]): void
  /** The answer to `sample()`. */
  sample(peers: readonly SampledPeer[]): void
  /** The connection is gone; the transport retries by itself in `retryIn` ms, or never when it is `undefined`. */
  down(reason: string, retryIn: number | undefined): void
  /** An envelope for this peer. */
  envelope(bytes: Uint8Array): void
  /** A peer we exchanged envelopes with has left or lost its connection: a hint, to be probed, not believed. */
  left(peer: PeerId): void
  /** Something the application should know (a refused join, a rate limit); `code` is the server's. */
  warning(code: string, message: string): void
}

export interface SignalingTransport {
  /** Where peers meet, e.g. the server's URL: for the address book. Optional. */
  readonly name?: string
  /** Where others reach the same swarm, as `ws:` or `wss:` URLs, for invites. */
  readonly urls?: readonly string[]
  /** Connects and joins; reconnects by itself until `close()`. One session at a time; a closed transport can be opened again. */
  open(session: SignalingSession, events: SignalingEvents): void
  /** Carries an envelope to a peer. False when the transport is down: the envelope is not kept. */
  send(to: PeerId, envelope: Uint8Array): boolean
  /**
   * The page is back: do not sit out a wait, and do not trust an old connection. With `stale` it is dead in all likelihood:
   * the network is another one, or the sleep was long. Optional; what it brings about is told by `down` and `up`.
   */
  awake?(stale: boolean): void
  /** Asks for a fresh sample; answered by `events.sample`. Nothing happens while down. */
  sample(): void
  /** Leaves the swarm, tells the others where it can, and closes. Idempotent. */
  close(): void
}
