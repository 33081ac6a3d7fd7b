/**
 * Links without a network: the same port, in one process, for tests of what is built on links. Packets are
 * copied, delivered later and in order, and bounded by the same water marks.
 * @module
 */
import { sha256 } from '../crypto/hash.ts'
import { bindingOf } from './binding.ts'
import {
  HIGH_WATER,
  type Link,
  type LinkEvents,
  type LinkFactory,
  type LinkFailure,
  type LinkPath,
  LOW_WATER,
  MAX_PACKET,
} from './port.ts'

/** Runs a task `delay` ms later, never at once; returns what cancels it. */
export type Schedule = (task: () => void, delay: number) => () => void

export interface MemoryNetworkOptions {
  /** Default: `setTimeout`. */
  readonly schedule?: Schedule
  /** Milliseconds for a link to open. Default 10,000, as the browser's. */
  readonly connectTimeout?: number
}

/** Bytes delivered in one turn, so that a fast sender sees the buffer fill and drain. */
const BATCH = 65_536

const byTimer: Schedule = (task, delay) => {
  const timer = setTimeout(task, delay)
  return () => clearTimeout(timer)
}

/** What the links of one test have in common: only ends of one network find each other. */
export class MemoryNetwork {
  readonly schedule: Schedule
  readonly connectTimeout: number
  private readonly ends = new Map<number, MemoryLink>()
  private next = 0

  constructor(options: MemoryNetworkOptions = {}) {
    this.schedule = options.schedule ?? byTimer
    this.connectTimeout = options.connectTimeout ?? 10_000
  }

  /** Links that are not ended. */
  get size(): number {
    return this.ends.size
  }

  /** Makes links of this network; `connectTimeout` overrides the network's. */
  factory(connectTimeout = this.connectTimeout): LinkFactory {
    return {
      open: (initiator, events, patience) => {
        const link = new MemoryLink(this, this.next++, initiator, events, connectTimeout, patience)
        this.ends.set(link.number, link)
        return link
      },
    }
  }

  find(number: number): MemoryLink | undefined {
    return this.ends.get(number)
  }

  remove(link: MemoryLink): void {
    this.ends.delete(link.number)
  }
}

type Description = { readonly type: 'offer' | 'answer'; readonly end: number }

class MemoryLink implements Link {
  readonly number: number
  private readonly network: MemoryNetwork
  private readonly initiator: boolean
  private readonly events: LinkEvents
  private readonly connectTimeout: number
  private cancelTimeout: () => void
  private state: 'opening' | 'open' | 'closing' | 'ended' = 'opening'
  private other: MemoryLink | undefined
  private readonly queue: Uint8Array[] = []
  private buffered = 0
  private pumping = false
  private full = false

  constructor(
    network: MemoryNetwork,
    number: number,
    initiator: boolean,
    events: LinkEvents,
    connectTimeout: number,
    patience = connectTimeout,
  ) {
    this.network = network
    this.number = number
    this.initiator = initiator
    this.events = events
    this.connectTimeout = connectTimeout
    this.cancelTimeout = network.schedule(() => this.end('timeout'), patience)
    if (initiator) this.describe('offer')
  }

  get bufferedAmount(): number {
    return this.buffered
  }

  send(packet: Uint8Array): boolean {
    if (packet.length === 0 || packet.length > MAX_PACKET) {
      throw new RangeError(`packet: 1 to ${MAX_PACKET} bytes wanted, ${packet.length} given`)
    }
    if (this.state !== 'open') return false
    this.queue.push(packet.slice())
    this.buffered += packet.length
    this.pump()
    if (this.buffered < HIGH_WATER) return true
    this.full = true
    return false
  }

  signal(data: string): void {
    if (this.state === 'closing' || this.state === 'ended') return
    const description = readDescription(data)
    const end = description && this.network.find(description.end)
    if (!end || this.other || (description.type === 'answer') !== this.initiator) {
      this.network.schedule(() => this.end('failed'), 0)
      return
    }
    this.other = end
    if (this.initiator) {
      this.cancelTimeout()
      this.cancelTimeout = this.network.schedule(() => this.end('timeout'), this.connectTimeout)
      // The answer has come: both ends know of each other.
      this.network.schedule(() => this.opened(), 0)
      this.network.schedule(() => end.opened(), 0)
    } else {
      this.describe('answer')
    }
  }

  close(): void {
    if (this.state === 'closing' || this.state === 'ended') return
    this.cancelTimeout()
    this.state = 'closing'
    this.pump()
  }

  async path(): Promise<LinkPath> {
    if (this.state !== 'open') return { kind: 'unknown', local: '', remote: '' }
    return { kind: 'direct', local: 'host', remote: 'host' }
  }

  private describe(type: Description['type']): void {
    this.network.schedule(() => {
      if (this.state === 'opening') this.events.signal(JSON.stringify({ type, end: this.number }))
    }, 0)
  }

  private opened(): void {
    if (this.state !== 'opening' || !this.other) return
    this.cancelTimeout()
    this.state = 'open'
    this.events.open(bindingOf(this.initiator, fingerprint(this.number), fingerprint(this.other.number)))
  }

  /** Delivers what is queued, a batch a turn; then, when this end is closing, tells the other. */
  private pump(): void {
    if (this.pumping) return
    this.pumping = true
    this.network.schedule(() => {
      this.pumping = false
      if (this.state === 'ended') return
      let delivered = 0
      while (this.queue.length > 0 && delivered < BATCH) {
        const packet = this.queue.shift() as Uint8Array
        delivered += packet.length
        this.buffered -= packet.length
        this.other?.take(packet)
      }
      if (this.full && this.buffered <= LOW_WATER && this.state === 'open') {
        this.full = false
        this.events.drain()
      }
      if (this.queue.length > 0) return this.pump()
      if (this.state === 'closing') this.end('closed')
    }, 0)
  }

  private take(packet: Uint8Array): void {
    if (this.state === 'open') this.events.packet(packet)
  }

  private end(reason: LinkFailure): void {
    if (this.state === 'ended') return
    const tell = this.state !== 'closing'
    this.cancelTimeout()
    this.state = 'ended'
    this.queue.length = 0
    this.buffered = 0
    this.network.remove(this)
    const { other } = this
    // An end that the other side does not know of yet (no answer) ends alone, as in a browser.
    if (other && other.other === this) this.network.schedule(() => other.end('closed'), 0)
    if (tell) this.events.closed(reason)
  }
}

function fingerprint(number: number): Uint8Array {
  return sha256(Uint8Array.of(number, number >>> 8, number >>> 16))
}

function readDescription(data: string): Description | undefined {
  try {
    const value: unknown = JSON.parse(data)
    if (typeof value !== 'object' || value === null) return undefined
    const { type, end } = value as Partial<Record<keyof Description, unknown>>
    return (type === 'offer' || type === 'answer') && typeof end === 'number' ? { type, end } : undefined
  } catch {
    return undefined
  }
}
