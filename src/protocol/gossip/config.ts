/**
 * What a broadcast machine can be told, and every default with its source.
 * @module
 */
import type { PeerId } from '../id.ts'
import type { Random } from '../random.ts'
import { MAX_BODY } from '../wire/limits.ts'

/** Times in milliseconds, sizes in bytes. */
export interface GossipSettings {
  /** Until an unacked push is asked about, twice; never less than the delay of acks and two round trips. */
  readonly ackTimeout: number
  /** Before the third question; doubles with each, ± 25 %. */
  readonly retryInterval: number
  /** Questions until a link is given up for a message. */
  readonly maxRetries: number
  /** Links a broadcast may cross, 1 … 255. */
  readonly maxHops: number
  /** Recent broadcasts kept for retries, repair and the past, an overhead of 256 per message included. */
  readonly historyBytes: number
  /** Largest body that is accepted. */
  readonly maxBody: number
  /** How long an ack waits for company, when its sender is the origin: somebody awaits `sendBroadcast` there. */
  readonly promptAckDelay: number
  /** How long any other ack waits. */
  readonly ackDelay: number
  /** How long an IHAVE waits, ± 50 %, while its stream is new or was repaired lately. */
  readonly digestDelay: number
  /** How long an IHAVE waits, ± 50 %, while its tree works. */
  readonly calmDigestDelay: number
  /** The least time a message may be late, after an IHAVE, before it is grafted. */
  readonly graftDelay: number
  /** Time a neighbour's way must save before the tree is changed for it. */
  readonly optimizationThreshold: number
  /** How long a message that came out of order waits for the one before it. */
  readonly gapTimeout: number
  /** Between two comparisons with a random neighbour, while streams are active. */
  readonly antiEntropyInterval: number
  /** A stream silent for this long is no longer compared. */
  readonly activeFor: number
  /** Senders remembered with their trees. */
  readonly maxStreams: number
  /** Streams announced by neighbours and not proven by a signature yet. */
  readonly maxRumours: number
  /** Forgotten senders whose last sequence number is still known, so that a replay is not delivered twice. */
  readonly maxTombstones: number
  /** Pushes in verification at once, over all links. */
  readonly maxVerifying: number
  /** Pushes in verification at once, from one link. */
  readonly maxVerifyingPerLink: number
  /** Bytes of the pushes in verification at once, from one link; one push is always allowed. */
  readonly maxVerifyingBytes: number
  /** Unacked pushes on one link; above it the link is repaired by ranges, as a full one is. */
  readonly maxUnacked: number
  /** Messages of one stream held back for one before them. */
  readonly maxHeld: number
  /** Broadcasts of this peer that wait for a signature or an ack. */
  readonly maxRequests: number
  /** Messages one GRAFT asks for. */
  readonly maxGraft: number
  /** Messages whose receipts are being counted; the oldest goes first. */
  readonly maxTallies: number
}

export const GOSSIP_DEFAULTS: GossipSettings = {
  // 150 of ack delay, 100 of path. A hidden tab's acks take up to a second more, and cost a question of a dozen bytes.
  ackTimeout: 250,
  // RFC 6298 §2: one second is the floor of TCP's retransmission timer.
  retryInterval: 1000,
  // 0.25 + 0.25 + 1 + 2 + 4 + 8 s: a link silent for longer than ICE's consent (RFC 7675, 15 s) is gone anyway.
  maxRetries: 5,
  // A warm tree of 10,000 peers is 12 deep at M = 8; five times that leaves room for detours.
  maxHops: 64,
  // About 14,000 messages of 300 bytes: minutes of a busy swarm's backlog, and little beside a tab's 100 MB.
  historyBytes: 8 * 1024 * 1024,
  maxBody: MAX_BODY,
  // Less than anyone notices, enough to put a burst's acks into one packet.
  promptAckDelay: 10,
  // TCP's usual delayed ack is 40 … 200. At 5 % loss 100, 150, 200 took 690, 710, 730 ms to the last of 200 peers.
  ackDelay: 150,
  // Two hops of 50 ms: the tree gets its chance before the announcement.
  digestDelay: 100,
  // The lazy tick of Riak's Plumtree and the heartbeat of GossipSub v1.1.
  calmDigestDelay: 1000,
  // iroh-gossip's graft timeout; the round trip is put on top.
  graftDelay: 80,
  // Measured: see the table in docs/DECISIONS.md.
  optimizationThreshold: 3,
  // Longer than all questions but the last (0.25 + 0.25 + 1 + 2 + 4 s), and five questions to neighbours.
  gapTimeout: 10_000,
  // Riak's exchange tick.
  antiEntropyInterval: 10_000,
  // Three comparisons after the last message.
  activeFor: 30_000,
  // Four times the people who talk at once in the busiest room of a chat; about 1 kB each.
  maxStreams: 256,
  maxRumours: 256,
  // 16 bytes of numbers each.
  maxTombstones: 4096,
  // 24,700 verifications a second in Chromium: 1,024 are 40 ms of work.
  maxVerifying: 1024,
  maxVerifyingPerLink: 256,
  maxVerifyingBytes: MAX_BODY,
  // A second of 1,000 messages.
  maxUnacked: 1024,
  maxHeld: 256,
  maxRequests: 1024,
  maxGraft: 256,
  // As many as one peer may await at once; about 500 bytes each with eight links.
  maxTallies: 1024,
}

/** What a machine must be told; the settings have defaults. */
export interface GossipConfig extends Partial<GossipSettings> {
  readonly id: PeerId
  /** This peer's Ed25519 public key, 32 bytes. */
  readonly key: Uint8Array
  /** 32 bytes; signatures are bound to it. */
  readonly discoveryKey: Uint8Array
  /** The wall-clock millisecond at which this session began: a reloaded tab keeps its key and gets a new one. */
  readonly epoch: number
  readonly random: Random
}

/** Round trip assumed for a link that was not measured yet: across a continent. */
export const ASSUMED_ROUND_TRIP = 100
/** What a message costs in history beside its bytes: object, map entry, view. */
export const MESSAGE_OVERHEAD = 256
/** Ranges kept of what one neighbour has of one stream, and of what came out of order. */
export const MAX_RANGES = 64
/** Sessions of one key that are remembered: the live one and the one before the reload. */
export const MAX_EPOCHS = 2
