/**
 * The application's messages on their way out: checked and encoded by mesh.ts, admitted, handed to the protocol,
 * settled.
 * @module
 */
import type { Outcome } from '../protocol/effect.ts'
import type { PeerId } from '../protocol/id.ts'
import type { Input, LinkId, RequestId } from '../protocol/input.ts'
import { Admission } from './admission.ts'
import { FULL_MARK } from './outgoing.ts'
import type { Ports } from './ports.ts'
import { Requests } from './requests.ts'

const BUSY = '128 MiB wait to be sent: await some calls before making more'

/** What sending needs of the driver. */
export interface Outlet {
  input(input: Input): void
  isFull(link: LinkId): boolean
}

export class Sending {
  private readonly outlet: Outlet
  private readonly requests = new Requests()
  private readonly admission: Admission
  private readonly linkOf = new Map<PeerId, LinkId>()

  /** @param historyBytes what the protocol keeps of broadcasts for retries */
  constructor({ timers, clock }: Ports, historyBytes: number, outlet: Outlet) {
    this.outlet = outlet
    // What one link takes before it is full: beyond it, pushes would turn into repairs. And half of what is kept
    // for retries, so that none of this program's own broadcasts is gone before its ack.
    const window = Math.min(FULL_MARK, historyBytes / 2)
    this.admission = new Admission(timers, clock, window, {
      full: peer => {
        const link = this.linkOf.get(peer)
        return link !== undefined && outlet.isFull(link)
      },
      settle: (request, outcome) => this.requests.settle(request, outcome),
    })
  }

  direct(to: PeerId, body: Uint8Array, timeout: number, signal: AbortSignal | undefined): Promise<void> {
    const { outlet } = this
    return this.requests.open(
      request =>
        this.admission.enter({
          request,
          way: to,
          bytes: body.length,
          timeout,
          go: left => outlet.input({ kind: 'send', request, to, body, timeout: left }),
        }),
      request => this.cancel(request),
      {
        timeout: `no receipt from ${to} within ${timeout} ms`,
        'no-route': `no route to ${to}`,
        refused: `${to} refused the message`,
        busy: BUSY,
      },
      signal,
    )
  }

  broadcast(topic: string, body: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const { outlet } = this
    return this.requests.open(
      request =>
        this.admission.enter({
          request,
          way: 'broadcast',
          bytes: body.length,
          timeout: Number.POSITIVE_INFINITY,
          go: () => outlet.input({ kind: 'broadcast', request, topic, body }),
        }),
      request => this.cancel(request),
      {
        timeout: `no neighbour has acked the broadcast on '${topic}'`,
        'no-route': 'there is no neighbour to send to',
        refused: 'the identity did not sign the broadcast',
        busy: BUSY,
      },
      signal,
    )
  }

  linkUp(peer: PeerId, link: LinkId): void {
    this.linkOf.set(peer, link)
  }

  linkDown(peer: PeerId, link: LinkId): void {
    if (this.linkOf.get(peer) === link) this.linkOf.delete(peer)
  }

  settle(request: RequestId, outcome: Outcome): void {
    this.admission.settled(request)
    this.requests.settle(request, outcome)
  }

  /** Something has happened: there may be room for what waits. */
  turn(): void {
    this.admission.turn()
  }

  /** The mesh has left: whatever is open ends so. */
  end(): void {
    this.admission.clear()
    this.linkOf.clear()
    this.requests.settleAll('left')
  }

  private cancel(request: RequestId): void {
    if (!this.admission.cancel(request)) this.outlet.input({ kind: 'cancel', request })
  }
}
