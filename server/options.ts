/**
 * What a signaling server can be told, and what it assumes otherwise.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { MAX_MESSAGE, MAX_SAMPLE } from '../src/signaling/message.ts'

/** Something that happened, for the log: a short noun:verb and its details. */
export type Log = (event: string, details: Readonly<Record<string, string | number>>) => void

export interface SignalingOptions {
  /** Upgrades to this path are taken, all others left alone. Default `/signal`. */
  readonly path?: string
  /**
   * The public host (and port, unless the scheme's own) that clients dial, e.g. `signal.example.org`. Clients
   * sign it, so that another server cannot pass this one's challenges on and join here in their name.
   * Default '': not checked, because a server behind a proxy does not know it.
   */
  readonly publicHost?: string
  /** Longest message, bytes. Default 65,536 (message.ts): longer ones close the socket with 1009. */
  readonly maxMessage?: number
  /**
   * Messages per second of one socket, and how many at once. Default 100 and 500: joining with 8 links costs 8
   * offers or answers and about 100 candidates within a second. Beyond it the server reads slower.
   */
  readonly messageRate?: number
  readonly messageBurst?: number
  /** Bytes per second of one socket, and how many at once. Default 262,144 and 2,097,152: 500 offers of 4 kB. */
  readonly byteRate?: number
  readonly byteBurst?: number
  /** A socket whose debt would take this long to pay is closed, ms. Default 15,000: under a heartbeat's patience. */
  readonly maxDebt?: number
  /** Bad messages of one socket that are forgiven; one more each second. Default 16, then it is closed with 1008. */
  readonly maxStrikes?: number
  /** Bytes waiting for a slow consumer before it is dropped. Default 1,048,576: 20 of the longest messages. */
  readonly maxBuffered?: number
  /** Sockets of one address. Default Infinity: a school shares one address. */
  readonly maxConnectionsPerAddress?: number
  /** Sockets in all. Default Infinity: file descriptors are the operator's. */
  readonly maxConnections?: number
  /** Members of one swarm. Default Infinity: samples are bounded whatever the swarm. */
  readonly maxMembers?: number
  /** Peers of a sample, 1 … 32. Default 16: 4 + 4 neighbours on the ring and 8 buckets fill any `maxPeers` twice. */
  readonly sampleSize?: number
  /** Milliseconds to prove a key. Default 10,000: mobile networks stall for a few seconds. */
  readonly joinTimeout?: number
  /** Milliseconds between pings; a socket that stays silent for two is dead. Default 25,000: proxies cut at 30 to 60 s. */
  readonly pingInterval?: number
  /** Milliseconds an announcement lives. Default 120,000: two rounds of a hidden tab's timers (one a minute). */
  readonly ttl?: number
  /** Milliseconds in which a lost socket can resume. Default 5,000: a changed network is back by then. */
  readonly grace?: number
  /** A client's address, for the limit and the log; read a proxy's header here. Default: the socket's. */
  readonly clientAddress?: (request: IncomingMessage) => string
  /** Told what happens to connections that are not well. Default: nothing is logged. */
  readonly log?: Log
}

export type Settings = Required<SignalingOptions>

const NUMBERS = {
  maxMessage: { fallback: MAX_MESSAGE, min: 1024, max: MAX_MESSAGE },
  messageRate: { fallback: 100, min: 1, max: Infinity },
  messageBurst: { fallback: 500, min: 1, max: Infinity },
  byteRate: { fallback: 262_144, min: 1, max: Infinity },
  byteBurst: { fallback: 2_097_152, min: 1, max: Infinity },
  maxDebt: { fallback: 15_000, min: 0, max: Infinity },
  maxStrikes: { fallback: 16, min: 0, max: Infinity },
  maxBuffered: { fallback: 1_048_576, min: 1024, max: Infinity },
  maxConnectionsPerAddress: { fallback: Infinity, min: 1, max: Infinity },
  maxConnections: { fallback: Infinity, min: 1, max: Infinity },
  maxMembers: { fallback: Infinity, min: 1, max: Infinity },
  sampleSize: { fallback: 16, min: 1, max: MAX_SAMPLE },
  joinTimeout: { fallback: 10_000, min: 1, max: 86_400_000 },
  pingInterval: { fallback: 25_000, min: 10, max: 86_400_000 },
  ttl: { fallback: 120_000, min: 10, max: 86_400_000 },
  grace: { fallback: 5000, min: 0, max: 86_400_000 },
} as const satisfies Record<string, { fallback: number; min: number; max: number }>

type NumberName = keyof typeof NUMBERS
const NUMBER_NAMES = Object.keys(NUMBERS) as NumberName[]
const OTHERS = ['path', 'publicHost', 'clientAddress', 'log']

/** Fills in the defaults. Throws TypeError or RangeError naming the option. */
export function settingsFrom(options: SignalingOptions): Settings {
  const known: string[] = [...OTHERS, ...NUMBER_NAMES]
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new TypeError(`options.${name} is unknown; known: ${known.join(', ')}`)
  }
  const { path = '/signal', publicHost = '', clientAddress = socketAddress, log = () => {} } = options
  if (typeof path !== 'string' || !/^\/[^?#\s]*$/.test(path)) {
    throw new TypeError(`options.path must start with / and have no query: ${String(path)}`)
  }
  if (typeof publicHost !== 'string' || !/^[^/\s]{0,261}$/.test(publicHost)) {
    throw new TypeError(`options.publicHost must be a host name and optional port: ${String(publicHost)}`)
  }
  if (typeof clientAddress !== 'function') throw new TypeError('options.clientAddress must be a function')
  if (typeof log !== 'function') throw new TypeError('options.log must be a function')
  const numbers = Object.fromEntries(NUMBER_NAMES.map(name => [name, numberOf(options, name)]))
  return {
    path,
    publicHost: publicHost.toLowerCase(),
    clientAddress,
    log,
    ...(numbers as Record<NumberName, number>),
  }
}

function numberOf(options: SignalingOptions, name: NumberName): number {
  const { fallback, min, max } = NUMBERS[name]
  const value = options[name] ?? fallback
  if (typeof value !== 'number') throw new TypeError(`options.${name} must be a number`)
  if (!(value >= min && value <= max)) {
    throw new RangeError(`options.${name} must be from ${min} to ${max}, not ${value}`)
  }
  return value
}

function socketAddress(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? ''
}
