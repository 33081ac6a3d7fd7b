/**
 * Makes the parts of a mesh, and tells each of them whom to tell what.
 * @module
 */
import type { PeerId } from '../protocol/id.ts'
import type { Node } from '../protocol/node.ts'
import type { Logger, MeshOptions } from './api-options.ts'
import { AppEffects } from './app-effects.ts'
import { Awakening } from './awakening.ts'
import { Driver } from './driver.ts'
import type { Invite } from './invite/code.ts'
import { Invites } from './invite/invites.ts'
import { KnownPeers } from './known-peers.ts'
import { Listeners } from './listeners.ts'
import { Membership } from './membership.ts'
import type { Parts } from './parts.ts'
import type { Ports } from './ports.ts'
import { type Keeping, Remembering } from './remembering.ts'
import { Sending } from './sending.ts'

export interface PartSettings {
  readonly bootstrapNodes: readonly PeerId[]
  readonly historyBytes: number
  readonly logger: Logger
  readonly keeping: Keeping | undefined
  readonly invite: Invite | undefined
  readonly accept: MeshOptions['accept']
}

/** Nothing happens yet, but that the address book is loaded. */
export function assemble(
  node: Node,
  ports: Ports,
  { bootstrapNodes, historyBytes, logger, keeping, invite, accept }: PartSettings,
): { readonly parts: Parts; readonly membership: Membership } {
  const listeners = new Listeners(logger)
  const { emitter, warnings } = listeners
  const driver = new Driver(node, ports, {
    effect: effect => effects.play(effect),
    turn: () => {
      sending.turn()
      awakening.notice()
      invites.turn()
      if (membership.joined) known.touch()
    },
    signalingOver: reason => membership.signalingOver(reason),
    warning: warning => warnings.tell(warning),
  })
  const known = new KnownPeers(
    ports.timers,
    () => node.known(),
    () => emitter.emit('peers'),
    peer => emitter.emit('discover', peer),
  )
  const sending = new Sending(ports, historyBytes, {
    input: input => driver.input(input),
    isFull: link => node.isFull(link) || driver.links.isFull(link),
  })
  const remembering =
    keeping &&
    new Remembering(
      keeping,
      ports,
      contacts => driver.input({ kind: 'contacts', contacts }),
      (message, cause) => warnings.tell({ code: 'address-book-failed', message, cause }),
    )
  const awakening = new Awakening(ports, {
    awake: (slept, network) => driver.awake(slept, network),
    rest: resting => driver.input({ kind: 'rest', resting }),
  })
  const invites = new Invites(node, ports, invite, {
    driver,
    sending,
    reply: uri => emitter.emit('invite:reply', uri),
    settled: () => membership.usable(),
    failed: error => membership.uninvited(error),
  })
  const parts = { node, ports, driver, listeners, sending, known, awakening, remembering, invites }
  const membership = new Membership(parts, bootstrapNodes)
  const effects = new AppEffects(parts, membership, accept, logger)
  return { parts, membership }
}
