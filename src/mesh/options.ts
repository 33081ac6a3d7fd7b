/**
 * The options of `createMesh`: checked before anything happens, with their defaults.
 * @module
 */

import type { AddressBook } from '../book/port.ts'
import type { Identity } from '../identity/identity.ts'
import { BACKOFF, type BackoffOptions } from '../protocol/backoff.ts'
import type { RelayBudget } from '../protocol/circuit/circuits.ts'
import { overDefaults } from '../protocol/defaults.ts'
import type { PeerId } from '../protocol/id.ts'
import type { Order } from '../protocol/input.ts'
import { RELAY_BUDGET } from '../protocol/node-circuits.ts'
import { EVERYTHING } from '../protocol/topic.ts'
import type { SignalingTransport } from '../signaling/port.ts'
import type { GossipOptions, InvitedOptions, Logger } from './api-options.ts'
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkNames,
  checkNumber,
  checkOrder,
  checkPatterns,
  checkPeerId,
  checkText,
  mistyped,
} from './arguments.ts'
import {
  checkAddressBook,
  checkIceServers,
  checkIdentity,
  checkLogger,
  readTransport,
} from './given-objects.ts'

/** Links per peer. Measured: at 8, 10,000 peers are one island, 8.9 hops across with look-ahead; at 5, 1,000 peers and 8.7. */
export const DEFAULT_MAX_PEERS = 8
/** The two that the ring takes, and one with which a nearer peer comes in before the further goes. Measured: at 2, newcomers stay outside. */
const LEAST_PEERS = 3
/** An eighth of the 500 connections that Chromium allows a page, dials and replacements included. */
const MOST_PEERS = 64
/** Kademlia's k (Maymounkov & Mazières 2002, §2.1: "for example, k = 20"). */
export const DEFAULT_KADEMLIA_K = 20
/** What a chat expects; costs nothing but the waiting for a lost one. */
const DEFAULT_ORDER: Order = 'fifo'
/** Chromium gives ICE up after 15 s; a dial that took 10 s has failed in all likelihood, and its slot is wanted. */
export const DEFAULT_CONNECT_TIMEOUT = 10_000
/** Public STUN servers of two operators: one may be blocked, and each more slows gathering. No TURN: nobody gives that away. */
export const DEFAULT_ICE_SERVERS: readonly RTCIceServer[] = [
  { urls: 'stun:stun.l.google.com:19302' },
  { urls: 'stun:stun.cloudflare.com:3478' },
]
/** Bytes of a swarm's name: as a topic's. */
const MAX_SWARM = 256

/** Says nothing: a library does not write to a page's console unasked. */
const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** {@link MeshOptions} with every default filled in. */
export interface Settings {
  /** Either an invite, or both of a transport and a swarm. */
  readonly invite: string | undefined
  readonly transport: SignalingTransport | undefined
  readonly swarm: string | undefined
  readonly identity: 'persistent' | 'ephemeral' | Identity
  readonly maxPeers: number
  readonly iceServers: readonly RTCIceServer[]
  readonly bootstrapNodes: readonly PeerId[]
  readonly kademliaK: number
  /** Only what was given: the rest has its defaults in protocol/gossip/config.ts. */
  readonly gossip: GossipOptions
  readonly backoff: Required<BackoffOptions>
  readonly addressBook: AddressBook | false | undefined
  readonly discover: boolean
  readonly accept: InvitedOptions['accept']
  readonly interests: readonly string[]
  readonly intents: readonly string[]
  readonly order: Order
  readonly connectTimeout: number
  readonly relay: RelayBudget | false
  readonly logger: Logger
}

/** Every option there is; the compiler holds it to {@link InvitedOptions}. */
const NAMES = Object.keys({
  invite: 0,
  transport: 0,
  swarm: 0,
  identity: 0,
  maxPeers: 0,
  iceServers: 0,
  bootstrapNodes: 0,
  kademliaK: 0,
  gossip: 0,
  backoff: 0,
  addressBook: 0,
  discover: 0,
  accept: 0,
  interests: 0,
  intents: 0,
  order: 0,
  connectTimeout: 0,
  relay: 0,
  logger: 0,
} satisfies Record<keyof InvitedOptions, 0>)

interface Bound {
  readonly least: number
  readonly most: number
  check(name: string, value: unknown, least: number, most: number): void
}

/** Bounds of the gossip options. */
const GOSSIP = {
  ackTimeout: { least: 10, most: 60_000, check: checkMilliseconds },
  retryInterval: { least: 10, most: 60_000, check: checkMilliseconds },
  // 2³² × the interval is longer than any tab lives.
  maxRetries: { least: 0, most: 32, check: checkInteger },
  // One byte on the wire.
  maxHops: { least: 1, most: 255, check: checkInteger },
  // Below, a retry finds its message gone; above, a tab is put to sleep for its memory.
  historyBytes: { least: 65_536, most: 2 ** 30, check: checkInteger },
} satisfies Record<keyof GossipOptions, Bound>

