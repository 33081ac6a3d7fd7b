/**
 * Reads the invite that a mesh is made with, and finds the way in that it names.
 * @module
 */
import { sameBytes } from '../../protocol/id.ts'
import type { SignalingTransport } from '../../signaling/port.ts'
import { WebSocketTransport } from '../../signaling/websocket.ts'
import type { Ports } from '../ports.ts'
import { discoveryKeyOf } from '../swarm.ts'
import { fromUri, type Invite, readInvite } from './code.ts'
import { errorOf } from './reports.ts'

/**
 * @param swarm the name of the swarm that is to be joined, where it is known
 * @throws MeshError `invite-invalid` or `invite-expired`
 */
export async function openInvite(
  uri: string,
  swarm: string | undefined,
  now: number,
  verify: Ports['verify'],
): Promise<Invite> {
  const bytes = fromUri(uri)
  const invite = bytes === undefined ? undefined : readInvite(bytes)
  if (
    invite === undefined ||
    !(await verify(invite.key, invite.signed, invite.signature)) ||
    (swarm !== undefined && !sameBytes(discoveryKeyOf(swarm), invite.discoveryKey))
  )
    throw errorOf('invite-invalid')
  if (now >= invite.expiresAt) throw errorOf('invite-expired')
  return invite
}

/** The servers that an invite names; where it names none, a transport that is never up. */
export function transportOf({ urls }: Invite): SignalingTransport {
  if (urls.length > 0 && typeof WebSocket === 'function') return new WebSocketTransport(urls)
  return { open() {}, send: () => false, sample() {}, close() {} }
}
