/**
 * The options of `createMesh`; options.ts checks them.
 * @module
 */
import type { AddressBook } from '../book/port.ts'
import type { Identity } from '../identity/identity.ts'
import type { BackoffOptions } from '../protocol/backoff.ts'
import type { PeerId } from '../protocol/id.ts'
import type { Order } from '../protocol/input.ts'
import type { SignalingTransport } from '../signaling/port.ts'

export interface MeshOptions {
  /**
   * How peers meet that have no link yet, e.g. `new WebSocketTransport('wss://…/signal')`. One mesh per transport. A list of up to
   * 16 is used all at once, and one of them that works is enough: two servers, or a server and a {@link BroadcastChannelTransport}.
   */
  readonly transport: SignalingTransport | readonly SignalingTransport[]
  /** The swarm to join; peers with the same name meet. 1 … 256 bytes of UTF-8. The server learns its hash only. */
  readonly swarm: string
  /**
   * Who this peer is. `'persistent'`, the default: a key of this tab's own, kept in IndexedDB, the same after a
   * reload, never one that another live tab uses; where the browser denies storage or locks, an ephemeral one and
   * a warning `identity-ephemeral`. `'ephemeral'`: a fresh key each time. Or your own {@link Identity}.
   */
  readonly identity?: 'persistent' | 'ephemeral' | Identity
  /** Most links at once, half-open ones counted, 3 … 64. Default 8: 10,000 peers are one island, 8.9 hops across (measured). */
  readonly maxPeers?: number
  /**
   * STUN and TURN servers, as RTCPeerConnection takes them. Default: the public STUN servers of Google and
   * Cloudflare, which learn this tab's address. `[]` is enough within one network; behind some NATs only TURN helps.
   */
  readonly iceServers?: readonly RTCIceServer[]
  /** Peer ids to dial first. Default: none; the signaling server names some. */
  readonly bootstrapNodes?: readonly PeerId[]
  /** Size of a Kademlia bucket, 1 … 256. Default 20 (Maymounkov & Mazières 2002, §2.1). */
  readonly kademliaK?: number
  readonly gossip?: GossipOptions
  /** When a peer that could not be reached is dialled again. */
  readonly backoff?: BackoffOptions
  /**
   * Where peers that were linked outlive the page, so that a tab that comes back dials its old neighbours first: your own
   * {@link AddressBook}, or `false` for none. Default: IndexedDB where there is one, unless the identity is ephemeral (nobody
   * comes back). Of a swarm at most 256 peers are kept, each for 14 days after its last link; `bootstrapNodes` that were
   * linked stay. What fails is a warning `address-book-failed`.
   */
  readonly addressBook?: AddressBook | false
  /** See {@link Mesh.discover}. Default true: a swarm is public to all who know its name. */
  readonly discover?: boolean
  /**
   * Decides who may be a neighbour. Asked once about each peer, when that has proven who it is: when it asks for a link, or at the
   * end of the handshake of one, which counts as up only after a yes. Anything but `true`, a throw, or no word within `connectTimeout` is a no: its
   * link is closed as `refused`, and the peer neither asked nor taken for five minutes. Its messages still arrive over others: it is no ban.
   * Default: everybody.
   */
  readonly accept?: (peer: PeerId, info: AcceptInfo) => boolean | Promise<boolean>
  /** See {@link Mesh.setInterests}. Default `['*']`: everything. */
  readonly interests?: readonly string[]
  /** See {@link Mesh.setIntents}. Default none. */
  readonly intents?: readonly string[]
  /** The order of this peer's broadcasts where {@link BroadcastOptions.order} does not say otherwise. Default `'fifo'`. */
  readonly order?: Order
  /** Milliseconds for a link to open and authenticate, 500 … 120,000. Default 10,000: later, ICE has failed in all likelihood. */
  readonly connectTimeout?: number
  /**
   * What this tab relays for neighbours that ICE cannot connect to each other, or `false`: nothing. `maxCircuits` links at a time,
   * 1 … 256, and `bytesPerSecond` in all, 65,536 … 1 GiB; what is over it waits. Default 16 and 262,144: a video call of uplink.
   */
  readonly relay?: false | { readonly maxCircuits?: number; readonly bytesPerSecond?: number }
  /** Gets what happens, e.g. `console`. Default: silence. What it throws is ignored. */
  readonly logger?: Logger
}

/** How broadcasts spread. The defaults and their sources are in protocol/gossip/config.ts. */
export interface GossipOptions {
  /** Milliseconds until an unacked push is asked about, 10 … 60,000; a floor under 150 ms and two measured round trips. Default 250. */
  readonly ackTimeout?: number
  /** Milliseconds before the third question, 10 … 60,000; doubles with each, ± 25 %. Default 1,000. */
  readonly retryInterval?: number
  /** Questions until a link is given up for a message, 0 … 32. Default 5. */
  readonly maxRetries?: number
  /** Links a broadcast may cross, 1 … 255. Default 64. */
  readonly maxHops?: number
  /** Bytes of recent broadcasts kept for retries, repair and {@link Mesh.history}, 64 KiB … 1 GiB. Default 8 MiB. */
  readonly historyBytes?: number
}

/** {@link MeshOptions} of a mesh that joins by an invite: it names the swarm, and servers where it can. */
export interface InvitedOptions extends Omit<MeshOptions, 'transport' | 'swarm'> {
  /** What {@link Mesh.invite} of another mesh came to; the address of a page with it will do. */
  readonly invite: string
  /** Default: the signaling servers that the invite names; none where it names none. */
  readonly transport?: MeshOptions['transport']
  /** Not needed; where it is given and the invite is for another swarm, that is an `invite-invalid`. */
  readonly swarm?: string
}

/** What is known of a peer that {@link MeshOptions.accept} decides about. */
export interface AcceptInfo {
  /** It has shown an invite of this mesh, or made the one that this mesh came in by. */
  readonly invited: boolean
}

export interface Logger {
  debug(message: string, ...details: unknown[]): void
  info(message: string, ...details: unknown[]): void
  warn(message: string, ...details: unknown[]): void
  error(message: string, ...details: unknown[]): void
}
