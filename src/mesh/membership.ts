/**
 * Joining a swarm and leaving it, and what runs between the two only.
 *
 * Invariants
 * 1. Whoever waits for a join is told: that the mesh is usable, or why it will not be.
 * 2. After `leave()` no timer runs, no link is open, no listener on the page is left; `join()` starts afresh.
 * @module
 */
import type { PeerId } from '../protocol/id.ts'
import { MeshError } from './errors.ts'
import { Joining } from './joining.ts'
import { watchPage } from './page.ts'
import type { Parts } from './parts.ts'

export class Membership {
  private readonly parts: Parts
  private readonly bootstrap: readonly PeerId[]
  /** Present between `join()` and `leave()`. */
  private joining: Joining | undefined
  private unwatch: () => void = () => {}

  constructor(parts: Parts, bootstrap: readonly PeerId[]) {
    this.parts = parts
    this.bootstrap = bootstrap
  }

  /** Between `join()` and `leave()`. */
  get joined(): boolean {
    return this.joining !== undefined
  }

  /** @param signal ends the waiting, and the join when nobody else waits for it */
  join(signal: AbortSignal | undefined): Promise<void> {
    const joining = this.joining ?? this.enter()
    return joining.wait(signal, () => {
      // Nobody waits for what has come, or for what was given up already.
      if (this.joining === joining && !this.connected) this.leave()
    })
  }

  leave(): void {
    this.unwatch()
    this.unwatch = () => {}
    this.exit()
  }

  private enter(): Joining {
    const { ports, driver, remembering, awakening, invites } = this.parts
    const joining = new Joining()
    this.joining = joining
    this.unwatch()
    this.unwatch = watchPage(
      ports.page,
      () => this.exit(),
      () => {
        if (this.joining === undefined) this.enter()
      },
    )
    driver.input({ kind: 'join', bootstrap: [...invites.bootstrap, ...this.bootstrap] })
    remembering?.offer()
    awakening.start()
    invites.start()
    return joining
  }

  /** Leaves, and is done when it returns; inside a listener, when the turn is. */
  private exit(): void {
    const { joining } = this
    if (joining === undefined) return
    const { driver, remembering, awakening } = this.parts
    this.joining = undefined
    awakening.stop()
    driver.input({ kind: 'leave' })
    remembering?.stop()
    joining.fail(new MeshError('left', 'this mesh left before it had joined'))
  }

  // ── what it hears ──────────────────────────────────────────────────────────────────────────────────────

  /** Whoever waits for the join has it, if the state allows and the inviter, if there is one, has nothing against it. */
  usable(): void {
    if (this.connected && !this.parts.invites.pending) this.joining?.succeed()
  }

  /** The node has left: whatever it did not end itself ends here. */
  left(): void {
    const { driver, known, invites, sending } = this.parts
    driver.stop()
    known.stop()
    invites.end()
    sending.end()
  }

  /** The invite that the mesh was made with is not good, or its time is over. */
  uninvited(error: MeshError): void {
    const { joining } = this
    if (joining === undefined || joining.succeeded) return
    joining.fail(error)
    this.leave()
  }

  /** Signaling will not come back. */
  signalingOver(reason: string): void {
    const { joining } = this
    if (joining === undefined || this.connected || this.parts.node.links().length > 0) return
    // Nobody can be met without signaling: waiting on would be waiting for ever.
    joining.fail(new MeshError('refused', `signaling ended for good: ${reason}`))
    this.leave()
  }

  private get connected(): boolean {
    return this.parts.node.state === 'connected'
  }
}
