/**
 * The signaling server of tabmesh: `attachSignaling` puts it on any HTTP server, `signalingPlugin` into Vite,
 * and `npx tabmesh-signal` runs it by itself. docs/SIGNALING.md describes the protocol.
 * @module
 */
export { attachSignaling, type Signaling, type UpgradeSource } from './attach.ts'
export type { Log, SignalingOptions } from './options.ts'
export type { Counters, SignalingStats } from './stats.ts'
export { type SignalingPlugin, signalingPlugin } from './vite-plugin.ts'
