/**
 * One WebSocket to a signaling server, from dialling to its end: answers the challenge, keeps the announcement
 * alive, notices a dead socket. It never reconnects: that is the transport's.
 *
 *     connecting ──challenge──▶ proving ──joined──▶ joined
 *          └───────────┬───────────┴──────────────────┘
 *                      ▼
 *                     over      (told once by `ended`; not after `close()`)
 * @module
 */
import type { PeerId } from '../protocol/id.ts'
import { fromBase64, toBase64 } from './base64.ts'
import {
  type ClientMessage,
  challengeToSign,
  encodeClientMessage,
  parseServerMessage,
  type SampleEntry,
  type ServerMessage,
} from './message.ts'
import type { SampledPeer, SignalingSession } from './port.ts'

/** What is used of a WebSocket: the browser's, Node's own, or the `ws` package's. */
export interface Socket {
  readonly bufferedAmount: number
  send(text: string): void
  close(code?: number): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void
  addEventListener(type: 'error', listener: () => void): void
}
export type SocketConstructor = new (url: string) => Socket

/** How a connection ended. */
export interface ConnectionEnd {
  readonly reason: string
  /** The server asked to come back after this many milliseconds. */
  readonly retryAfter?: number
  /** Another socket of the same key has taken over: do not come back. */
  readonly final?: boolean
}

export interface ConnectionEvents {
  joined(sample: readonly SampledPeer[]): void
  sample(peers: readonly SampledPeer[]): void
  envelope(bytes: Uint8Array): void
  left(peer: PeerId): void
  warning(code: string, message: string): void
  ended(end: ConnectionEnd): void
}

/** Renewals per time to live. 4: a hidden tab's timers run once a minute, and half the default ttl is a minute. */
const RENEWALS_PER_TTL = 4
/** Milliseconds: renew no more often than this, whatever ttl a server gives. */
const MIN_RENEWAL = 250
/** Milliseconds without any answer to a renewal after which a socket is dead. 10 s: mobile networks stall for a few. */
const SILENCE = 10_000
/** The same when the page is back from a sleep: 2 s, in which a server on the other side of the earth has answered five times. */
const PROBED = 2000
/** Milliseconds: a timer this much too late means that the tab or the machine slept; its socket gets another chance. */
const SLEPT = 2000
/** Bytes waiting in the socket above which envelopes are refused: as much as the server grants a slow consumer. */
const MAX_BUFFERED = 1_048_576
/** Unreadable messages after which a server is given up. */
const MAX_MALFORMED = 16

export class SignalingConnection {
  private phase: 'connecting' | 'proving' | 'joined' | 'over' = 'connecting'
  private readonly socket: Socket
  private readonly host: string
  private readonly session: SignalingSession
  private readonly resume: boolean
  private readonly events: ConnectionEvents
  private connectTimer: ReturnType<typeof setTimeout> | undefined
  private renewTimer: ReturnType<typeof setTimeout> | undefined
  private silenceTimer: ReturnType<typeof setTimeout> | undefined
  private renewEvery = 0
  private heardAt = 0
  private malformed = 0
  private lastError = ''

  /** Dials. Throws what the constructor of the socket throws (a blocked `ws:` on an `https:` page). */
  constructor(
    Constructor: SocketConstructor,
    url: string,
    session: SignalingSession,
    resume: boolean,
    connectTimeout: number,
    events: ConnectionEvents,
  ) {
    this.session = session
    this.resume = resume
    this.events = events
    this.host = new URL(url).host
    this.socket = new Constructor(url)
    this.connectTimer = setTimeout(() => this.end({ reason: 'no answer in time' }), connectTimeout)
    this.socket.addEventListener('message', event => this.heard(event.data))
    // What went wrong is in no error event (by design of the API); `close` follows it.
    this.socket.addEventListener('error', () => {})
    this.socket.addEventListener('close', event => {
      const why = this.lastError || event.reason || `connection closed (${event.code})`
      this.end({ reason: why })
    })
  }

  get joined(): boolean {
    return this.phase === 'joined'
  }

  sendEnvelope(to: PeerId, envelope: Uint8Array): boolean {
    if (this.phase !== 'joined' || this.socket.bufferedAmount > MAX_BUFFERED) return false
    this.tell({ type: 'envelope', to, data: toBase64(envelope) })
    return true
  }

  askSample(): void {
    if (this.phase === 'joined') this.tell({ type: 'sample' })
  }

  /** Asks for a sign of life now: after a sleep. */
  probe(): void {
    if (this.phase !== 'joined') return
    clearTimeout(this.renewTimer)
    clearTimeout(this.silenceTimer)
    this.tell({ type: 'renew' })
    this.scheduleRenewal()
    this.listen(Date.now(), PROBED)
  }

  /** Ends without a good-bye, to be followed by another at once. */
  abandon(reason: string): void {
    this.end({ reason, retryAfter: 0 })
  }

