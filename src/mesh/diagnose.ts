/**
 * Why can't we connect? Probes what a link needs, each by itself and all at once, and says in one sentence what is wrong.
 *
 * Candidates are gathered with one server at a time: a host candidate shows that there is WebRTC, a server-reflexive one that the
 * STUN server answered over UDP, a relay one that the TURN server took the credentials. Two STUN servers that see different ports of
 * one socket are what a symmetric NAT looks like from inside (RFC 5780 §4.3).
 *
 * Invariant: after at most {@link PROBE} ms a probe has its answer, and nothing of it is left.
 * @module
 */
import type { LinkPath } from '../link/port.ts'
import type { PeerId } from '../protocol/id.ts'

/** Milliseconds for each probe. */
export const PROBE = 5000

export type Verdict =
  | 'ok'
  | 'no-webrtc'
  | 'no-signaling'
  | 'udp-blocked'
  | 'symmetric-nat'
  | 'needs-turn'
  | 'turn-refused'
  | 'peer-unreachable'

/** What one server said. */
export interface ServerProbe {
  readonly url: string
  readonly ok: boolean
  /** Milliseconds it took; of one that did not answer, how long it was waited for. */
  readonly ms: number
}

/** How a link to the peer in question stands. */
export interface PeerProbe {
  readonly peer: PeerId
  readonly linked: boolean
  /** Linked, but not by WebRTC: a neighbour of both carries the link. */
  readonly relayed: boolean
  /** Candidate types of the pair in use, e.g. `host`, `srflx`, `relay`; empty without such a link, or where the browser does not tell. */
  readonly local: string
  readonly remote: string
}

export interface Diagnosis {
  readonly verdict: Verdict
  /** What to do about it, one sentence in English. */
  readonly remedy: string
  readonly webrtc: boolean
  /** Each signaling server by its URL. Empty where the transport names none, as the one between tabs does. */
  readonly signaling: readonly ServerProbe[]
  readonly stun: readonly ServerProbe[]
  readonly turn: readonly ServerProbe[]
  /** Types of the candidates that this side can offer, e.g. `['host', 'srflx']`. */
  readonly candidates: readonly string[]
  readonly peer: PeerProbe | undefined
}

/** What diagnosing needs of the platform: a browser's, or a test's. */
export interface Probes {
  readonly webrtc: boolean
  /**
   * Gathers candidates with servers, or none. Resolves with what there is when the engine is done or the signal has fired.
   */
  gather(server: RTCIceServer, signal: AbortSignal): Promise<readonly Candidate[]>
  /** Whether a WebSocket to a URL opens. */
  dial(url: string, signal: AbortSignal): Promise<boolean>
  clock(): number
  /** Aborts after so many ms, and with the caller's. */
  limit(ms: number, signal: AbortSignal | undefined): { readonly signal: AbortSignal; done(): void }
}

export interface Candidate {
  readonly type: string
  readonly address: string
  readonly port: number
}

/** What is asked about. */
export interface Question {
  readonly iceServers: readonly RTCIceServer[]
  readonly urls: readonly string[]
  /** Signaling is up: the transport itself says so. */
  readonly signalingUp: boolean
  /** There are neighbours: signaling is not needed for the first contact. */
  readonly linked: boolean
  readonly peer:
    | { readonly id: PeerId; readonly path: LinkPath | undefined; readonly relayed: boolean }
    | undefined
  readonly signal: AbortSignal | undefined
}

