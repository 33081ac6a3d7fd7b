/**
 * The application's messages on their way out: checked and encoded by mesh.ts, admitted, handed to the protocol,
 * settled.
 * @module
 */
import type { Outcome, PastBroadcast } from '../protocol/effect.ts'
import type { PeerId } from '../protocol/id.ts'
import type { Input, LinkId, Order, RequestId } from '../protocol/input.ts'
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
      undefined,
    )
  }

  /**
   * @param receipt ms in which receipts are counted, if at all
   * @returns how many peers are known to have it
   */
  broadcast(
    topic: string,
    body: Uint8Array,
    order: Order,
    signal: AbortSignal | undefined,
    receipt?: number,
    told?: (count: number) => void,
  ): Promise<number> {
    const { outlet } = this
    const how = receipt === undefined ? { order } : { order, receipt }
    return this.requests.open(
      request =>
        this.admission.enter({
          request,
          way: 'broadcast',
          bytes: body.length,
          timeout: Number.POSITIVE_INFINITY,
          go: () => outlet.input({ kind: 'broadcast', request, topic, body, ...how }),
        }),
      request => this.cancel(request),
      {
        timeout: `no neighbour has acked the broadcast on '${topic}'`,
        'no-route': 'there is no neighbour to send to',
        refused: 'the identity did not sign the broadcast',
        busy: BUSY,
      },
      signal,
      0,
      told,
    )
  }

  history(
    topic: string,
    last: number,
    age: number,
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly PastBroadcast[]> {
    const { outlet } = this
    const silent = `no neighbour has told of the past of '${topic}' within ${timeout} ms`
    return this.requests.open<readonly PastBroadcast[]>(
      request => outlet.input({ kind: 'history', request, topic, last, age, timeout }),
      request => this.cancel(request),
      {
        timeout: silent,
        'no-route': silent,
        refused: silent,
        busy: 'too many questions about the past at once: await some before asking more',
      },
      signal,
      [],
    )
  }

  /** A letter about an invite; rejects when nobody has it. */
  letter(to: PeerId, body: Uint8Array): Promise<void> {
    const missed = `${to} was not reached`
    return this.requests.open(
      request => this.outlet.input({ kind: 'invite-letter', request, to, body }),
      () => {},
      { timeout: missed, 'no-route': missed, refused: missed, busy: missed },
      undefined,
      undefined,
    )
  }

  /** A request has a value now, and may get another. */
  tell(request: RequestId, value: unknown): void {
    this.requests.tell(request, value)
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
