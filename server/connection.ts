/**
 * One client's socket, under limits: challenge, join, then messages until it ends. Whatever arrives, the
 * answer is a message, a count or a close; never an exception.
 *
 *     proving ──join proved──▶ joined
 *        └─────────┬─────────────┘
 *                  ▼
 *                 over     (the member is gone from its swarm from here on, whenever the socket follows)
 * @module
 */
import { randomBytes } from 'node:crypto'
import type { WebSocket } from 'ws'
import {
  CLOSE_EXPIRED,
  CLOSE_REPLACED,
  type ClientMessage,
  encodeServerMessage,
  NONCE_BYTES,
  parseClientMessage,
  type SampleEntry,
  type ServerMessage,
  type SignalingErrorCode,
} from '../src/signaling/message.ts'
import type { Settings } from './options.ts'
import { provenId } from './proof.ts'
import type { Counters } from './stats.ts'
import type { Member, Outlet, Swarms } from './swarms.ts'
import { TokenBucket } from './token-bucket.ts'

/** Close codes of RFC 6455 §7.4.1 that are used here. */
const NORMAL = 1000
const GOING_AWAY = 1001
const POLICY = 1008
const OVERLOADED = 1013
/** Milliseconds that a client gets to answer a close before its socket is destroyed. */
const CLOSE_TIMEOUT = 2000
/** Bad messages forgiven per second, beside `maxStrikes` at once. */
const FORGIVEN_RATE = 1

type Join = Extract<ClientMessage, { type: 'join' }>

export class Connection implements Outlet {
  readonly address: string
  private phase: 'proving' | 'joined' | 'over' = 'proving'
  private readonly nonce: Uint8Array = randomBytes(NONCE_BYTES)
  private member: Member | undefined
  private readonly socket: WebSocket
  private readonly settings: Settings
  private readonly swarms: Swarms
  private readonly counters: Counters
  private readonly messages: TokenBucket
  private readonly bytes: TokenBucket
  private readonly patience: TokenBucket
  private readonly since: number
  private heardAt: number
  private pingedAt: number
  private renewedAt = 0
  private resumeTimer: ReturnType<typeof setTimeout> | undefined

  constructor(socket: WebSocket, address: string, settings: Settings, swarms: Swarms, counters: Counters) {
    const now = performance.now()
    this.socket = socket
    this.address = address
    this.settings = settings
    this.swarms = swarms
    this.counters = counters
    this.messages = new TokenBucket(settings.messageRate, settings.messageBurst, now)
    this.bytes = new TokenBucket(settings.byteRate, settings.byteBurst, now)
    this.patience = new TokenBucket(FORGIVEN_RATE, settings.maxStrikes, now)
    this.since = now
    this.heardAt = now
    this.pingedAt = now
    socket.on('message', (data, isBinary) => this.heard(data as Buffer, isBinary))
    socket.on('pong', () => {
      this.heardAt = performance.now()
    })
    socket.on('error', error => this.failed(error))
    socket.on('close', () => this.forget(false))
    const server = settings.publicHost === '' ? {} : { server: settings.publicHost }
    this.tell({ type: 'challenge', nonce: Buffer.from(this.nonce).toString('base64'), ...server })
  }

  tell(message: ServerMessage): void {
    if (this.socket.readyState !== this.socket.OPEN) return
    const text = encodeServerMessage(message)
    if (this.socket.bufferedAmount + text.length > this.settings.maxBuffered) {
      this.counters.slowConsumers++
      this.settings.log('connection:slow', { address: this.address, buffered: this.socket.bufferedAmount })
      this.forget(false)
      this.socket.terminate()
      return
    }
    this.counters.messagesOut++
    this.counters.bytesOut += text.length
    this.socket.send(text)
  }

  replaced(): void {
    // Out of its swarm already: the one that replaced it stands there.
    this.member = undefined
    this.dismiss(CLOSE_REPLACED, 'replaced', 'another socket proved the same key')
  }

  /** Says that the server goes; the client comes back after `retryAfter` ms. */
  bye(retryAfter: number): void {
    this.tell({ type: 'bye', reason: 'shutdown', retryAfter })
    this.member = undefined
    this.end(GOING_AWAY)
  }

  /** What time alone brings: pings, deadlines. */
  sweep(now: number): void {
    const { joinTimeout, ttl, pingInterval } = this.settings
    if (this.phase === 'over') return
    if (this.phase === 'proving' && now - this.since > joinTimeout) {
      this.counters.joinTimeouts++
      this.dismiss(POLICY, 'join-timeout', `no join within ${joinTimeout} ms`)
    } else if (this.phase === 'joined' && now - this.renewedAt > ttl) {
      this.counters.expired++
      this.dismiss(CLOSE_EXPIRED, 'expired', `not renewed within ${ttl} ms`)
    } else if (now - this.heardAt > 2 * pingInterval && this.resumeTimer === undefined) {
      this.counters.dead++
      this.settings.log('connection:dead', { address: this.address })
      this.forget(false)
      this.socket.terminate()
    } else if (now - this.pingedAt > pingInterval) {
      this.pingedAt = now
      this.socket.ping()
    }
  }

