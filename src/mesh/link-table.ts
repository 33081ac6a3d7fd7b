/**
 * The links of one mesh: opens and closes them, bundles what goes out, counts what passes.
 *
 * Invariants
 * 1. After `close` or the end of a link nothing of it reaches the protocol.
 * 2. What a link does inside a call to it (an exception, too) reaches the protocol as an input, after the call.
 * @module
 */
import type { Link, LinkEvents, LinkFactory, LinkPath } from '../link/port.ts'
import type { Input, LinkEnd, LinkId } from '../protocol/input.ts'
import { Outgoing } from './outgoing.ts'
import { noTraffic, type Traffic } from './traffic.ts'

/** What becomes of a prepared link before it is one of the protocol's, and its end after that. */
export interface PreparedEvents {
  /** Its one signal. */
  signal(data: string): void
  ended(reason: LinkEnd): void
}

interface Prepared {
  readonly link: Link
  readonly events: PreparedEvents
  /** Once it is one of the protocol's. */
  id: LinkId | undefined
}

interface Entry {
  readonly link: Link
  readonly prepared: PreparedEvents | undefined
  readonly outgoing: Outgoing
  readonly traffic: Traffic
  path: LinkPath['kind']
  /** The last look at the path, and when it was taken; `undefined` when there was nothing to see. */
  look: Promise<LinkPath> | undefined
  lookedAt: number
  /** This side's address as the other side sees it. */
  seen: string | undefined
}

/**
 * How long a look at a path is good for, ms. A browser takes milliseconds to gather a connection's statistics, some hundred
 * records, and an application may ask for its own in every frame.
 */
const LOOK_KEPT = 1000

export class LinkTable {
  private readonly factory: LinkFactory
  private readonly input: (input: Input) => void
  private readonly trouble: (what: string, cause: unknown) => void
  private readonly entries = new Map<LinkId, Entry>()
  private readonly prepared = new Map<number, Prepared>()
  private nextPrepared = 1
  /** Links with frames of this turn. */
  private readonly unflushed = new Set<Outgoing>()
  /** Everything since the mesh was made, closed links included. */
  readonly total: Traffic = noTraffic()

  /**
   * @param input takes what happened; must not call back into the table before it returns, or be ready for it
   * @param trouble is told what went wrong with a link besides its end
   */
  constructor(
    factory: LinkFactory,
    input: (input: Input) => void,
    trouble: (what: string, cause: unknown) => void,
  ) {
    this.factory = factory
    this.input = input
    this.trouble = trouble
  }

  open(id: LinkId, initiator: boolean, number?: number): void {
    const prepared = number === undefined ? undefined : this.prepared.get(number)
    if (prepared !== undefined && number !== undefined) {
      this.prepared.delete(number)
      prepared.id = id
      this.add(id, prepared.link, prepared.events)
      return
    }
    try {
      if (number !== undefined) throw new Error('the prepared link has ended')
      const signal = (data: string): void =>
        this.ifOpen(id, () => this.input({ kind: 'link-signal', link: id, data }))
      const link = this.factory.open(initiator, { ...this.eventsOf(() => id), signal })
      this.add(id, link, undefined)
    } catch (cause) {
      this.trouble('a link could not be opened', cause)
      this.input({ kind: 'link-closed', link: id, reason: 'failed' })
    }
  }

  /**
   * Makes a link before any dial, whose two signals are carried by hand; {@link open} makes it one of the protocol's.
   *
   * @param patience ms until the other side's signal must be here
   * @param offer the other side's signal, where this side answers
   * @returns its number
   */
  prepare(patience: number, offer: string | undefined, events: PreparedEvents): number {
    const number = this.nextPrepared++
    const early: Partial<Prepared> = {}
    const told = this.eventsOf(() => early.id)
    const link = this.factory.open(
      offer === undefined,
      {
        ...told,
        signal: data => events.signal(data),
        closed: reason => {
          if (early.id !== undefined) told.closed(reason)
          else if (this.prepared.delete(number)) events.ended(reason)
        },
      },
      patience,
    )
    this.prepared.set(number, Object.assign(early, { link, events, id: undefined }))
    if (offer !== undefined) link.signal(offer)
    return number
  }

  /** Closes a prepared link that is not one of the protocol's. */
  discard(number: number, reason: LinkEnd): void {
    const prepared = this.prepared.get(number)
    if (!this.prepared.delete(number)) return
    prepared?.link.close()
    prepared?.events.ended(reason)
  }

  private eventsOf(idOf: () => LinkId | undefined): Omit<LinkEvents, 'signal'> {
    const ifOpen = (run: (id: LinkId, entry: Entry) => void): void => {
      const id = idOf()
      if (id !== undefined) this.ifOpen(id, entry => run(id, entry))
    }
    return {
      open: binding => ifOpen(id => this.opened(id, binding)),
      packet: bytes => ifOpen((id, entry) => this.received(id, entry, bytes)),
      taken: () => ifOpen(id => this.input({ kind: 'link-taken', link: id })),
      drain: () => ifOpen((id, entry) => this.attempt(id, 'send', () => entry.outgoing.drain())),
      closed: reason => ifOpen(id => this.ended(id, reason)),
    }
  }

