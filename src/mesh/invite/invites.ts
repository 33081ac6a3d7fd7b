/**
 * The invites of one mesh: those it makes, and the one it was made with.
 * @module
 */
import type { PeerId } from '../../protocol/id.ts'
import type { Node } from '../../protocol/node.ts'
import type { Driver } from '../driver.ts'
import type { MeshError } from '../errors.ts'
import type { Ports } from '../ports.ts'
import type { Sending } from '../sending.ts'
import type { Invite } from './code.ts'
import { Invited } from './invited.ts'
import { Inviting } from './inviting.ts'

/** What invites need of the mesh. */
export interface InvitesHost {
  readonly driver: Driver
  readonly sending: Sending
  /** The reply to the invite that the mesh was made with. */
  reply(uri: string): void
  /** It has been answered: the mesh is joined as soon as it is usable. */
  settled(): void
  /** It is not good, or its time is over. */
  failed(error: MeshError): void
}

export class Invites {
  readonly inviting: Inviting
  private readonly invited: Invited | undefined
  private readonly driver: Driver
  private signalingUp = false

  constructor(node: Node, ports: Ports, invite: Invite | undefined, host: InvitesHost) {
    const { driver, sending } = host
    this.driver = driver
    const shared = {
      links: driver.links,
      input: driver.input.bind(driver),
    }
    this.inviting = new Inviting(node.config, ports, {
      ...shared,
      neighbours: () => node.links().map(link => link.peer),
      letter: (to, body) => void sending.letter(to, body).catch(() => {}),
    })
    this.invited =
      invite &&
      new Invited(invite, node.config.id, ports, {
        ...shared,
        letter: (to, body, failed) => void sending.letter(to, body).catch(failed),
        reply: uri => host.reply(uri),
        settled: () => host.settled(),
        failed: error => host.failed(error),
      })
  }

  /** Whether joining waits for the inviter's word. */
  get pending(): boolean {
    return this.invited?.open === true
  }

  /** Whether a peer was invited, or has invited this one. */
  knows(peer: PeerId): boolean {
    return peer === this.invited?.inviter || this.inviting.invited(peer)
  }

  /** Whom to ask first. */
  get bootstrap(): readonly PeerId[] {
    return this.invited?.bootstrap ?? []
  }

  /** The mesh has begun to join. */
  start(): void {
    this.invited?.start()
  }

  /** Something has happened. */
  turn(): void {
    const { up } = this.driver.signaling
    if (up && !this.signalingUp) this.invited?.signaling()
    this.signalingUp = up
  }

  letter(from: PeerId, body: Uint8Array): void {
    this.inviting.letter(from, body)
    this.invited?.letter(from, body)
  }

  connected(peer: PeerId): void {
    this.inviting.connected(peer)
    this.invited?.connected(peer)
  }

  /** The mesh has left. */
  end(): void {
    this.signalingUp = false
    this.inviting.end()
    this.invited?.end()
  }
}
