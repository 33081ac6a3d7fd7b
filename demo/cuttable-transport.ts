/**
 * A signaling transport with a pair of scissors: shows that a mesh lives on without its server. Written
 * against the public SignalingTransport port, as an application would.
 * @module
 */
import type { PeerId, SignalingEvents, SignalingSession, SignalingTransport } from 'tabmesh'

export type SignalingStatus =
  | { readonly kind: 'closed' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'up' }
  | {
      readonly kind: 'down'
      readonly reason: string
      readonly retryAt: number | undefined
      readonly everUp: boolean
    }
  | { readonly kind: 'cut' }

export class CuttableTransport implements SignalingTransport {
  status: SignalingStatus = { kind: 'closed' }
  private readonly inner: SignalingTransport
  private readonly told: (status: SignalingStatus) => void
  private session: { readonly who: SignalingSession; readonly events: SignalingEvents } | undefined
  private isCut = false
  private everUp = false
  /** Counts openings, so that an event of a connection that was cut is not taken for one of the next. */
  private era = 0

  constructor(inner: SignalingTransport, told: (status: SignalingStatus) => void) {
    this.inner = inner
    this.told = told
  }

  get urls(): readonly string[] {
    return this.inner.urls ?? []
  }

  open(who: SignalingSession, events: SignalingEvents): void {
    this.session = { who, events }
    if (this.isCut) this.tellDown()
    else this.connect()
  }

  send(to: PeerId, envelope: Uint8Array): boolean {
    return !this.isCut && this.inner.send(to, envelope)
  }

  sample(): void {
    if (!this.isCut) this.inner.sample()
  }

  close(): void {
    this.session = undefined
    this.era++
    if (!this.isCut) {
      this.inner.close()
      this.set({ kind: 'closed' })
    }
  }

  get cut(): boolean {
    return this.isCut
  }

  /** Drops the connection and keeps it dropped until `restore()`; the mesh above is told that signaling is down. */
  sever(): void {
    if (this.isCut) return
    this.isCut = true
    this.era++
    this.inner.close()
    this.set({ kind: 'cut' })
    if (this.session) this.tellDown()
  }

  restore(): void {
    if (!this.isCut) return
    this.isCut = false
    if (this.session) this.connect()
    else this.set({ kind: 'closed' })
  }

  private connect(): void {
    const session = this.session
    if (!session) return
    const era = ++this.era
    const { who, events } = session
    const live = (): boolean => era === this.era
    this.set({ kind: 'connecting' })
    this.inner.open(who, {
      up: sample => {
        if (!live()) return
        this.everUp = true
        this.set({ kind: 'up' })
        events.up(sample)
      },
      down: (reason, retryIn) => {
        if (!live()) return
        const retryAt = retryIn === undefined ? undefined : Date.now() + retryIn
        this.set({ kind: 'down', reason, retryAt, everUp: this.everUp })
        events.down(reason, retryIn)
      },
      sample: peers => live() && events.sample(peers),
      envelope: bytes => live() && events.envelope(bytes),
      left: peer => live() && events.left(peer),
      warning: (code, message) => live() && events.warning(code, message),
    })
  }

  /** The port tells nothing inside a call to the transport. */
  private tellDown(): void {
    const era = this.era
    const events = this.session?.events
    queueMicrotask(() => {
      if (era === this.era) events?.down('cut by hand', undefined)
    })
  }

  private set(status: SignalingStatus): void {
    this.status = status
    this.told(status)
  }
}
