/**
 * The public types of a mesh: options, events, statistics. `createMesh` (create.ts) returns a {@link Mesh}.
 * @module
 */
import type { AddressBook } from '../book/port.ts'
import type { Identity } from '../identity/identity.ts'
import type { BackoffOptions } from '../protocol/backoff.ts'
import type { Drop, NodeState } from '../protocol/effect.ts'
import type { PeerId } from '../protocol/id.ts'
import type { LinkEnd, Order } from '../protocol/input.ts'
import type { SignalingTransport } from '../signaling/port.ts'
import type { Diagnosis } from './diagnose.ts'

/**
 * Anything that can be sent: what goes in comes out with the same type. Typed arrays and ArrayBuffers keep
 * their class; Dates, Maps, Sets, bigints, `undefined`, −0 and NaN survive. Functions, symbols, instances of
 * other classes, cycles, a key `__proto__`, and anything nested deeper than 64 are refused with `MeshError`
 * code `unsupported`, naming the path. Encoded it is at most 16 MiB (`too-large`).
 */
export type Data =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Date
  | ArrayBuffer
  | ArrayBufferView
  | readonly Data[]
  | { readonly [key: string]: Data }
  | ReadonlyMap<Data, Data>
  | ReadonlySet<Data>

/** A message as it arrives. */
export interface Message {
  /** Who sent it: proven by signature (broadcast) or seal (direct). */
  readonly from: PeerId
  /** What was sent. Its type is what the sender made it: check it as you would any input from outside. */
  // biome-ignore lint/suspicious/noExplicitAny: an application knows its own messages
  readonly data: any
  /** The topic of a broadcast; `undefined` for a direct message. */
  readonly topic: string | undefined
  /** Links it crossed: 1 from a neighbour. */
  readonly hops: number
}

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

/** A broadcast of the past, as `history()` finds it. */
export interface PastMessage {
  /** Who sent it: proven by signature. This peer's own are there too. */
  readonly from: PeerId
  /** As in {@link Message}. */
  // biome-ignore lint/suspicious/noExplicitAny: an application knows its own messages
  readonly data: any
  readonly topic: string
  /**
   * About when it was broadcast, in milliseconds since 1970 on this tab's clock, as `Date.now()` tells. Hearsay: from when it
   * reached the peer that supplied it. Within one list it never goes back, nor does the order of one sender.
   */
  readonly at: number
  /** This peer has been given it as an event, or sent it since it was opened; false for what is older than its `join()`. */
  readonly delivered: boolean
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
  /** Bytes of recent broadcasts kept for retries and repair, 64 KiB … 1 GiB. Default 8 MiB. */
  readonly historyBytes?: number
}

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

export interface Logger {
  debug(message: string, ...details: unknown[]): void
  info(message: string, ...details: unknown[]): void
  warn(message: string, ...details: unknown[]): void
  error(message: string, ...details: unknown[]): void
}

