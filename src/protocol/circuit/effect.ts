/**
 * What a circuit has come to, for the node: to everything above, a circuit is a link.
 * @module
 */
import type { Effect } from '../effect.ts'
import type { LinkId } from '../input.ts'

/**
 * Why a circuit ended. `refused`: by the relay or the other end, before it was open. `closed`: by the other end. `failed`:
 * the relay or its link has gone, the other end breaks the rules, or more waits than is kept. `timeout`: no answer to the set-up.
 */
export type CircuitEnd = 'refused' | 'closed' | 'failed' | 'timeout'

export type CircuitEffect =
  | Effect
  /** Both ends are there. `binding`: 64 bytes that both compute alike, for the handshake (the lower id's box key, the other's). */
  | { readonly kind: 'circuit-open'; readonly link: LinkId; readonly binding: Uint8Array }
  /** A packet of the other end's (wire/packet.ts). */
  | { readonly kind: 'circuit-packet'; readonly link: LinkId; readonly bytes: Uint8Array }
  /** A sign of life without a packet: the other end has taken something. */
  | { readonly kind: 'circuit-heard'; readonly link: LinkId }
  /** It ended without a {@link Circuits.close} of this side's: the slot is forgotten. */
  | { readonly kind: 'circuit-closed'; readonly link: LinkId; readonly reason: CircuitEnd }
  /** Much waits for credit: hold back until `circuit-drained`. The two come in turns. */
  | { readonly kind: 'circuit-full'; readonly link: LinkId }
  | { readonly kind: 'circuit-drained'; readonly link: LinkId }

/** Where the circuits put their effects, in order. */
export interface CircuitOutbox {
  push(...effects: CircuitEffect[]): unknown
}
