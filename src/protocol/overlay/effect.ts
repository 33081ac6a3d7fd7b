/**
 * What the overlay wants done: the effects of every machine, and what only node.ts can bring to the others.
 * @module
 */
import type { Effect } from '../effect.ts'
import type { PeerId } from '../id.ts'
import type { LinkEnd, LinkId } from '../input.ts'

export type OverlayEffect =
  | Effect
  /** A sealed letter to a peer; `near`: it is at most two hops away, so the mesh is quicker than a server. */
  | {
      readonly kind: 'tell'
      readonly to: PeerId
      readonly letter: number
      readonly body: Uint8Array
      readonly near: boolean
    }
  /** A slot's link is given up; a good-bye has been sent where there was somebody to hear it. */
  | {
      readonly kind: 'dropped'
      readonly link: LinkId
      readonly peer: PeerId
      readonly wasUp: boolean
      readonly reason: LinkEnd
    }
  /** A neighbour behaves as if it had lost the link. */
  | { readonly kind: 'doubt'; readonly link: LinkId }
  /** What is known of a neighbour's neighbours has changed. */
  | { readonly kind: 'lookahead'; readonly link: LinkId; readonly peers: ReadonlySet<PeerId> }

export type Out = OverlayEffect[]