/** What is known of a peer that {@link MeshOptions.accept} decides about. */
export interface AcceptInfo {
  /** It has shown an invite of this mesh, or made the one that this mesh came in by. */
  readonly invited: boolean
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

export interface InviteOptions {
  /**
   * Where the newcomer opens the page: the code goes behind its `#`, which no server is sent. Default: this page's address; a bare
   * code (`tabmesh:…`) with `false`, and where there is no page.
   */
  readonly page?: string | URL | false
  /** Milliseconds until it can be used no more, 1,000 … 86,400,000. Default 600,000: ten minutes. */
  readonly lifetime?: number
  /**
   * A WebRTC offer in it, so that it works with no server at all; it holds a connection until it is used. Without, the code is half as long, and
   * needs a signaling server that both reach. Default true.
   */
  readonly offer?: boolean
  readonly signal?: AbortSignal
}

export interface DiagnoseOptions {
  readonly signal?: AbortSignal
}

export interface WelcomeOptions {
  readonly signal?: AbortSignal
}

export interface JoinOptions {
  /** Gives the join up. */
  readonly signal?: AbortSignal
}

export interface SendOptions {
  /** Milliseconds until the promise rejects with `timeout`, up to a day. Default 10,000: four attempts with backoff. */
  readonly timeout?: number
  readonly signal?: AbortSignal
}

export interface BroadcastOptions {
  /**
   * When the others are given it; a promise of the sender to all of them, signed.
   * `'fifo'`: after what this peer sent before it. `'causal'`: also after whatever this peer had been given before it
   * sent it, so that no answer comes before its question; of more than 32 senders heard since its last causal
   * broadcast, after the latest of the 32 heard last. Costs 7 bytes for each. `'none'`: as soon as it arrives. What it waits
   * for and nobody has any more is waited for 10 s at most. Default: {@link MeshOptions.order}.
   */
  readonly order?: Order
  /**
   * Counts who has it: the promise is then one of a number, how many peers have been given it, this one not counted.
   * It resolves when all that can be reached have said so, or when `timeout` is over. Sums come up the broadcast
   * tree, about 60 bytes per peer in all. The number is never more than have it, as long as nobody lies about it (no
   * signature proves it), and less where links break while it is counted. In the ten seconds after `join()` it takes a
   * second longer: the parts of a swarm that is forming find each other in that time. Default false.
   */
  readonly receipt?: boolean
  /** Gets the number each time it has grown; with `receipt` only. */
  readonly onReceipt?: (count: number) => void
  /**
   * Milliseconds for receipts to come in, 1 … 60,000; with `receipt` only. When it is over, the promise resolves with the
   * number so far, and rejects with `timeout` only if no neighbour has acked. Default 10,000, as of `send()`.
   */
  readonly timeout?: number
  /** Ends the waiting; the broadcast itself goes on once it is under way. */
  readonly signal?: AbortSignal
}

export interface HistoryOptions {
  /** The latest so many messages, 1 … 1,000. Default 50, or 1,000 where `seconds` is given. */
  readonly last?: number
  /** Those of the last so many seconds, 1 … 86,400. Default: of any age. */
  readonly seconds?: number
  /** Milliseconds until it resolves with what has been found, 1 … 60,000. Default 10,000, as of `send()`. */
  readonly timeout?: number
  readonly signal?: AbortSignal
}

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
   * the last call of `stats()`; `unknown` until the browser has told.
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

/**
 * A mesh. Wrong arguments are a TypeError or RangeError that names them, before anything happens (of an
 * asynchronous call: its promise rejects at once). Everything else is a `MeshError` with a code.
 * `await using mesh = await createMesh(…)` leaves, and frees the identity, at the end of the block.
 */
export interface Mesh extends AsyncDisposable {
  readonly peerId: PeerId
  readonly state: NodeState
  /** Linked peers. */
  readonly neighbours: readonly PeerId[]
  /** Every peer this tab knows of, linked or not, itself excluded. Not the whole swarm: some 64 of a large one. */
  readonly peers: readonly PeerId[]
  /**
   * Joins the swarm; resolves when the mesh is usable: a link is up, or this is the first peer of the swarm. While
   * the signaling server is down it waits, with a warning. Calls while joining wait for the same join; when the
   * signals of all of them have fired, it is given up.
   *
   * @throws MeshError `unsupported` (no WebRTC here), `aborted`, `left` (`leave()` was called meanwhile, or the
   * mesh was disposed of), `refused` (signaling has ended for good), `invite-expired`, `invite-used` or `invite-invalid` (as the
   * inviting mesh says, or when the time is over)
   */
  join(options?: JoinOptions): Promise<void>
  /**
   * Says good-bye and closes everything; what is under way rejects with `left`. Idempotent; never rejects.
   * `join()` works again afterwards, with the same peer id.
   */
  leave(): Promise<void>
  /**
   * Makes an invite for one peer: a URI that `createMesh({ invite })` takes, in another tab or on another device, and joins
   * through this mesh. Anybody who has the URI can use it, once, while this mesh is joined.
   *
   * With no server that both reach, two codes are the fewest that WebRTC allows: this one carries the offer, and the
   * answer comes back as another (see `invite:reply`) for {@link welcome}. Where they share a server or an origin it comes by itself.
   *
   * @throws TypeError or RangeError; MeshError `left`, `aborted`, `refused` (the identity did not sign), `unsupported` (no connection could be
   * made), or `busy` (16 invites are open)
   */
  invite(options?: InviteOptions): Promise<string>
  /**
   * Takes the reply to an invite of this mesh; resolves with the newcomer's id when it is a neighbour.
   *
   * @throws TypeError; MeshError `invite-invalid`, `invite-expired`, `invite-used`, `timeout` (the two could not connect),
   * `refused` (there is no room, or `accept` said no), `left`, `aborted`
   */
  welcome(reply: string, options?: WelcomeOptions): Promise<PeerId>
  /**
   * Sends to one peer, over as many links as it takes, sealed. Resolves when the other side has the message.
   * Messages to one peer may overtake each other; await, or number them, where order counts.
   *
   * @throws RangeError for this peer's own id; MeshError `unsupported`, `too-large`, `timeout`, `no-route`,
   * `refused`, `left`, `aborted`, or `busy` (128 MiB wait to be sent)
   */
  send(peer: PeerId, data: Data, options?: SendOptions): Promise<void>
  /**
   * Sends to every peer of the swarm, exactly once, in order. Resolves when every tree neighbour has acked; at
   * once when there is no other peer. Without a link (`connecting`, `reconnecting`) it waits for the first, 20 s at
   * most. Who is cut off meanwhile gets it later from any neighbour that has it: those who were there when it was
   * sent, not newcomers. What has not come 10 s after a later one of its sender is given up. With `receipt: true` it resolves with how many peers have it, see
   * {@link BroadcastOptions.receipt}. A topic is 1 … 256 bytes of UTF-8; topics that end in `/*` are patterns
   * and cannot be sent to.
   *
   * @throws MeshError `unsupported`, `too-large`, `timeout` (no neighbour has acked), `refused` (the identity did
   * not sign), `left`, `aborted`, or `busy` (128 MiB wait to be sent)
   */
  sendBroadcast(
    topic: string,
    data: Data,
    options: BroadcastOptions & { readonly receipt: true },
  ): Promise<number>
  sendBroadcast(topic: string, data: Data, options?: BroadcastOptions): Promise<void>
  /**
   * The latest broadcasts on a topic, those before `join()` included, oldest first: what this peer and up to four
   * neighbours still hold of them (each 8 MiB of all topics by default, see {@link GossipOptions.historyBytes}; a neighbour
   * supplies 1 MiB for one question). Each is verified and comes once. They are not events: what is yet to come as a
   * `message` is left out, what has come is marked `delivered`. `[]` where nobody knows of any.
   *
   * @example
   * const missed = (await mesh.history('chat', { last: 50 })).filter(message => !message.delivered)
   *
   * @throws RangeError for a pattern; MeshError `timeout` (no neighbour has answered), `left`, `aborted`, or `busy` (32
   * questions are open, or each neighbour has been asked eight times in a moment)
   */
  history(topic: string, options?: HistoryOptions): Promise<PastMessage[]>
  /**
   * Calls `handler` for broadcasts on `topic`; `chat/*` takes everything below `chat/`, `*` everything. Not for
   * this peer's own. Returns unsubscribe. A handler that throws does not disturb the others.
   */
  subscribe(topic: string, handler: (message: Message) => void): () => void
  /**
   * Topics and patterns (as in `subscribe`) whose broadcasts this peer wants, at most 64. Others are delivered neither
   * to `message` nor to subscribers, and after the first of a sender on a topic they cross only links that lead to a peer that
   * wants it. What is added holds for messages to come, after a round trip for each link up the tree; what was missed
   * does not come. Neighbours are told. Before `join()` as well as after.
   *
   * @throws TypeError or RangeError
   */
  setInterests(topics: readonly string[]): void
  /** Topics and patterns that this peer means to publish, at most 64: neighbours are told, and nothing else happens. */
  setIntents(topics: readonly string[]): void
  /**
   * On: anybody in the swarm may be told of this peer. Off: the signaling server does not list it, neighbours do not name
   * it to others, and who asks it for a link is answered only if it is, or was, a neighbour, is one of `bootstrapNodes`, or was invited;
   * others hear nothing, as a refusal would tell that it is there. It still finds others, broadcasts, and can be written to. What was told
   * before it went silent stays told, and a server or a transport that does not know `silent` lists it all the same.
   *
   * @throws TypeError
   */
  discover(on: boolean): void
  /**
   * Listens; returns its own `off()`. A listener that throws does not disturb the others: its error is reported as
   * an uncaught one (`reportError`).
   *
   * @throws TypeError for an event that does not exist
   */
  on<E extends keyof MeshEvents>(event: E, listener: MeshEvents[E]): () => void
  /** Listens for the next one only. */
  once<E extends keyof MeshEvents>(event: E, listener: MeshEvents[E]): () => void
  off<E extends keyof MeshEvents>(event: E, listener: MeshEvents[E]): void
  /**
   * Marks a peer as a router, or with `false` as none any more: this tab keeps a link to it and asks it first to introduce and to
   * relay. It serves whom it can verify, within its own `relay` option. Of more than 16 the oldest is one no more; until `leave()`.
   *
   * @throws TypeError for what is no peer id; RangeError for this peer itself; MeshError `left` before `join()`
   */
  route(peer: PeerId, on?: boolean): void
  /**
   * Why can't we connect? Tries WebRTC, every signaling server of the transport, and every STUN and TURN server of `iceServers`, each for
   * 5 s at most, all at once; says which candidates this side has, how the link to `peer` goes if there is one, and what to do. Works
   * before `join()` as well. What the other side sees, only it can say: let it run this, too.
   *
   * @throws TypeError; MeshError `aborted`
   */
  diagnose(peer?: PeerId, options?: DiagnoseOptions): Promise<Diagnosis>
  /** A snapshot; counters run since createMesh. */
  stats(): MeshStats
}
