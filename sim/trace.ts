/**
 * The trace hash: 64 bits over every input that reached a machine, in order. Two runs that agree on it have
 * done the same. Also keeps the last inputs, for the story behind a violated invariant.
 * @module
 */
import type { Input } from '../src/protocol/input.ts'

/** Whether typed arrays show words as {@link wordAt} reads them: true of every machine that runs Node today. */
const LITTLE_ENDIAN = new Uint8Array(new Int32Array([1]).buffer)[0] === 1

/** Fewer words are read faster than a view of them is made. */
const WORDS_WORTH_A_VIEW = 100

/** Word `i` of bytes, least byte first. */
function wordAt(bytes: Uint8Array, i: number): number {
  const at = i * 4
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}

/** Two lanes of 32 bits, each multiplied by an odd constant per word (xxHash's primes). */
export class TraceHash {
  private low = 0x165667b1
  private high = 0x27d4eb2f

  word(value: number): void {
    this.low = Math.imul((this.low ^ value) | 0, 0x9e3779b1)
    this.low ^= this.low >>> 15
    this.high = (Math.imul((this.high + value) | 0, 0x85ebca77) << 5) ^ (this.high >>> 3) ^ this.low
  }

  /** A finite time in milliseconds, to the nanosecond. */
  time(ms: number): void {
    const ns = Math.floor(ms * 1e6)
    this.word((ns % 2 ** 32) | 0)
    this.word(Math.floor(ns / 2 ** 32))
  }

  bytes(bytes: Uint8Array): void {
    const words = bytes.length >> 2
    let a = this.low
    let b = this.high
    if (LITTLE_ENDIAN && words >= WORDS_WORTH_A_VIEW && (bytes.byteOffset & 3) === 0) {
      const view = new Int32Array(bytes.buffer, bytes.byteOffset, words)
      let i = 0
      // Two lanes, so that one multiplication need not wait for the other.
      for (; i + 1 < words; i += 2) {
        a = Math.imul(a ^ (view[i] as number), 0x9e3779b1)
        b = Math.imul(b ^ (view[i + 1] as number), 0x85ebca77)
        a ^= a >>> 15
        b ^= b >>> 13
      }
      if (i < words) a = Math.imul(a ^ (view[i] as number), 0x9e3779b1) ^ i
    } else {
      let i = 0
      for (; i + 1 < words; i += 2) {
        a = Math.imul(a ^ wordAt(bytes, i), 0x9e3779b1)
        b = Math.imul(b ^ wordAt(bytes, i + 1), 0x85ebca77)
        a ^= a >>> 15
        b ^= b >>> 13
      }
      if (i < words) a = Math.imul(a ^ wordAt(bytes, i), 0x9e3779b1) ^ i
    }
    for (let i = words * 4; i < bytes.length; i++) a = Math.imul(a ^ (bytes[i] as number), 0x01000193)
    this.low = a
    this.high = b
    this.word(bytes.length)
  }

  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.word(text.charCodeAt(i))
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return (this.high >>> 0).toString(16).padStart(8, '0') + (this.low >>> 0).toString(16).padStart(8, '0')
  }
}

const KINDS: readonly Input['kind'][] = [
  'join',
  'leave',
  'broadcast',
  'send',
  'cancel',
  'signaling-up',
  'signaling-down',
  'sample',
  'peer-left',
  'envelope',
  'link-signal',
  'link-open',
  'packet',
  'link-full',
  'link-drained',
  'link-closed',
  'signed',
  'verified',
  'tick',
  'interests',
  'history',
]
const CODE = new Map<string, number>(KINDS.map((kind, code) => [kind, code]))

/** Inputs remembered for {@link Trace.recent}: some minutes of one peer, a second of ten thousand. */
const REMEMBERED = 65_536

export class Trace {
  readonly hash = new TraceHash()
  /** Inputs that reached a machine. */
  inputs = 0
  private readonly times: Float64Array
  private readonly peers: Int32Array
  private readonly kinds: Uint8Array
  private readonly links: Int32Array
  private readonly sizes: Int32Array

  constructor(remembered = REMEMBERED) {
    this.times = new Float64Array(remembered)
    this.peers = new Int32Array(remembered)
    this.kinds = new Uint8Array(remembered)
    this.links = new Int32Array(remembered)
    this.sizes = new Int32Array(remembered)
  }

  record(time: number, peer: number, input: Input): void {
    const slot = this.inputs++ % this.times.length
    const code = CODE.get(input.kind) ?? 255
    let link = -1
    let size = 0
    this.hash.time(time)
    this.hash.word(peer)
    this.hash.word(code)
    switch (input.kind) {
      case 'packet':
        link = input.link
        size = input.bytes.length
        this.hash.word(link)
        this.hash.bytes(input.bytes)
        break
      case 'envelope':
        size = input.bytes.length
        this.hash.bytes(input.bytes)
        break
      case 'broadcast':
      case 'send':
        size = input.body.length
        this.hash.bytes(input.body)
        break
      case 'link-open':
      case 'link-closed':
      case 'link-full':
      case 'link-drained':
        link = input.link
        this.hash.word(link)
        break
      case 'link-signal':
        link = input.link
        size = input.data.length
        this.hash.text(input.data)
        break
      case 'signed':
        this.hash.word(input.token.n)
        this.hash.bytes(input.signature)
        break
      case 'verified':
        this.hash.word(input.token.n * 2 + (input.ok ? 1 : 0))
        break
      case 'sample':
      case 'signaling-up':
        size = input.sample.length
        for (const peer of input.sample) this.hash.text(peer.id)
        break
      case 'peer-left':
        this.hash.text(input.peer)
        break
      default:
        break
    }
    this.times[slot] = time
    this.peers[slot] = peer
    this.kinds[slot] = code
    this.links[slot] = link
    this.sizes[slot] = size
  }

  /** The last inputs of one peer (all peers when negative), oldest first, one line each. */
  recent(peer: number, count: number): string[] {
    const lines: string[] = []
    const oldest = Math.max(0, this.inputs - this.times.length)
    for (let n = this.inputs - 1; n >= oldest && lines.length < count; n--) {
      const slot = n % this.times.length
      const who = this.peers[slot] as number
      if (peer >= 0 && who !== peer) continue
      const link = this.links[slot] as number
      const size = this.sizes[slot] as number
      const time = (this.times[slot] as number).toFixed(3)
      const kind = KINDS[this.kinds[slot] as number] ?? 'unknown'
      lines.push(
        `${time} ms  peer ${who}  ${kind}${link < 0 ? '' : ` link ${link}`}${size === 0 ? '' : ` (${size})`}`,
      )
    }
    return lines.reverse()
  }
}