  private add(id: LinkId, link: Link, prepared: PreparedEvents | undefined): void {
    const traffic = noTraffic()
    const outgoing = new Outgoing(link, {
      full: () => this.input({ kind: 'link-full', link: id }),
      drained: () => this.input({ kind: 'link-drained', link: id }),
      overflow: () => {
        link.close()
        this.ended(id, 'overflow')
      },
      sent: bytes => {
        for (const counter of [traffic, this.total]) {
          counter.bytesSent += bytes
          counter.packetsSent++
        }
      },
    })
    this.entries.set(id, {
      link,
      prepared,
      outgoing,
      traffic,
      path: 'unknown',
      look: undefined,
      lookedAt: 0,
      seen: undefined,
    })
  }

  signal(id: LinkId, data: string): void {
    this.ifOpen(id, entry => this.attempt(id, 'signal', () => entry.link.signal(data)))
  }

  /** Looks for a new path, where the link can. */
  restart(id: LinkId): void {
    this.ifOpen(id, entry => this.attempt(id, 'restart', () => entry.link.restart?.()))
  }

  /** Takes a frame for a link; it leaves at the next {@link flush}. */
  send(id: LinkId, frame: Uint8Array): void {
    this.ifOpen(id, entry => {
      this.unflushed.add(entry.outgoing)
      this.attempt(id, 'send', () => entry.outgoing.add(frame))
    })
  }

  /** The end of a turn. */
  flush(): void {
    for (const [id, { outgoing }] of this.entries) {
      if (this.unflushed.delete(outgoing)) this.attempt(id, 'send', () => outgoing.flush())
    }
    this.unflushed.clear()
  }

  get unsent(): boolean {
    return this.unflushed.size > 0
  }

  /** Sends what it can, then closes. The protocol is not told. */
  close(id: LinkId, reason: LinkEnd = 'closed'): void {
    this.ifOpen(id, entry => {
      this.forget(id, entry, reason)
      try {
        entry.outgoing.finish()
        entry.link.close()
      } catch (cause) {
        this.trouble('a link did not close cleanly', cause)
      }
    })
  }

  closeAll(): void {
    for (const id of [...this.entries.keys()]) this.close(id, 'left')
    for (const number of [...this.prepared.keys()]) this.discard(number, 'left')
  }

  /** Whether a link has more than enough to send. */
  isFull(id: LinkId): boolean {
    return this.entries.get(id)?.outgoing.full === true
  }

  traffic(id: LinkId): Readonly<Traffic> {
    return this.entries.get(id)?.traffic ?? noTraffic()
  }

  /** How a link's packets travel, as of the last time it was asked; asks again for next time, once a second. */
  path(id: LinkId): LinkPath['kind'] {
    const entry = this.entries.get(id)
    if (entry === undefined) return 'unknown'
    this.look(entry).catch(cause => this.trouble('the path of a link is not known', cause))
    return entry.path
  }

  /** The link is a neighbour's: it is told at which address it is seen. */
  greet(id: LinkId): void {
    this.ifOpen(id, async entry => {
      const { address = '' } = await this.look(entry).catch(() => ({ address: '' }))
      if (this.entries.get(id) === entry) this.input({ kind: 'seen', link: id, address })
    })
  }

  private look(entry: Entry): Promise<LinkPath> {
    const now = performance.now()
    if (entry.look !== undefined && now - entry.lookedAt < LOOK_KEPT) return entry.look
    entry.lookedAt = now
    entry.look = entry.link.path().then(path => {
      entry.path = path.kind
      if (path.kind === 'unknown') entry.look = undefined
      return path
    })
    return entry.look
  }

  /** The neighbour has said at which address it sees this side. */
  told(id: LinkId, address: string): void {
    this.ifOpen(id, entry => {
      entry.seen = address
    })
  }

  seen(id: LinkId): string | undefined {
    return this.entries.get(id)?.seen
  }

  /** How a link's packets travel, with candidate types. */
  async pathOf(id: LinkId): Promise<LinkPath | undefined> {
    return this.entries.get(id)?.link.path()
  }

  private opened(id: LinkId, binding: Uint8Array): void {
    const restarts = this.entries.get(id)?.link.restart !== undefined
    this.input({ kind: 'link-open', link: id, binding, restarts })
    this.path(id)
  }

  private received(id: LinkId, { traffic }: Entry, bytes: Uint8Array): void {
    for (const counter of [traffic, this.total]) {
      counter.bytesReceived += bytes.length
      counter.packetsReceived++
    }
    this.input({ kind: 'packet', link: id, bytes })
  }

  private ended(id: LinkId, reason: LinkEnd): void {
    this.ifOpen(id, entry => {
      this.forget(id, entry, reason)
      this.input({ kind: 'link-closed', link: id, reason })
    })
  }

  private forget(id: LinkId, entry: Entry, reason: LinkEnd): void {
    this.entries.delete(id)
    this.unflushed.delete(entry.outgoing)
    entry.prepared?.ended(reason)
  }

  /** A link that throws has failed. */
  private attempt(id: LinkId, what: string, run: () => void): void {
    try {
      run()
    } catch (cause) {
      this.trouble(`${what} failed on a link`, cause)
      this.ifOpen(id, entry => {
        this.ended(id, 'failed')
        try {
          entry.link.close()
        } catch {
          // It has thrown before: that it does not close either is no news.
        }
      })
    }
  }

  private ifOpen(id: LinkId, run: (entry: Entry) => void): void {
    const entry = this.entries.get(id)
    if (entry !== undefined) run(entry)
  }
}
