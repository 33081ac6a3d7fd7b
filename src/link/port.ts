/**
 * The Link port: one data channel to one peer, not yet authenticated. Packets arrive whole and in order, or
 * the link closes. Two adapters: simple-peer (browser) and memory (tests); one conformance suite for both.
 * @module
 */

/** Why a link ended by itself. */
export type LinkFailure = 'closed' | 'failed' | 'timeout'

/** What a link tells its owner. After `closed` nothing more is told. Nothing is told inside a call to the link. */
export interface LinkEvents {
  /** A signal for the other side (an offer, an answer or a candidate, as JSON text). Carry it there, in order. */
  signal(data: string): void
  /**
   * The channel is open. `binding` is the initiator's DTLS fingerprint followed by the responder's (SHA-256,
   * 32 + 32 bytes): the same bytes on both sides if nobody sits in the middle.
   */
  open(binding: Uint8Array): void
  /** One packet as it was sent; never empty. */
  packet(bytes: Uint8Array): void
  /** The other side has taken some of what was sent and has more of it before it: it is there, though it may have nothing to say. Not told by every link. */
  taken(): void
  /** There is room again after `send` returned false. */
  drain(): void
  /** The link is gone: `closed` by the other side, `failed` by ICE or DTLS, `timeout` when it did not open in time. */
  closed(reason: LinkFailure): void
}

/** How the link's packets travel, for `stats()`. */
export interface LinkPath {
  /** `turn`: over a TURN server. */
  readonly kind: 'direct' | 'turn' | 'unknown'
  /** Candidate types, e.g. `host`, `srflx`, `relay`; empty where unknown. */
  readonly local: string
  readonly remote: string
  /** The other side's address and port as seen from here, e.g. `203.0.113.7:50123`; left out where the browser hides it. */
  readonly address?: string
}

export interface Link {
  /** Bytes handed to the channel and not yet sent by it. */
  readonly bufferedAmount: number
  /**
   * Sends one packet of 1 … 16,384 bytes. Returns false when enough is on its way, or in the buffer: the
   * packet is sent all the same, but wait for `drain` before the next. On a link that is not open it does nothing and returns false.
   */
  send(packet: Uint8Array): boolean
  /** Takes a signal of the other side. Signals after the end are ignored. A signal that does not parse ends the link as `failed`. */
  signal(data: string): void
  /** Sends what is buffered where it can, then closes. Idempotent; `closed` is not told. */
  close(): void
  /**
   * Looks for a new path over the same session (ICE restart) because the network has changed; the other side's part comes
   * by signals as at the beginning. Where it does not help, the link ends as `failed` in its time. Nothing happens on a link that
   * is not open. Optional: where it is missing when the link opens, a new link is made in its place.
   */
  restart?(): void
  /** How packets travel. */
  path(): Promise<LinkPath>
}

export interface LinkFactory {
  /**
   * Makes a link. The initiator makes the offer.
   *
   * @param patience given for a link whose signals are carried by hand: it makes one signal, with every candidate in it, and
   * waits so many ms for the other side's; an initiator that has the answer opens in the usual time or not at all
   */
  open(initiator: boolean, events: LinkEvents, patience?: number): Link
}

/**
 * Hold back above this many bytes that wait: 1 MiB keeps a 100 Mbit/s link busy for 80 ms. No link buffers more than this and a
 * packet; a browser's has less on its way (window.ts).
 */
export const HIGH_WATER = 1_048_576
/** Go on below this many. */
export const LOW_WATER = 262_144
/** Largest packet: 16 KiB is what every WebRTC implementation takes without fragmentation trouble (RFC 8831 §6.6). */
export const MAX_PACKET = 16_384
