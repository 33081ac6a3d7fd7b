/**
 * tabmesh: browser tabs become a mesh.
 *
 * Each tab is a peer with a key of its own. A signaling server introduces the first two; from there the tabs
 * hold a mesh by themselves over WebRTC data channels. {@link createMesh} makes one:
 *
 *     import { createMesh, WebSocketTransport } from 'tabmesh'
 *
 *     const mesh = await createMesh({ transport: new WebSocketTransport('wss://example.org/signal'), swarm: 'my-app' })
 *     mesh.subscribe('chat', ({ from, data }) => console.log(from, data))
 *     await mesh.join()
 *     await mesh.sendBroadcast('chat', { text: 'hello' })   // to every peer, exactly once
 *     await mesh.send(peerId, new Uint8Array([1, 2, 3]))    // to one, sealed, over as many hops as it takes
 *     await mesh.leave()
 *
 * A peer id is the fingerprint of a public key, so who a message is `from` is proven, not claimed. Data is any
 * structured value and keeps its type. A mistake in an argument is a TypeError or RangeError that names it;
 * every other failure is a {@link MeshError} with a `code` from a closed list. What is less bad than that is a
 * `warning` event, and the mesh goes on.
 *
 * Another way to introduce peers is an object with the four methods of {@link SignalingTransport}.
 * @module
 */
export type { AddressBook, BookEntry } from './book/port.ts'
export type { Identity } from './identity/identity.ts'
export type { Mesh } from './mesh/api.ts'
export type {
  BroadcastOptions,
  DiagnoseOptions,
  HistoryOptions,
  InviteOptions,
  JoinOptions,
  SendOptions,
  WelcomeOptions,
} from './mesh/api-call-options.ts'
export type { MeshEvents, MeshWarning, PeerTopics } from './mesh/api-events.ts'
export type { Data, Message, PastMessage } from './mesh/api-messages.ts'
export type { AcceptInfo, GossipOptions, InvitedOptions, Logger, MeshOptions } from './mesh/api-options.ts'
export type { LinkStats, MeshStats } from './mesh/api-stats.ts'
export { createMesh } from './mesh/create.ts'
export type { Diagnosis, PeerProbe, ServerProbe, Verdict } from './mesh/diagnose.ts'
export { MeshError, type MeshErrorCode } from './mesh/errors.ts'
export { version } from './mesh/version.ts'
export type { BackoffOptions } from './protocol/backoff.ts'
export type { Drop, NodeState } from './protocol/effect.ts'
export { isPeerId, type PeerId } from './protocol/id.ts'
export type { LinkEnd, Order } from './protocol/input.ts'
export {
  BroadcastChannelTransport,
  type BroadcastChannelTransportOptions,
} from './signaling/broadcast-channel.ts'
export type {
  SampledPeer,
  SignalingEvents,
  SignalingSession,
  SignalingTransport,
} from './signaling/port.ts'
export { WebSocketTransport, type WebSocketTransportOptions } from './signaling/websocket.ts'
