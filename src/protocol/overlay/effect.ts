/**
 * What the overlay wants done: the effects of every machine, and what only node.ts can bring to the others.
 * @module
 */
import type { Effect } from '../effect.ts'
import type { PeerId } from '../id.ts'
import type { LinkEnd, LinkId } from '../input.ts'
import type { Road } from './slot.ts'

export type OverlayEffect =
  | Effect
  /** A sealed letter to a peer. */
  | {
      readonly kind: 'tell'
      readonly to: PeerId
      readonly letter: number
      readonly body: Uint8Array
      /** An answer goes back by the road of what it answers: who has no link yet is not found by the mesh. */
      readonly via: Road
      /** Not over the link that there is to it. */
      readonly aside?: boolean
      /** To a peer that may not be there: it is not looked for everywhere. */
      readonly tentative?: boolean
    }
  /** A slot's link is given up; a good-bye has been sent where there was somebody to hear it. */
  | {
      readonly kind: 'dropped'
      readonly link: LinkId
      readonly peer: PeerId
      readonly wasUp: boolean
      readonly reason: LinkEnd
    }
  /** A neighbour is silent for a known reason: it has so many ms to speak up, whatever is said of it. */
  | { readonly kind: 'wait'; readonly link: LinkId; readonly milliseconds: number }
  /** The channel of a link is to be closed; its peer stays a neighbour for now. */
  | { readonly kind: 'retire'; readonly link: LinkId }
  /** Open a relayed link over the direct link `carrier`; this side asks the relay for it, or waits for its offer. */
  | {
      readonly kind: 'open-circuit'
      readonly link: LinkId
      readonly peer: PeerId
      readonly session: number
      readonly carrier: LinkId
      readonly asks: boolean
    }
  /** A neighbour behaves as if it had lost the link. */
  | { readonly kind: 'doubt'; readonly link: LinkId }
  /** What is known of a neighbour's neighbours has changed. */
  | { readonly kind: 'lookahead'; readonly link: LinkId; readonly peers: ReadonlySet<PeerId> }

export type Out = OverlayEffect[]
