/**
 * The links of one mesh: opens and closes them, bundles what goes out, counts what passes.
 *
 * Invariants
 * 1. After `close` or the end of a link nothing of it reaches the protocol.
 * 2. What a link does inside a call to it (an exception, too) reaches the protocol as an input, after the call.
 * @module
 */
import type { Link, LinkFactory, LinkPath } from '../link/port.ts'
import type { Input, LinkEnd, LinkId } from '../protocol/input.ts'
import { Outgoing } from './outgoing.ts'

/** Bytes and packets that have passed. */
export interface Traffic {
  bytesSent: number
  bytesReceived: number
  packetsSent: number
  packetsReceived: number
}

interface Entry {
  readonly link: Link
  readonly outgoing: Outgoing
  readonly traffic: Traffic
  path: LinkPath['kind']
  /** This side's address as the other side sees it. */
  seen: string | undefined
}

export class LinkTable {
  private readonly factory: LinkFactory
  private readonly input: (input: Input) => void
  private readonly trouble: (what: string, cause: unknown) => void
  private readonly entries = new Map<LinkId, Entry>()
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

  open(id: LinkId, initiator: boolean): void {
    let link: Link
    try {
      link = this.factory.open(initiator, {
        signal: data => this.ifOpen(id, () => this.input({ kind: 'link-signal', link: id, data })),
        open: binding => this.ifOpen(id, () => this.opened(id, binding)),
        packet: bytes => this.ifOpen(id, entry => this.received(id, entry, bytes)),
        drain: () => this.ifOpen(id, entry => this.attempt(id, 'send', () => entry.outgoing.drain())),
        closed: reason => this.ifOpen(id, () => this.ended(id, reason)),
      })
    } catch (cause) {
      this.trouble('a link could not be opened', cause)
      this.input({ kind: 'link-closed', link: id, reason: 'failed' })
      return
    }
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
    this.entries.set(id, { link, outgoing, traffic, path: 'unknown', seen: undefined })
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
  close(id: LinkId): void {
    this.ifOpen(id, entry => {
      this.forget(id, entry)
      try {
        entry.outgoing.finish()
        entry.link.close()
      } catch (cause) {
        this.trouble('a link did not close cleanly', cause)
      }
    })
  }

  closeAll(): void {
    for (const id of [...this.entries.keys()]) this.close(id)
  }

  /** Whether a link has more than enough to send. */
  isFull(id: LinkId): boolean {
    return this.entries.get(id)?.outgoing.full === true
  }

  traffic(id: LinkId): Readonly<Traffic> {
    return this.entries.get(id)?.traffic ?? noTraffic()
  }

  /** How a link's packets travel, as of the last time it was asked; asks again for next time. */
  path(id: LinkId): LinkPath['kind'] {
    const entry = this.entries.get(id)
    if (entry === undefined) return 'unknown'
    entry.link.path().then(
      path => {
        entry.path = path.kind
      },
      cause => this.trouble('the path of a link is not known', cause),
    )
    return entry.path
  }

  /** The link is a neighbour's: it is told at which address it is seen. */
  greet(id: LinkId): void {
    this.ifOpen(id, async entry => {
      const { address = '' } = await entry.link.path().catch(() => ({ address: '' }))
      if (this.entries.get(id) === entry) this.input({ kind: 'seen', link: id, address })
    })
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

  private opened(id: LinkId, binding: Uint8Array): void {
    this.input({ kind: 'link-open', link: id, binding })
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
      this.forget(id, entry)
      this.input({ kind: 'link-closed', link: id, reason })
    })
  }

  private forget(id: LinkId, entry: Entry): void {
    this.entries.delete(id)
    this.unflushed.delete(entry.outgoing)
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

function noTraffic(): Traffic {
  return { bytesSent: 0, bytesReceived: 0, packetsSent: 0, packetsReceived: 0 }
}
