/**
 * The inviting side: makes invites, takes the replies to them, by hand or by whatever way they come, and lets each in once.
 *
 * Invariants
 * 1. At most {@link MAX_OPEN} invites are open, and {@link MAX_KNOWN} are known that were.
 * 2. An invite serves one peer; the same reply by a second way changes nothing.
 * 3. After `end()` no link is prepared, no channel open, no timer runs, and no call waits.
 * @module
 */
import type { PeerId } from '../../protocol/id.ts'
import type { Input, LinkEnd } from '../../protocol/input.ts'
import type { NodeConfig } from '../../protocol/node-config.ts'
import type { InviteOptions, WelcomeOptions } from '../api-call-options.ts'
import { MeshError } from '../errors.ts'
import type { LinkTable } from '../link-table.ts'
import type { Ports } from '../ports.ts'
import { aborted } from '../requests.ts'
import {
  fromUri,
  inviteToSign,
  isProven,
  MAX_URLS,
  type Reply,
  readReply,
  TOKEN_BYTES,
  tagOf,
  toUri,
  writeInvite,
} from './code.ts'
import { readInviteOptions, readWelcomeOptions } from './options.ts'
import { channelOf, errorOf, type Verdict, writeReport } from './reports.ts'

/** Each open one may hold a connection. */
const MAX_OPEN = 16
const MAX_KNOWN = 256
/** Other neighbours named in an invite that can be used at a server when this peer is gone. */
const ROUTERS = 1

interface Entry {
  readonly token: Uint8Array
  readonly expiresAt: number
  /** Its prepared link, until a newcomer has it. */
  prepared: number | undefined
  /** Who came in by it. */
  by: PeerId | undefined
  /** How its link ended, if it did. */
  failure: LinkEnd | undefined
  /** Frees what it holds. */
  close: () => void
}

/** What inviting needs of the mesh. */
export interface InvitingHost {
  readonly links: LinkTable
  readonly neighbours: () => readonly PeerId[]
  input(input: Input): void
  /** Sends a letter and does not wait. */
  letter(to: PeerId, body: Uint8Array): void
}

export class Inviting {
  private readonly config: NodeConfig
  private readonly ports: Ports
  private readonly host: InvitingHost
  /** By the tag of their token. */
  private readonly entries = new Map<string, Entry>()
  private readonly waiting = new Set<{ peer: PeerId; entry: Entry; settle(error?: MeshError): void }>()

  constructor(config: NodeConfig, ports: Ports, host: InvitingHost) {
    this.config = config
    this.ports = ports
    this.host = host
  }

  async invite(options: InviteOptions): Promise<string> {
    const { page, lifetime, offer, signal } = readInviteOptions(options)
    if (signal?.aborted === true) throw aborted(signal)
    const { ports, config, host } = this
    const open = [...this.entries.values()].filter(entry => this.isOpen(entry))
    if (open.length >= MAX_OPEN)
      throw new MeshError('busy', `${MAX_OPEN} invites are open: wait until some are used or over`)
    const token = ports.random.bytes(TOKEN_BYTES)
    const entry: Entry = {
      token,
      expiresAt: Math.ceil((ports.wallClock() + lifetime) / 1000) * 1000,
      prepared: undefined,
      by: undefined,
      failure: undefined,
      close: () => {},
    }
    this.keep(entry)
    try {
      const made = offer ? await this.prepare(entry, signal) : undefined
      const urls = (ports.transport.urls ?? []).slice(0, MAX_URLS)
      const unsigned = writeInvite({
        expiresAt: entry.expiresAt,
        discoveryKey: config.discoveryKey,
        key: config.publicKey,
        token,
        urls,
        routers: urls.length === 0 ? [] : host.neighbours().slice(0, ROUTERS),
        offer: made,
      })
      const signature = await ports.identity.sign(inviteToSign(unsigned)).catch(cause => {
        throw new MeshError('refused', 'the identity did not sign the invite', { cause })
      })
      if (!this.isOpen(entry)) throw new MeshError('left', 'this mesh left before the invite was made')
      return toUri(Uint8Array.of(...unsigned, ...signature), page)
    } catch (error) {
      entry.close()
      this.entries.delete(String(tagOf(token)))
      throw error
    }
  }

