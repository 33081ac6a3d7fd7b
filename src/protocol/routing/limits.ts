/**
 * The bounds and times of routing, each with its source.
 * @module
 */
import { MAX_BODY } from '../wire/limits.ts'

export interface RoutingLimits {
  /** Links an envelope may cross, detours and bounces included, 1 … 255. */
  readonly maxHops: number
  /** The same for a search (course LAST), and for the way back from one, 1 … 250. */
  readonly maxSearchHops: number
  /** Envelopes in transit that this peer remembers the way of. */
  readonly maxWays: number
  /** Milliseconds a way is remembered. */
  readonly wayLife: number
  /** Frames of one link that are kept until its other side has taken them. */
  readonly maxHopFrames: number
  /** Bytes of those. */
  readonly maxHopBytes: number
  /** Peers whose record, shared key and received numbers are kept; neighbours and correspondents come on top. */
  readonly maxRecords: number
  /** Records being verified at once. */
  readonly maxQuestions: number
  /** Letters that wait for one record's verification. */
  readonly maxParked: number
  /** Bytes of letters that wait for any record's verification. */
  readonly maxParkedBytes: number
  /** Letters of this peer that are not settled yet. */
  readonly maxRequests: number
  /** Bytes of their bodies. */
  readonly maxRequestBytes: number
  /** Letters to one peer that may be on their way over several hops at once. */
  readonly maxInFlight: number
  /** Bytes of those; one letter may always fly, however large. */
  readonly maxInFlightBytes: number
  /** Milliseconds until an unanswered first attempt is repeated, before any round trip was measured. */
  readonly retryInitial: number
  /** The least and the most that measured round trips make of it, backoff included. */
  readonly retryMin: number
  readonly retryMax: number
  /** The least that a search is waited for, milliseconds. */
  readonly searchTime: number
  /** Bytes of a letter that add one millisecond to it. */
  readonly bytesPerMs: number
  /** Dead ends until a letter is given up with `no-route`; at least 3. */
  readonly deadEnds: number
  /** Milliseconds from the first dead end until a letter may be given up. */
  readonly deadEndSpan: number
  /** Milliseconds after the first dead end until the next attempt; doubles with each. */
  readonly deadEndDelay: number
}

export const ROUTING_LIMITS: RoutingLimits = {
  // Seven times the mean of 9 hops at 1,000 peers, M = 8; more only to search.
  maxHops: 64,
  // All of a mesh of 125 peers without any ring, there and back; seven seconds of links of 30 ms.
  maxSearchHops: 250,
  // Some 600 kB; 400 envelopes a second in transit for 10 s, which is what a request lasts by default.
  maxWays: 4096,
  // Three times the default timeout of a request: a late receipt still finds its way back.
  wayLife: 30_000,
  // A second of 256 envelopes through one link; with 8 links some 8 MB at most, where every body is large.
  maxHopFrames: 256,
  maxHopBytes: 1024 * 1024,
  // About 1 kB each. An attacker needs as many verified identities to make this peer forget a replay.
  maxRecords: 2048,
  // WebCrypto verifies 24,700 a second: 64 are 3 ms of work.
  maxQuestions: 64,
  // An opening burst of one stranger; what is over it comes again by retry.
  maxParked: 16,
  // Two of the largest bodies.
  maxParkedBytes: 2 * MAX_BODY,
  // A tenth of a second of the fastest link (57,000 messages of 100 bytes a second), and three times that again.
  maxRequests: 16_384,
  // Eight of the largest bodies.
  maxRequestBytes: 8 * MAX_BODY,
  // A round trip of 200 ms at 300 letters a second; half the gaps that the receiver's window remembers.
  maxInFlight: 64,
  // A round trip of 200 ms at 20 MB/s.
  maxInFlightBytes: 4 * 1024 * 1024,
  // RFC 6298 §2.1.
  retryInitial: 1000,
  // Half of what RFC 6298 §2.4 asks, as receipts are never delayed: a round trip across nine links of 25 ms.
  retryMin: 500,
  // Half of the default timeout would leave no third attempt; 3 s leaves four in 10 s.
  retryMax: 3000,
  // 200 links of 30 ms; of the default timeout of 10 s it is what the attempts before it leave.
  searchTime: 6000,
  // 2 Mbit/s, a slow home uplink, for the whole path.
  bytesPerMs: 250,
  // Attempts after 0, 0.35, 1.05 and 2.45 s and the time their answers take, by different first hops and from both sides of the ring …
  deadEnds: 4,
  // … so that a ring link that broke just now has been replaced by a dial of about 1 s before the last of them.
  deadEndSpan: 2400,
  deadEndDelay: 350,
}
