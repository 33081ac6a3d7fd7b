/**
 * Signaling over a WebSocket, to the server in `server/` or any that speaks docs/SIGNALING.md. Reconnects by
 * itself with backoff and full jitter, at once when the mesh says that the page or the network is back, and resumes its
 * place in the swarm.
 * @module
 */
import type { PeerId } from '../protocol/id.ts'
import { type Backoff, backoffDelay, DEFAULT_BACKOFF } from './backoff.ts'
import { MAX_ENVELOPE } from './message.ts'
import type { SampledPeer, SignalingEvents, SignalingSession, SignalingTransport } from './port.ts'
import { type ConnectionEnd, SignalingConnection, type SocketConstructor } from './websocket-connection.ts'

export interface WebSocketTransportOptions {
  /** The WebSocket class. Default: the platform's. Node 20 has none: pass the one of the `ws` package. */
  readonly WebSocket?: SocketConstructor
  /** Milliseconds: the widest first wait before a reconnect; doubles with each failure. Default 250 (backoff.ts). */
  readonly initialBackoff?: number
  /** Milliseconds: the widest wait of all. Default 15,000 (backoff.ts). */
  readonly maxBackoff?: number
  /** Milliseconds for a socket to open and join. Default 10,000: what the server grants for the proof. */
  readonly connectTimeout?: number
}

/** A joined connection that lasted this long, ms, was a success: the backoff starts anew. As the server's grace. */
const STABLE = 5000
/** Longest wait a server's good-bye can ask for, ms: a minute, so that no server can send its clients away for good. */
const MAX_RETRY_AFTER = 60_000

/**
 * A {@link SignalingTransport} over WebSockets.
 *
 * @example
 * const mesh = await createMesh({ transport: new WebSocketTransport('wss://example.org/signal'), swarm: 'my-app' })
 */
export class WebSocketTransport implements SignalingTransport {
  readonly name: string
  /** The doors of the service, absolute. */
  readonly urls: readonly string[]
  private readonly Constructor: SocketConstructor
  private readonly backoff: Backoff
  private readonly connectTimeout: number
  private session: SignalingSession | undefined
  private events: SignalingEvents | undefined
  private connection: SignalingConnection | undefined
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private urlIndex = 0
  private failures = 0
  private joinedAt: number | undefined
  private wasJoined = false

  /**
   * @param url one server, or several doors to the same service: the next is tried when one fails. Absolute
   * `ws:`, `wss:`, `http:` or `https:`; in a page also relative to it.
   * @param options see {@link WebSocketTransportOptions}
   * @throws TypeError or RangeError naming the argument
   */
  constructor(url: string | URL | readonly (string | URL)[], options: WebSocketTransportOptions = {}) {
    this.urls = socketUrls(url)
    this.name = this.urls.join(' ')
    const known = ['WebSocket', 'initialBackoff', 'maxBackoff', 'connectTimeout']
    for (const name of Object.keys(options)) {
      if (!known.includes(name)) throw new TypeError(`options.${name} is unknown; known: ${known.join(', ')}`)
    }
    const Constructor = options.WebSocket ?? (globalThis as { WebSocket?: SocketConstructor }).WebSocket
    if (typeof Constructor !== 'function') {
      throw new TypeError('options.WebSocket: this platform has no WebSocket; pass a class')
    }
    this.Constructor = Constructor
    const initial = positive('initialBackoff', options.initialBackoff, DEFAULT_BACKOFF.initial)
    this.backoff = { initial, max: positive('maxBackoff', options.maxBackoff, DEFAULT_BACKOFF.max) }
    this.connectTimeout = positive('connectTimeout', options.connectTimeout, 10_000)
  }

  open(session: SignalingSession, events: SignalingEvents): void {
    if (this.session !== undefined) throw new Error('WebSocketTransport is open: close() it first')
    this.session = session
    this.events = events
    this.failures = 0
    this.urlIndex = 0
    this.wasJoined = false
    this.warnOfInsecureUrls(session)
    this.connect()
  }

  send(to: PeerId, envelope: Uint8Array): boolean {
    if (envelope.length > MAX_ENVELOPE) {
      throw new RangeError(`envelope: ${envelope.length} bytes, more than ${MAX_ENVELOPE}`)
    }
    return this.connection?.sendEnvelope(to, envelope) ?? false
  }

