/**
 * What a run is made of: how many peers, which links, which faults. Every field is a command-line option too.
 * @module
 */

export interface SimOptions {
  /** Peers that join. */
  readonly peers: number
  /** Links per peer, half-open ones included. */
  readonly maxPeers: number
  readonly seed: number
  /** One-way latency of a link, ms, drawn once per pair. */
  readonly latencyMin: number
  readonly latencyMax: number
  /** Added to the latency of each packet, uniformly 0 … this, ms. */
  readonly jitter: number
  /** Share of packets that vanish. */
  readonly loss: number
  /** Share of packets that arrive twice. */
  readonly duplicate: number
  /** Share of packets that later ones may overtake. */
  readonly reorder: number
  /** Bytes per millisecond in each direction of a link; Infinity for no limit. */
  readonly bandwidth: number
  /** Share of link set-ups that fail although both sides are there. */
  readonly connectFailure: number
  /** Most that a pair adds to the jitter of each packet, drawn once per pair from 0 … this, ms. */
  readonly pairJitter: number
  /** Share of link directions that fall silent some time after opening: half of them for good, half for 1–20 s. */
  readonly oneWay: number
  /** What a partition cuts: 0 both directions, 1 what the peers cut off send, 2 what is sent to them. */
  readonly oneSided: number
  /** Share of peers behind symmetric NATs: two of them cannot link. */
  readonly nat: number
  /** Share of all pairs that no direct link comes about between, drawn per pair. */
  readonly unreachable: number
  /** Share of the peers that change networks, in scenarios where some do. */
  readonly move: number
  /** Share of peers whose links can look for a new path (ICE restart). */
  readonly restarts: number
  /** Clocks of peers are ahead by up to this, ms, and drift by up to {@link MAX_DRIFT} either way. */
  readonly skew: number
  /** Share of peers whose CPU is {@link SLOWER} times as slow, and takes {@link SLOW_VERIFY} ms at least per check. */
  readonly slowShare: number
  /** Share of peers that pass nothing on: they link, answer and ack, and swallow what is not their own. */
  readonly silent: number
  /** Share of peers that tamper with what they relay: a third each drops it, delays it, or alters it. */
  readonly tampering: number
  /** Guests per second, a Poisson process; each stays 30 s on average, then leaves or dies. */
  readonly arrivals: number
  /** Seconds of each minute in which the signaling server is down. */
  readonly serverOutage: number
  /** Share of the peers that die without a word, in scenarios that kill. */
  readonly kill: number
  /** Share of the peers that leave, and as many that join, per second, in scenarios with churn. */
  readonly churn: number
  /** Bytes of a message body. */
  readonly payload: number
  /** Broadcasts measured per phase. */
  readonly messages: number
  /** Milliseconds of a peer's CPU that each signature check takes. */
  readonly verifyCost: number
  /** Milliseconds for a link to open and authenticate; the library's own option. */
  readonly connectTimeout: number
  /** The library's own option. */
  readonly kademliaK: number
  /** The order that broadcasts are sent with: 0 fifo, 1 causal, 2 none. */
  readonly order: number
}

/** Ten times the tolerance of cheap quartz (±50 ppm): a laptop's clock being slewed by its time service. */
export const MAX_DRIFT = 500e-6
/** A throttled phone against a desktop: browser benchmarks of crypto differ by some such factor. */
export const SLOWER = 20
export const SLOW_VERIFY = 5

/**
 * Latency 10–50 ms: broadband peers of one continent, as in the figures that gossip papers report.
 * Payload 1,000 B: the size for which control traffic per delivery is quoted.
 */
export const DEFAULTS: SimOptions = {
  peers: 100,
  maxPeers: 8,
  seed: 1,
  latencyMin: 10,
  latencyMax: 50,
  jitter: 0,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  bandwidth: Number.POSITIVE_INFINITY,
  connectFailure: 0,
  pairJitter: 0,
  oneWay: 0,
  oneSided: 0,
  nat: 0,
  unreachable: 0,
  move: 0,
  restarts: 1,
  skew: 0,
  slowShare: 0,
  silent: 0,
  tampering: 0,
  arrivals: 0,
  serverOutage: 0,
  kill: 0,
  churn: 0,
  payload: 1000,
  messages: 20,
  verifyCost: 0,
  connectTimeout: 10_000,
  kademliaK: 20,
  order: 0,
}