/** The same of the relay. Below 64 KiB a second no packet of the largest size would ever leave. */
const RELAY = {
  maxCircuits: { least: 1, most: 256, check: checkInteger },
  bytesPerSecond: { least: 65_536, most: 2 ** 30, check: checkInteger },
} satisfies Record<keyof RelayBudget, Bound>

/** The same of the backoff of dials. */
const DIALS = {
  initial: { least: 100, most: 600_000, check: checkMilliseconds },
  max: { least: 100, most: 86_400_000, check: checkMilliseconds },
  factor: { least: 1, most: 10, check: checkNumber },
  attempts: { least: 1, most: 100, check: checkInteger },
} satisfies Record<keyof BackoffOptions, Bound>

/**
 * The settings that options come to.
 *
 * @throws TypeError or RangeError naming the option and what it got; an unknown name is told the nearest known.
 */
export function readOptions(options: unknown): Settings {
  checkNames('', options, NAMES)
  const given = withoutUndefined(options)
  const {
    identity = 'persistent',
    maxPeers = DEFAULT_MAX_PEERS,
    iceServers = DEFAULT_ICE_SERVERS,
    bootstrapNodes = [],
    kademliaK = DEFAULT_KADEMLIA_K,
    order = DEFAULT_ORDER,
    connectTimeout = DEFAULT_CONNECT_TIMEOUT,
    logger = SILENT,
    interests = EVERYTHING,
    intents = [],
    discover = true,
    accept,
  } = given
  const { invite, transport, swarm, gossip = {}, relay = {}, backoff = {}, addressBook } = given
  if (invite !== undefined && typeof invite !== 'string')
    throw mistyped('invite must be text, as invite() gives it', invite)
  const invited = invite !== undefined
  const oneTransport = invited && transport === undefined ? undefined : readTransport(transport)
  if (!invited || swarm !== undefined) checkText('swarm', swarm, MAX_SWARM)
  checkIdentity(identity)
  checkInteger('maxPeers', maxPeers, LEAST_PEERS, MOST_PEERS)
  checkIceServers(iceServers)
  checkBootstrap(bootstrapNodes)
  checkInteger('kademliaK', kademliaK, 1, 256)
  checkOrder('order', order)
  checkMilliseconds('connectTimeout', connectTimeout, 500, 120_000)
  checkPatterns('interests', interests)
  checkPatterns('intents', intents)
  checkLogger(logger)
  checkAddressBook(addressBook)
  checkBoolean('discover', discover)
  checkAccept(accept)
  return {
    discover,
    accept,
    invite,
    transport: oneTransport,
    swarm,
    identity,
    maxPeers,
    iceServers: [...iceServers],
    bootstrapNodes: [...new Set(bootstrapNodes)],
    kademliaK,
    gossip: readNumbers('gossip', gossip, GOSSIP),
    backoff: readBackoff(backoff),
    addressBook,
    interests,
    intents,
    order,
    connectTimeout,
    relay: readRelay(relay),
    logger,
  }
}

/** What a tab carries for others. */
function readRelay(relay: unknown): RelayBudget | false {
  return relay === false ? false : { ...RELAY_BUDGET, ...readNumbers('relay', relay, RELAY) }
}

/** A group of options that are numbers: only what was given. */
function readNumbers(group: string, options: unknown, bounds: Readonly<Record<string, Bound>>) {
  checkNames(group, options, Object.keys(bounds))
  const given = withoutUndefined(options)
  for (const [name, { least, most, check }] of Object.entries(bounds))
    if (name in given) check(`${group}.${name}`, given[name], least, most)
  return given
}

function readBackoff(options: unknown): Required<BackoffOptions> {
  const backoff = overDefaults(BACKOFF, readNumbers('backoff', options, DIALS))
  const { initial, max } = backoff
  if (initial > max)
    throw new RangeError(`backoff.initial must be at most backoff.max (${max}), got ${initial}`)
  return backoff
}

/** An option that is `undefined` is one that was not given. */
function withoutUndefined(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function checkBootstrap(nodes: unknown): asserts nodes is readonly PeerId[] {
  if (!Array.isArray(nodes)) throw mistyped('bootstrapNodes must be an array of peer ids', nodes)
  for (const [i, node] of nodes.entries()) checkPeerId(`bootstrapNodes[${i}]`, node)
}

function checkAccept(accept: unknown): asserts accept is InvitedOptions['accept'] {
  if (accept !== undefined) checkFunction('accept', accept)
}
