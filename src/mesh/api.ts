/**
 * The public face of a mesh, which `createMesh` (create.ts) returns. What it takes and tells is in api-*.ts beside it.
 * @module
 */
import type { NodeState } from '../protocol/effect.ts'
import type { PeerId } from '../protocol/id.ts'
import type {
  BroadcastOptions,
  DiagnoseOptions,
  HistoryOptions,
  InviteOptions,
  JoinOptions,
  SendOptions,
  WelcomeOptions,
} from './api-call-options.ts'
import type { MeshEvents } from './api-events.ts'
import type { Data, Message, PastMessage } from './api-messages.ts'
import type { MeshStats } from './api-stats.ts'
import type { Diagnosis } from './diagnose.ts'

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
   * Marks a peer as a router, or with `false` as none any more: this tab keeps a link to it and asks it first: whom it knows, to
   * introduce this tab to others (before other neighbours and the signaling server), and to relay. It need not know that it is one; it
   * serves neighbours, whom it has verified, and relays within its own `relay` option. Of more than 16 the oldest is one no more; until `leave()`.
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