  /** Takes a reply that somebody carried here. */
  async welcome(reply: string, options: WelcomeOptions): Promise<PeerId> {
    const signal = readWelcomeOptions(reply, options)
    if (signal?.aborted === true) throw aborted(signal)
    const bytes = fromUri(reply)
    const read = bytes === undefined ? undefined : readReply(bytes)
    const [verdict, entry] = this.take(read)
    if (verdict !== 'ok' || entry === undefined || read === undefined)
      throw errorOf(verdict === 'ok' ? 'invite-invalid' : verdict)
    const { peer } = read
    if (this.host.neighbours().includes(peer)) return peer
    return new Promise((resolve, reject) => {
      const onAbort = (): void => waiter.settle(signal && aborted(signal))
      const waiter = {
        peer,
        entry,
        settle: (error?: MeshError): void => {
          this.waiting.delete(waiter)
          signal?.removeEventListener('abort', onAbort)
          if (error === undefined) resolve(peer)
          else reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.waiting.add(waiter)
      if (entry.failure !== undefined) waiter.settle(endOf(entry.failure))
    })
  }

  /** Takes a reply that came as a letter, and reports. */
  letter(from: PeerId, body: Uint8Array): void {
    const read = readReply(body)
    if (read === undefined) return
    const [verdict] = read.peer === from ? this.take(read) : (['invite-invalid'] as const)
    this.host.letter(from, writeReport(read.tag, verdict))
  }

  /** Whether a peer has shown an invite. */
  invited(peer: PeerId): boolean {
    for (const { by } of this.entries.values()) if (by === peer) return true
    return false
  }

  /** A peer is a neighbour. */
  connected(peer: PeerId): void {
    for (const waiter of [...this.waiting]) if (waiter.peer === peer) waiter.settle()
  }

  end(): void {
    for (const entry of this.entries.values()) entry.close()
    this.entries.clear()
    for (const waiter of [...this.waiting])
      waiter.settle(new MeshError('left', 'this mesh left before the newcomer was there'))
  }

  private take(reply: Reply | undefined): readonly [Verdict, Entry?] {
    const entry = reply && this.entries.get(String(reply.tag))
    if (reply === undefined || entry === undefined || !isProven(entry.token, reply)) return ['invite-invalid']
    if (entry.by !== undefined) return entry.by === reply.peer ? ['ok', entry] : ['invite-used']
    if (this.ports.wallClock() >= entry.expiresAt) return ['invite-expired']
    if (reply.peer === this.config.id) return ['invite-invalid']
    entry.by = reply.peer
    const { prepared } = entry
    const { answer, peer } = reply
    this.host.input({ kind: 'acquaint', peer })
    if (prepared !== undefined && answer !== undefined) {
      // From here on the link is the protocol's.
      entry.prepared = undefined
      this.host.input({ kind: 'adopt', peer, prepared, patience: this.config.connectTimeout, signal: answer })
    }
    return ['ok', entry]
  }

  /** The offer of a link for an invite. */
  private prepare(entry: Entry, signal: AbortSignal | undefined): Promise<string> {
    const { links } = this.host
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal && aborted(signal))
      signal?.addEventListener('abort', onAbort, { once: true })
      const done = (): void => signal?.removeEventListener('abort', onAbort)
      try {
        entry.prepared = links.prepare(entry.expiresAt - this.ports.wallClock(), undefined, {
          signal: data => {
            done()
            resolve(data)
          },
          ended: reason => {
            done()
            entry.prepared = undefined
            entry.failure = reason
            reject(endOf(reason))
            for (const waiter of [...this.waiting]) if (waiter.entry === entry) waiter.settle(endOf(reason))
          },
        })
      } catch (cause) {
        done()
        reject(new MeshError('unsupported', 'no connection could be made for the invite', { cause }))
      }
    })
  }

  /** Remembers an invite, listens for its reply among the tabs of this origin, and closes it when its time is over. */
  private keep(entry: Entry): void {
    const { entries, ports } = this
    const tag = tagOf(entry.token)
    const channel = channelOf(ports.BroadcastChannel, tag, bytes => {
      const reply = readReply(bytes)
      if (reply !== undefined) channel?.postMessage(writeReport(tag, this.take(reply)[0]))
    })
    const timer = ports.timers.set(() => entry.close(), entry.expiresAt - ports.wallClock())
    entry.close = () => {
      entry.close = () => {}
      ports.timers.clear(timer)
      channel?.close()
      if (entry.prepared !== undefined) this.host.links.discard(entry.prepared, 'timeout')
    }
    entries.set(String(tag), entry)
    for (const [oldest, { close }] of entries) {
      if (entries.size <= MAX_KNOWN) break
      close()
      entries.delete(oldest)
    }
  }

  private isOpen(entry: Entry): boolean {
    return (
      entry.by === undefined &&
      this.entries.get(String(tagOf(entry.token))) === entry &&
      this.ports.wallClock() < entry.expiresAt
    )
  }
}

/** What the end of a newcomer's link says to whoever waits for it. */
function endOf(reason: LinkEnd): MeshError {
  if (reason === 'left') return new MeshError('left', 'this mesh left before the newcomer was there')
  if (reason === 'refused' || reason === 'misbehaved')
    return new MeshError(
      'refused',
      'the newcomer was not let in: there is no room, or one of the two said no',
    )
  return new MeshError(
    'timeout',
    `no connection to the newcomer came about (${reason}): diagnose() tells why`,
  )
}