  private heard(data: Buffer, isBinary: boolean): void {
    if (this.phase === 'over') return
    const now = performance.now()
    this.heardAt = now
    this.counters.messagesIn++
    this.counters.bytesIn += data.length
    if (!this.withinRate(data.length, now)) return
    if (isBinary) {
      this.strike('malformed', 'messages are text', now)
      return
    }
    const parsed = parseClientMessage(data.toString('utf8'))
    if (parsed.ok) this.handle(parsed.message, now)
    else this.strike(parsed.code, parsed.problem, now)
  }

  private handle(message: ClientMessage, now: number): void {
    const { member } = this
    if (message.type === 'join') {
      if (member !== undefined) this.strike('already-joined', 'one swarm per socket', now)
      else this.join(message, now)
      return
    }
    if (member === undefined) {
      this.strike('not-joined', 'join first', now)
      return
    }
    switch (message.type) {
      case 'envelope':
        if (this.swarms.deliver(member, message.to, message.data)) {
          this.counters.envelopes++
        } else {
          this.counters.absent++
          this.tell({ type: 'absent', to: message.to })
        }
        break
      case 'sample':
        this.tell({ type: 'sampled', sample: this.sampleFor(member) })
        break
      case 'renew':
        this.renewedAt = now
        this.tell({ type: 'renewed' })
        break
      case 'leave':
        this.forget(true)
        this.end(NORMAL)
        break
    }
  }

  private join(join: Join, now: number): void {
    const id = provenId(join, this.nonce, this.settings.publicHost)
    if (id === undefined) {
      this.counters.badSignatures++
      this.settings.log('join:bad-signature', { address: this.address })
      this.dismiss(POLICY, 'bad-signature', 'the signature does not hold for this challenge, swarm and key')
      return
    }
    const { swarm, record, resume = false, silent = false } = join
    const joined = this.swarms.join({ id, swarm, record, resume, silent }, this, now)
    if (!joined.ok) {
      this.counters.refused++
      this.dismiss(OVERLOADED, joined.code, `a swarm may have ${this.settings.maxMembers} members`)
      return
    }
    this.phase = 'joined'
    this.member = joined.member
    this.renewedAt = now
    this.counters.joins++
    if (joined.resumed) this.counters.resumes++
    if (joined.replaced) this.counters.replaced++
    const { ttl, grace } = this.settings
    this.tell({ type: 'joined', sample: this.sampleFor(joined.member), ttl, grace })
  }

  private sampleFor(member: Member): SampleEntry[] {
    return this.swarms.sample(member, this.settings.sampleSize).map(({ id, record }) => ({ id, record }))
  }

  /** Charges a message. In debt, the socket is not read until it is paid; too deep in debt, it is closed. */
  private withinRate(length: number, now: number): boolean {
    const wait = Math.max(this.messages.take(1, now), this.bytes.take(length, now))
    if (wait === 0) return true
    if (wait > this.settings.maxDebt) {
      this.abusive('rate-limited', 'far too much at once')
      return false
    }
    if (this.resumeTimer === undefined) {
      this.counters.throttled++
      this.tell({ type: 'error', code: 'rate-limited', message: `reading goes on in ${Math.ceil(wait)} ms` })
      this.socket.pause()
    }
    clearTimeout(this.resumeTimer)
    this.resumeTimer = setTimeout(() => {
      this.resumeTimer = undefined
      this.socket.resume()
    }, wait)
    return true
  }

  /** Answers a bad message with an error, and loses patience in the end. */
  private strike(code: SignalingErrorCode, problem: string, now: number): void {
    this.counters.malformed++
    if (this.patience.take(1, now) > 0) this.abusive(code, problem)
    else this.tell({ type: 'error', code, message: problem })
  }

  private abusive(code: SignalingErrorCode, problem: string): void {
    this.counters.abusive++
    this.settings.log('connection:abusive', { address: this.address, code })
    this.dismiss(POLICY, code, problem)
  }

  private failed(error: Error & { code?: string }): void {
    // ws closes by itself (1007 bad UTF-8, 1009 too large, 1002 bad frames); here it is only counted.
    if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') this.counters.tooLarge++
    else this.counters.malformed++
    this.settings.log('connection:failed', { address: this.address, code: error.code ?? error.message })
  }

  private dismiss(close: number, code: SignalingErrorCode, message: string): void {
    this.tell({ type: 'error', code, message })
    this.end(close)
  }

  private end(close: number): void {
    this.forget(false)
    const { socket } = this
    socket.close(close)
    const destroy = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT)
    socket.once('close', () => clearTimeout(destroy))
  }

  private forget(clean: boolean): void {
    this.phase = 'over'
    clearTimeout(this.resumeTimer)
    if (this.resumeTimer !== undefined) this.socket.resume()
    this.resumeTimer = undefined
    const { member } = this
    this.member = undefined
    if (member !== undefined) this.swarms.leave(member, clean, performance.now())
  }
}
