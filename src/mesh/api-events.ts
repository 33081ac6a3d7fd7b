/**
 * The events of a mesh, and what comes with them.
 * @module
 */
import type { NodeState } from '../protocol/effect.ts'
import type { PeerId } from '../protocol/id.ts'
import type { LinkEnd } from '../protocol/input.ts'
import type { Message } from './api-messages.ts'

export interface MeshEvents {
  /** A neighbour: the link is authenticated and open. Does not fire for peers that are known and not linked. */
  'peer:connect': (peer: PeerId) => void
  /**
   * A neighbour is one no more. Fires once per `peer:connect`, also on `leave()`. It need not have left the
   * swarm: reason `evicted` means that either side has found a better link.
   */
  'peer:disconnect': (peer: PeerId, reason: LinkEnd) => void
  /** A neighbour fell silent, or a peer did not answer a dial in time. */
  'peer:timeout': (peer: PeerId) => void
  /**
   * A neighbour told what it wants to get and means to publish, or has changed it. Does not fire for a neighbour that
   * wants everything and has no intents, which nobody needs to tell.
   */
  'peer:topics': (peer: PeerId, topics: PeerTopics) => void
  /** Every direct message, and every broadcast whose topic this peer is interested in. Not this peer's own. */
  message: (message: Message) => void
  /** `connecting` → `connected` ⇄ `reconnecting`, and `left` in the end. Not for `idle`, which a mesh begins with. */
  state: (state: NodeState) => void
  /**
   * While joining by an invite with an offer in it: the reply that {@link Mesh.welcome} of the inviting mesh takes, a text of
   * some 250 characters. Where the two share a server or an origin it goes there by itself; elsewhere somebody carries it.
   */
  'invite:reply': (reply: string) => void
  /**
   * A peer was heard of that had not been, whether or not it is to be linked to. Once each, of the last 4,096; coalesced as `peers` is.
   */
  discover: (peer: PeerId) => void
  /** The list of peers this tab knows of has changed. Coalesced: at most 4 times a second; not after `leave()`. */
  peers: () => void
  /**
   * Something works less well than it could, and the mesh goes on. What is told before the first listener is
   * kept for it (the first 16).
   */
  warning: (warning: MeshWarning) => void
}

/** What a neighbour says of itself. Nobody proves it. */
export interface PeerTopics {
  /** Topics and patterns it wants to get. */
  readonly interests: readonly string[]
  /** Topics and patterns it means to publish. */
  readonly intents: readonly string[]
}

export interface MeshWarning {
  /**
   * `identity-ephemeral`, `identity-replaced`, `identity-shared`: see {@link MeshOptions.identity};
   * `identity-failed`: the identity did not sign; `signaling-down`, `signaling-failed`: no server now, links go
   * on; `link-failed`: a link threw; `crypto-failed`: a signature could not be checked; `address-book-failed`: it lives as long as the page; `internal`: a bug of this
   * library; or the signaling server's own code.
   */
  readonly code: string
  readonly message: string
  readonly cause?: unknown
}