  /** Leaves and closes. Nothing is told any more. */
  close(): void {
    if (this.phase === 'joined') this.tell({ type: 'leave' })
    this.stop()
  }

  private heard(data: unknown): void {
    if (this.phase === 'over') return
    this.heardAt = Date.now()
    const parsed = typeof data === 'string' ? parseServerMessage(data) : undefined
    if (parsed?.ok) {
      this.handle(parsed.message)
    } else if (parsed?.code !== 'unknown-type' && ++this.malformed === MAX_MALFORMED) {
      // A newer server may send kinds we do not know; anything else is no signaling server.
      this.end({ reason: 'the server sends no signaling messages' })
    }
  }

  private handle(message: ServerMessage): void {
    switch (message.type) {
      case 'challenge':
        if (this.phase === 'connecting') this.prove(message.nonce, message.server ?? '')
        break
      case 'joined':
        if (this.phase === 'proving') this.up(message.sample, message.ttl)
        break
      case 'sampled':
        this.events.sample(this.read(message.sample))
        break
      case 'envelope': {
        const bytes = message.to === this.session.id ? fromBase64(message.data) : undefined
        if (bytes !== undefined) this.events.envelope(bytes)
        break
      }
      case 'left':
        this.events.left(message.peer)
        break
      case 'absent':
        this.events.left(message.to)
        break
      case 'error':
        this.refused(message.code, message.message)
        break
      case 'bye':
        this.end({ reason: `the server says good-bye: ${message.reason}`, retryAfter: message.retryAfter })
        break
      case 'renewed':
        break
    }
  }

  private prove(nonceText: string, server: string): void {
    if (server !== '' && server !== this.host) {
      // A server that passes on another's challenge could join there in our name.
      this.events.warning('wrong-server', `dialled ${this.host}, but the challenge is ${server}'s`)
      this.end({ reason: 'the challenge is for another server' })
      return
    }
    this.phase = 'proving'
    const nonce = fromBase64(nonceText) ?? new Uint8Array(0)
    const { publicKey, discoveryKey, record } = this.session
    this.session.sign(challengeToSign(nonce, discoveryKey, publicKey, server)).then(
      signature => {
        if (this.phase !== 'proving') return
        this.tell({
          type: 'join',
          key: toBase64(publicKey),
          swarm: discoveryKey,
          record: toBase64(record),
          signature: toBase64(signature),
          ...(this.resume ? { resume: true } : {}),
          ...(this.session.silent === true ? { silent: true } : {}),
        })
      },
      (error: unknown) => {
        if (this.phase !== 'proving') return
        this.events.warning('sign-failed', error instanceof Error ? error.message : String(error))
        this.end({ reason: 'the challenge could not be signed' })
      },
    )
  }

  private up(sample: readonly SampleEntry[], ttl: number): void {
    this.phase = 'joined'
    clearTimeout(this.connectTimer)
    this.renewEvery = Math.max(MIN_RENEWAL, ttl / RENEWALS_PER_TTL)
    this.scheduleRenewal()
    this.events.joined(this.read(sample))
  }

  private scheduleRenewal(): void {
    // Spread by ±10 %, so that tabs that joined together do not renew together for ever.
    this.renewTimer = setTimeout(() => this.renew(), this.renewEvery * (0.9 + 0.2 * Math.random()))
  }

  private renew(): void {
    this.tell({ type: 'renew' })
    this.scheduleRenewal()
    if (this.silenceTimer === undefined) this.listen(Date.now())
  }

  /** Ends the connection when nothing has been heard `patience` ms after `since`. */
  private listen(since: number, patience = SILENCE): void {
    const due = Date.now() + patience
    this.silenceTimer = setTimeout(() => {
      this.silenceTimer = undefined
      if (this.heardAt >= since) return
      if (Date.now() - due > SLEPT) this.listen(since, patience)
      else this.end({ reason: 'the server fell silent' })
    }, patience)
  }

  private refused(code: string, message: string): void {
    this.lastError = `${code}: ${message}`
    this.events.warning(code, message)
    if (code === 'replaced') this.end({ reason: this.lastError, final: true })
  }

  private read(sample: readonly SampleEntry[]): SampledPeer[] {
    const peers: SampledPeer[] = []
    for (const { id, record } of sample) {
      const bytes = fromBase64(record)
      if (id !== this.session.id && bytes !== undefined) peers.push({ id, record: bytes })
    }
    return peers
  }

  private tell(message: ClientMessage): void {
    this.socket.send(encodeClientMessage(message))
  }

  private end(end: ConnectionEnd): void {
    if (this.phase === 'over') return
    this.stop()
    this.events.ended(end)
  }

  private stop(): void {
    this.phase = 'over'
    clearTimeout(this.connectTimer)
    clearTimeout(this.renewTimer)
    clearTimeout(this.silenceTimer)
    this.socket.close(1000)
  }
}
