/**
 * The side of the newcomer: answers an invite by every way there is, and waits for the inviter's word or a link to it.
 *
 *     offer? ─▶ answer ─▶ reply ─┬─ invite:reply: by hand
 *                                ├─ BroadcastChannel ─▶ report
 *                                └─ letter, when signaling is up ─▶ report
 *
 * `open` while neither has come: the mesh has not joined before that.
 * @module
 */

import type { PeerId } from '../../protocol/id.ts'
import { sameBytes } from '../../protocol/id.ts'
import type { Input } from '../../protocol/input.ts'
import { idOfKey } from '../../protocol/record.ts'
import type { MeshError } from '../errors.ts'
import type { LinkTable } from '../link-table.ts'
import type { Ports } from '../ports.ts'
import { type Invite, tagOf, toUri, writeReply } from './code.ts'
import { channelOf, errorOf, readReport, type Verdict } from './reports.ts'

/** Tells the tabs of this origin again after so many ms: the inviting one may be asleep. */
const REPEAT = 2000

/** What answering an invite needs of the mesh. */
export interface InvitedHost {
  readonly links: LinkTable
  input(input: Input): void
  letter(to: PeerId, body: Uint8Array, failed: () => void): void
  /** The reply is made. */
  reply(uri: string): void
  /** The inviter has answered, cannot be asked, or is a neighbour. */
  settled(): void
  failed(error: MeshError): void
}

export class Invited {
  readonly inviter: PeerId
  /** Nobody has said yet whether it is good. */
  open = false
  private readonly invite: Invite
  private readonly self: PeerId
  private readonly ports: Ports
  private readonly host: InvitedHost
  private readonly tag: Uint8Array
  private used = false
  private reply: Uint8Array | undefined
  private signalingUp = false
  private prepared: number | undefined
  private timer: number | undefined
  private repeat: number | undefined
  private channel: ReturnType<typeof channelOf>

  constructor(invite: Invite, self: PeerId, ports: Ports, host: InvitedHost) {
    this.invite = invite
    this.inviter = idOfKey(invite.key)
    this.self = self
    this.ports = ports
    this.host = host
    this.tag = tagOf(invite.token)
  }

  /** Whom to ask first where there is signaling. */
  get bootstrap(): readonly PeerId[] {
    return [this.inviter, ...this.invite.routers]
  }

  start(): void {
    // Once in, a peer comes back as any other.
    if (this.used) return
    const { invite, ports, host } = this
    this.open = true
    const left = invite.expiresAt - ports.wallClock()
    // Goes on after the inviter's yes, until somebody is linked: a yes is no connection.
    this.timer = ports.timers.set(
      () => {
        this.open = true
        this.verdict('invite-expired')
      },
      Math.max(0, left),
    )
    this.channel = channelOf(ports.BroadcastChannel, this.tag, bytes => this.report(bytes))
    if (invite.offer === undefined) {
      this.answered(undefined)
      return
    }
    try {
      this.prepared = host.links.prepare(left, invite.offer, {
        signal: answer => this.answered(answer),
        ended: () => {
          this.prepared = undefined
          // Without its answer the code still opens the door at a server.
          if (this.reply === undefined) this.answered(undefined)
        },
      })
    } catch {
      this.answered(undefined)
    }
  }

  /** Signaling is up: the inviter may be there. */
  signaling(): void {
    this.signalingUp = true
    this.write()
  }

  /** A letter about an invite. */
  letter(from: PeerId, body: Uint8Array): void {
    if (from === this.inviter) this.report(body)
  }

  connected(peer: PeerId): void {
    if (peer === this.inviter) this.verdict('ok')
    if (!this.open) this.stopClock()
  }

  end(): void {
    this.open = false
    this.signalingUp = false
    this.reply = undefined
    this.stopClock()
    this.closeWays()
    if (this.prepared !== undefined) this.host.links.discard(this.prepared, 'left')
  }

  private answered(answer: string | undefined): void {
    if (!this.open) return
    const { host, inviter, invite, prepared } = this
    const reply = writeReply(invite.token, this.self, answer)
    this.reply = reply
    if (answer !== undefined && prepared !== undefined) {
      const patience = Math.max(1, invite.expiresAt - this.ports.wallClock())
      this.prepared = undefined
      host.input({ kind: 'adopt', peer: inviter, prepared, patience })
      host.reply(toUri(reply))
    }
    this.call()
    this.write()
  }

  /** Tells the tabs of this origin. */
  private call(): void {
    if (this.channel === undefined || !this.open || this.reply === undefined) return
    this.channel.postMessage(this.reply)
    this.repeat = this.ports.timers.set(() => this.call(), REPEAT)
  }

  private write(): void {
    if (!this.open || !this.signalingUp || this.reply === undefined) return
    this.host.letter(this.inviter, this.reply, () => {
      // It is not at any server. A reply with an answer may still be carried there; otherwise the swarm is all there is.
      if (this.invite.offer === undefined) this.verdict('ok')
    })
  }

  private report(bytes: Uint8Array): void {
    const report = readReport(bytes)
    if (report !== undefined && sameBytes(report.tag, this.tag)) this.verdict(report.verdict)
  }

  private verdict(verdict: Verdict): void {
    if (!this.open) return
    this.open = false
    this.closeWays()
    if (verdict === 'ok') {
      this.used = true
      this.host.settled()
    } else {
      this.stopClock()
      this.host.failed(errorOf(verdict))
    }
  }

  private stopClock(): void {
    if (this.timer !== undefined) this.ports.timers.clear(this.timer)
    this.timer = undefined
  }

  private closeWays(): void {
    if (this.repeat !== undefined) this.ports.timers.clear(this.repeat)
    this.repeat = undefined
    this.channel?.close()
    this.channel = undefined
  }
}
