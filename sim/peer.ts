/**
 * A simulated peer and its ends of links: plain state, changed by the world and the network.
 * @module
 */
import type { PeerId } from '../src/protocol/id.ts'
import type { LinkId } from '../src/protocol/input.ts'
import { EVERYTHING, TopicSet } from '../src/protocol/topic.ts'
import { Packer } from '../src/protocol/wire/packet.ts'
import type { Machine } from './machine.ts'
import { ORDINARY, type Traits } from './traits.ts'

/** `waiting` to join, `live`, `left` with good-byes, or `dead` without a word. */
export type Life = 'waiting' | 'live' | 'left' | 'dead'

export class Peer {
  readonly index: number
  readonly id: PeerId
  readonly publicKey: Uint8Array
  readonly record: Uint8Array
  machine: Machine
  life: Life = 'waiting'
  /** When the application asked to join. */
  readonly born: number
  /** When the machine first said it was connected. */
  joinedAt = Number.POSITIVE_INFINITY
  endedAt = Number.POSITIVE_INFINITY
  /** Topics that its application wants, and from when on messages on them are due. */
  interests = new TopicSet(EVERYTHING)
  interestedSince = 0
  /** What sort of page it is. */
  readonly traits: Traits
  /** Nothing happens to a frozen peer before this time; then everything does. */
  frozenUntil = 0
  /** What comes to it meanwhile is lost: the machine sleeps, not only the page. */
  asleep = false
  /** Counts the networks that it has been on: links made on another one carry nothing. */
  network = 0
  /** Which side of a partition it is on. */
  side = 0
  /** Which island it was on when the last partition ended. */
  island = 0
  readonly endpoints = new Map<LinkId, Endpoint>()
  /** Ends of links with frames of this turn. */
  readonly unsent: Endpoint[] = []
  /** The wake asked for, and the time of the earliest timer event that is under way. */
  wakeAt = Number.POSITIVE_INFINITY
  armedAt = Number.POSITIVE_INFINITY
  /** When the timer last fired, and how often at that instant. */
  tickedAt = -1
  ticks = 0
  /** When the CPU is done with the signatures it was given. */
  busyUntil = 0
  /** Whom its first link led to. */
  first: PeerId | undefined = undefined
  /** Whether the machine wants to be joined at the signaling server, and whether it is. */
  wantsSignaling = false
  atServer = false

  constructor(
    index: number,
    id: PeerId,
    publicKey: Uint8Array,
    record: Uint8Array,
    machine: Machine,
    born: number,
    traits: Traits = ORDINARY,
  ) {
    this.index = index
    this.id = id
    this.publicKey = publicKey
    this.record = record
    this.machine = machine
    this.born = born
    this.traits = traits
  }

  /** What the machine is told when it is `now`. */
  clock(now: number): number {
    return now * this.traits.rate + this.traits.skew
  }

  /** When its clock shows `at`: never earlier, whatever is lost in rounding. */
  due(at: number): number {
    const { rate, skew } = this.traits
    let now = (at - skew) / rate
    while (this.clock(now) < at) now += 1e-6
    return now
  }
}

/** One end of a link: what an RTCPeerConnection with its data channel is to a page. */
export class Endpoint {
  readonly peer: Peer
  readonly link: LinkId
  readonly remote: PeerId
  readonly initiator: boolean
  /** What the signals name it by. */
  readonly session: number
  state: 'new' | 'connecting' | 'open' | 'closed' = 'new'
  /** The machine has called the peer at the other end connected. */
  up = false
  /** The other end, once its description is known. */
  other: Endpoint | undefined = undefined
  candidates = 0
  readonly packer = new Packer()
  /** It has frames that are not sent yet: it stands in its peer's list. */
  touched = false
  /** PUSH frames in the packet begun. */
  pushes = 0
  /** When the last packet arrives at the other end: none arrives before it. */
  lastArrival = 0
  /** When the last packet has left. */
  sentUntil = 0
  full = false
  /** From and until when nothing it sends arrives. */
  mutedFrom = Number.POSITIVE_INFINITY
  mutedUntil = Number.POSITIVE_INFINITY

  /** The network of its peer that it was made on, or has found a path on since. */
  network: number

  /** A link that peers carry: nothing is sent over this end itself. */
  relayed = false

  constructor(peer: Peer, link: LinkId, remote: PeerId, initiator: boolean, session: number) {
    this.peer = peer
    this.link = link
    this.remote = remote
    this.initiator = initiator
    this.session = session
    this.network = peer.network
  }

  /** Its peer is on another network by now. What peers carry ends with what carries it. */
  get stranded(): boolean {
    return !this.relayed && this.network !== this.peer.network
  }
}