  awake(stale: boolean): void {
    const { connection } = this
    if (this.retryTimer !== undefined) {
      clearTimeout(this.retryTimer)
      this.connect()
    } else if (!stale) connection?.probe()
    // Nothing may be told inside a call to the transport.
    else queueMicrotask(() => connection?.abandon('the page was away'))
  }

  sample(): void {
    this.connection?.askSample()
  }

  close(): void {
    if (this.session === undefined) return
    this.session = undefined
    this.events = undefined
    clearTimeout(this.retryTimer)
    this.retryTimer = undefined
    this.connection?.close()
    this.connection = undefined
  }

  private connect(): void {
    this.retryTimer = undefined
    const { session, events } = this
    const url = this.urls[this.urlIndex % this.urls.length]
    if (session === undefined || events === undefined || url === undefined) return
    this.joinedAt = undefined
    try {
      this.connection = new SignalingConnection(
        this.Constructor,
        url,
        session,
        this.wasJoined,
        this.connectTimeout,
        {
          joined: sample => this.joined(events, sample),
          sample: peers => events.sample(peers),
          envelope: bytes => events.envelope(bytes),
          left: peer => events.left(peer),
          warning: (code, message) => events.warning(code, message),
          ended: end => this.ended(end),
        },
      )
    } catch (error) {
      // A browser refuses `ws:` on an `https:` page here, and nothing may be told inside a call to the transport.
      const reason = error instanceof Error ? error.message : String(error)
      queueMicrotask(() => {
        if (this.session === session) this.ended({ reason })
      })
    }
  }

  private joined(events: SignalingEvents, sample: readonly SampledPeer[]): void {
    this.joinedAt = Date.now()
    this.wasJoined = true
    events.up(sample)
  }

  private ended(end: ConnectionEnd): void {
    this.connection = undefined
    if (this.joinedAt === undefined) this.urlIndex++
    else if (Date.now() - this.joinedAt >= STABLE) this.failures = 0
    if (end.final) {
      this.events?.down(end.reason, undefined)
      return
    }
    const delay =
      end.retryAfter === undefined
        ? backoffDelay(this.failures, this.backoff, Math.random())
        : Math.min(end.retryAfter, MAX_RETRY_AFTER)
    this.failures++
    this.retryTimer = setTimeout(() => this.connect(), delay)
    this.events?.down(end.reason, delay)
  }

  private warnOfInsecureUrls(session: SignalingSession): void {
    if (typeof location === 'undefined' || location.protocol !== 'https:') return
    const insecure = this.urls.find(url => url.startsWith('ws:'))
    if (insecure === undefined) return
    queueMicrotask(() => {
      if (this.session !== session) return
      this.events?.warning('insecure-url', `browsers block ${insecure} on an https: page; use wss:`)
    })
  }
}

function socketUrls(url: string | URL | readonly (string | URL)[]): readonly string[] {
  const given: readonly unknown[] = Array.isArray(url) ? url : [url]
  if (given.length === 0) throw new TypeError('url: at least one is needed')
  return given.map(socketUrl)
}

function socketUrl(given: unknown): string {
  if (typeof given !== 'string' && !(given instanceof URL)) {
    throw new TypeError(`url must be a string or URL, not ${given === null ? 'null' : typeof given}`)
  }
  let url: URL
  try {
    url = new URL(given, typeof location === 'undefined' ? undefined : location.href)
  } catch {
    throw new TypeError(`url is not a valid URL: ${String(given)}`)
  }
  if (url.protocol === 'http:') url.protocol = 'ws:'
  if (url.protocol === 'https:') url.protocol = 'wss:'
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new TypeError(`url must be ws:, wss:, http: or https:, not ${url.protocol} (${String(given)})`)
  }
  if (url.hash !== '') throw new TypeError(`url must not have a fragment: ${String(given)}`)
  return url.href
}

function positive(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number') throw new TypeError(`options.${name} must be a number of milliseconds`)
  if (!(value > 0 && value <= 2 ** 31 - 1)) {
    throw new RangeError(`options.${name} must be above 0 ms and below 2^31 ms, not ${value}`)
  }
  return value
}
