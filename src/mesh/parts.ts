/**
 * The parts of a mesh; assemble.ts makes them, and lets them know of each other.
 * @module
 */
import type { Node } from '../protocol/node.ts'
import type { Awakening } from './awakening.ts'
import type { Driver } from './driver.ts'
import type { Invites } from './invite/invites.ts'
import type { KnownPeers } from './known-peers.ts'
import type { Listeners } from './listeners.ts'
import type { Ports } from './ports.ts'
import type { Remembering } from './remembering.ts'
import type { Sending } from './sending.ts'

export interface Parts {
  readonly node: Node
  readonly ports: Ports
  readonly driver: Driver
  readonly listeners: Listeners
  readonly sending: Sending
  readonly known: KnownPeers
  readonly awakening: Awakening
  /** Without an address book there is none. */
  readonly remembering: Remembering | undefined
  readonly invites: Invites
}