/** @param given undefined where there is nothing to try: then there is no WebRTC either */
export async function diagnose(given: Probes | undefined, question: Question): Promise<Diagnosis> {
  const { iceServers, urls, peer, signal } = question
  const probes = given ?? NOTHING
  const servers = iceServers.flatMap(server =>
    [server.urls].flat().map(url => ({ url, server: { ...server, urls: url } })),
  )
  const of = (kind: string) => servers.filter(({ url }) => url.startsWith(kind))
  const found: Candidate[] = []
  const asked = async (url: string, run: (signal: AbortSignal) => Promise<boolean>): Promise<ServerProbe> => {
    const start = probes.clock()
    const limit = probes.limit(PROBE, signal)
    const ok = await run(limit.signal).catch(() => false)
    limit.done()
    return { url, ok, ms: Math.round(probes.clock() - start) }
  }
  const gathers = (server: RTCIceServer, type: string) => async (limit: AbortSignal) => {
    if (!probes.webrtc) return false
    const candidates = await probes.gather(server, limit)
    found.push(...candidates)
    return candidates.some(candidate => candidate.type === type)
  }
  let together: readonly Candidate[] = []
  const [, signaling, stun, turn] = await Promise.all([
    asked('', async limit => {
      if (!probes.webrtc) return false
      together = await probes.gather({ urls: of('stun').map(({ url }) => url) }, limit)
      return true
    }),
    Promise.all(urls.map(url => asked(url, limit => probes.dial(url, limit)))),
    Promise.all(of('stun').map(({ url, server }) => asked(url, gathers(server, 'srflx')))),
    Promise.all(of('turn').map(({ url, server }) => asked(url, gathers(server, 'relay')))),
  ])
  const facts = {
    ...question,
    webrtc: probes.webrtc,
    signaling,
    stun,
    turn,
    symmetric: isSymmetric(together),
  }
  const verdict = verdictOf(facts)
  return {
    verdict,
    remedy: REMEDIES[verdict],
    webrtc: probes.webrtc,
    signaling,
    stun,
    turn,
    candidates: [...new Set([...together, ...found].map(({ type }) => type))].sort(),
    peer: peer && {
      peer: peer.id,
      linked: peer.relayed || peer.path !== undefined,
      relayed: peer.relayed,
      local: peer.path?.local ?? '',
      remote: peer.path?.remote ?? '',
    },
  }
}

const NOTHING: Probes = {
  webrtc: false,
  gather: async () => [],
  dial: async () => false,
  clock: () => 0,
  limit: () => ({ signal: new AbortController().signal, done() {} }),
}

/** One sentence for each verdict. */
const REMEDIES: Readonly<Record<Verdict, string>> = {
  ok: 'Nothing is in the way on this side.',
  'no-webrtc':
    'This browser has no WebRTC, or an extension or policy has switched it off: allow it, or use another browser.',
  'no-signaling':
    'No signaling server can be reached: check its address and that it runs, or join by an invite.',
  'udp-blocked':
    'This network lets no UDP out: add a TURN server over TCP or TLS (turns:…?transport=tcp) to iceServers.',
  'symmetric-nat':
    'This network gives every connection another port: links to others behind such a network need a TURN server in iceServers.',
  'needs-turn': 'The two networks let nothing through to each other: add a TURN server to iceServers.',
  'turn-refused': 'No TURN server answers: check its address, username and credential.',
  'peer-unreachable':
    'Nothing is in the way on this side, and there is no link to that peer: it may have left, or have chosen other neighbours; let it run this, too.',
}

interface Facts extends Question {
  readonly webrtc: boolean
  readonly signaling: readonly ServerProbe[]
  readonly stun: readonly ServerProbe[]
  readonly turn: readonly ServerProbe[]
  readonly symmetric: boolean
}

/** The first thing that is in the way. */
function verdictOf({ webrtc, signaling, stun, turn, symmetric, peer, signalingUp, linked }: Facts): Verdict {
  const some = (probes: readonly ServerProbe[]) => probes.some(({ ok }) => ok)
  if (!webrtc) return 'no-webrtc'
  if (peer?.path !== undefined) return 'ok'
  if (signaling.length > 0 && !some(signaling) && !signalingUp && !linked) return 'no-signaling'
  const unlinked = peer !== undefined && !peer.relayed
  if (some(turn)) return unlinked ? 'peer-unreachable' : 'ok'
  if (turn.length > 0) return 'turn-refused'
  if (stun.length > 0 && !some(stun)) return 'udp-blocked'
  if (symmetric) return peer === undefined ? 'symmetric-nat' : 'needs-turn'
  if (unlinked) return 'peer-unreachable'
  return peer === undefined ? 'ok' : 'needs-turn'
}

/**
 * Whether servers that were asked together saw more ports at one address than a socket each for IPv4 on two interfaces accounts for.
 * Engines hide which socket a candidate stands for, and show what two servers agree on once.
 */
function isSymmetric(candidates: readonly Candidate[]): boolean {
  const hosts = candidates.filter(({ type }) => type === 'host').length
  const ports = new Map<string, Set<number>>()
  for (const { type, address, port } of candidates) {
    if (type !== 'srflx') continue
    const seen = ports.get(address) ?? new Set()
    ports.set(address, seen.add(port))
  }
  return hosts <= 2 && [...ports.values()].some(({ size }) => size > 1)
}
