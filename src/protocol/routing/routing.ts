/**
 * Routing: letters between any two peers, sealed from end to end, over any number of links or through the
 * signaling server; direct messages with receipts; the directory of peer records.
 *
 *     send → outbound ─┬─ neighbour: DATA ⇄ RECEIPT
 *                      └─ relay: ROUTED → … → arrive → verify? → open → once? → deliver → receipt
 *
 * Invariants (bounds: limits.ts)
 *  1. Every request is settled once: `ok` only when the receiver's receipt has come.
 *  2. A letter is delivered once (seen.ts), also when it came over a link and again over the mesh; a copy is
 *     receipted again. What is too old to be told apart is neither delivered nor receipted.
 *  3. A letter is opened only with the key of a verified record, the newest of its sender; a record is entered
 *     only when its signature was checked (here) or its holder proved it (handshake).
 *  4. A relay can neither read, alter nor forge a letter or a receipt; that it drops them costs one attempt.
 *     What is not proven (unreachable, stranger, bounced) costs one attempt, too, and only on ways that are open.
 *  5. No envelope goes on from a peer twice on one way; it crosses at most `maxHops` links, a search `maxSearchHops`.
 *  6. Every table has a bound, and none grows with the swarm:
 *
 *     | table (file)                  | bound                                                                |
 *     |-------------------------------|----------------------------------------------------------------------|
 *     | records, shared keys (directory) | `maxRecords`, and neighbours; 128 ranges of numbers each (seen)    |
 *     | numbers given (numbers)       | `maxRecords` receivers                                               |
 *     | questions to the verifier (introductions) | `maxQuestions`; behind each `maxParked` letters, `maxParkedBytes` in all |
 *     | horizons (horizon)            | 128 places per link                                                  |
 *     | ways (ways)                   | `maxWays`, `wayLife`; each has a peer's links at most                 |
 *     | lost peers (lost)             | 64                                                                   |
 *     | frames not taken (hops)       | `maxHopFrames` and `maxHopBytes` per link; 128 ranges of serials each |
 *     | neighbours, their neighbours (relay) | links; 32 each                                                 |
 *     | letters of this peer (outbound) | `maxRequests`, `maxRequestBytes`; 8 open ways each                  |
 *     | receipts due (receipts-due)   | those of one turn                                                    |
 *  7. After `stop` nothing is sent, asked or waited for. What has arrived is remembered all the same: the
 *     session's keys are, and a letter must not arrive a second time after a rejoin.
 *  8. Hostile input is a returned {@link Drop}, never an exception.
 * @module
 */
import { overDefaults } from '../defaults.ts'
import type { Drop } from '../effect.ts'
import type { PeerId } from '../id.ts'
import type { LinkId, RequestId } from '../input.ts'
import type { Random } from '../random.ts'
import type { PeerRecord } from '../record.ts'
import type { Sealer } from '../sealer.ts'
import { Frame } from '../wire/frame.ts'
import { MAX_BODY, MAX_IDS } from '../wire/limits.ts'
import type { Reader } from '../wire/reader.ts'
import { Attempts } from './attempts.ts'
import { placeOf } from './compass.ts'
import { Directory } from './directory.ts'
import { readAddress } from './envelope.ts'
import { MAX_KIND, readRanges } from './frames.ts'
import { Inbound } from './inbound.ts'
import { Introductions } from './introductions.ts'
import type { Sending } from './lane.ts'
import type { RoutingOutbox } from './letter.ts'
import { ROUTING_LIMITS, type RoutingLimits } from './limits.ts'
import { Outbound } from './outbound.ts'
import { ReceiptsDue } from './receipts-due.ts'
import { Relay } from './relay.ts'

export type { Sending } from './lane.ts'
export type { Letter, RoutingEffect, RoutingOutbox } from './letter.ts'

export interface RoutingConfig extends Partial<RoutingLimits> {
  readonly id: PeerId
  /** This peer's own signed record, 134 bytes. */
  readonly record: Uint8Array
  /** What the swarm is found by: records are signed for it. */
  readonly discoveryKey: Uint8Array
  readonly random: Random
  readonly sealer: Sealer
}

export interface RoutingStats {
  /** Letters taken for sending. */
  readonly sent: number
  /** Letters that arrived here and were handed on. */
  readonly delivered: number
  /** Envelopes of others passed on. */
  readonly forwarded: number
  /** Envelopes sent back from a dead end. */
  readonly bounced: number
  /** Attempts after the first. */
  readonly retries: number
  /** Frames that a neighbour was sent a second time, or a third … */
  readonly resent: number
  /** Entries of the bounded tables. */
  readonly tables: Readonly<
    Record<'requests' | 'requestBytes' | 'records' | 'questions' | 'ways' | 'kept', number>
  >
}

/**
 * Drops that tell of an envelope's sender, who may be many links away, and nothing of the neighbour that
 * passed it on: count them, and do not hold them against the link.
 */
export const END_TO_END: ReadonlySet<Drop> = new Set<Drop>([
  'bad-seal',
  'bad-record',
  'bad-signature',
  'replay',
  'table-full',
  'hop-limit',
])

export class Routing {
  private running = false
  private readonly id: PeerId
  private readonly directory: Directory
  private readonly relay: Relay
  private readonly outbound: Outbound
  private readonly inbound: Inbound
  private readonly introductions: Introductions
  private readonly due = new ReceiptsDue()

  constructor(config: RoutingConfig) {
    const { id, record, discoveryKey, random, sealer, ...given } = config
    const limits: RoutingLimits = overDefaults(ROUTING_LIMITS, given)
    this.id = id
    this.directory = new Directory(id, sealer, limits.maxRecords)
    this.relay = new Relay(id, limits, random)
    const attempts = new Attempts(id, record, limits, random, this.directory, this.relay)
    this.outbound = new Outbound(attempts, limits, this.directory, this.relay)
    this.introductions = new Introductions(discoveryKey, limits)
    const { directory, relay, outbound, introductions, due } = this
    this.inbound = new Inbound(id, record, { directory, relay, outbound, introductions, due })
  }

  start(_now: number): void {
    this.running = true
  }

  /** Settles everything with `left`; links are forgotten. `start` may follow. */
  stop(_now: number, out: RoutingOutbox): void {
    this.outbound.stop(out)
    this.running = false
    for (const id of this.relay.neighbours.peers()) this.directory.unpin(id)
    this.relay.clear()
    this.introductions.clear()
    this.due.clear()
  }

  get deadline(): number {
    return Math.min(this.outbound.deadline, this.relay.hops.deadline, this.relay.horizon.deadline)
  }

  get stats(): RoutingStats {
    const { requests, requestBytes } = this.outbound.sizes
    return {
      sent: this.outbound.sent,
      delivered: this.inbound.delivered,
      forwarded: this.relay.forwarded,
      bounced: this.relay.bounced,
      retries: this.outbound.attempts.retries,
      resent: this.relay.hops.resent,
      tables: {
        requests,
        requestBytes,
        records: this.directory.size,
        questions: this.introductions.size,
        ways: this.relay.ways.size,
        kept: this.relay.hops.size,
      },
    }
  }

  // ── links ──────────────────────────────────────────────────────────────────────────────────────────────

  /** A link is up; `record` is what its peer proved in the handshake. */
  linkUp(link: LinkId, record: PeerRecord, now: number, out: RoutingOutbox): void {
    if (!this.running) return
    const isNewer = this.directory.compare(record) === 'newer'
    this.directory.pin(record.id)
    // Each side showed the other its record.
    this.directory.put(record).knowsUs = true
    this.relay.linkUp(link, record, now)
    this.outbound.entered(record.id, isNewer, now, out)
    this.outbound.linkUp(record.id, now, out)
  }

  linkDown(link: LinkId, now: number, out: RoutingOutbox): void {
    this.due.forget(link)
    const gone = this.relay.linkDown(link, now)
    if (gone === undefined) return
    this.relay.horizon.changed(link, now)
    this.directory.unpin(gone.id)
    const lost = this.relay.rescue(link, now, out)
    this.outbound.linkDown(link, gone.id, now, out)
    for (const { address, spent } of lost) this.outbound.unreachable(address, spent, now, out)
  }

  /** A neighbour has taken some of what was sent: nothing is sent to it again while it is at the rest. */
  taken(link: LinkId, now: number): void {
    const neighbour = this.relay.neighbours.get(link)
    if (neighbour !== undefined) neighbour.takenAt = now
  }

  /** A silent link comes last in every choice. What waits for it goes another way in the next tick. */
  suspect(link: LinkId, suspect: boolean): void {
    const neighbour = this.relay.neighbours.get(link)
    if (neighbour === undefined || neighbour.suspect === suspect) return
    neighbour.suspect = suspect
    if (suspect) this.relay.hops.suspect(link)
    this.outbound.suspect(neighbour.id)
  }

  roundTrip(link: LinkId, milliseconds: number): void {
    const neighbour = this.relay.neighbours.get(link)
    if (neighbour !== undefined) neighbour.roundTrip = milliseconds
  }

  /** What a neighbour says its neighbours are; the first 32 count. */
  neighboursOf(link: LinkId, peers: ReadonlySet<PeerId>, now: number): void {
    const neighbour = this.relay.neighbours.get(link)
    if (neighbour === undefined) return
    neighbour.peers = [...peers].slice(0, MAX_IDS).map(placeOf)
    this.relay.horizon.changed(link, now)
  }

  signaling(up: boolean): void {
    this.outbound.attempts.signalingUp = up
  }

  /** Letters of other machines, and questions for records, take their first hop over one of these that is a neighbour. */
  introducedBy(routers: ReadonlySet<PeerId>): void {
    this.outbound.attempts.routers = routers
  }

  // ── the directory ──────────────────────────────────────────────────────────────────────────────────────

  /** Takes a record that somebody told of: kept once its signature is verified, if it is newer than the known. */
  learn(record: PeerRecord | Uint8Array, _now: number, out: RoutingOutbox): Drop | undefined {
    if (!this.running) return undefined
    return this.inbound.learn(record, out)
  }

  /** Whether the record of a peer is known and verified. */
  knows(id: PeerId): boolean {
    return this.directory.get(id) !== undefined
  }

  /** The verified record of a peer. */
  recordOf(id: PeerId): PeerRecord | undefined {
    return this.directory.get(id)?.record
  }

  /** The answer to a `verify` effect with the token `n`. */
  verified(n: number, ok: boolean, now: number, out: RoutingOutbox): Drop | undefined {
    return this.running ? this.inbound.verified(n, ok, now, out) : undefined
  }

  // ── out ────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Sends a letter. One to this peer itself is `refused`.
   *
   * @throws RangeError when the body is over 16 MiB or the kind not 0 … 63.
   */
  send(sending: Sending, now: number, out: RoutingOutbox): void {
    const { to, kind, body, request } = sending
    if (body.length > MAX_BODY) throw new RangeError(`a letter of ${body.length} bytes is over ${MAX_BODY}`)
    if (!Number.isInteger(kind) || kind < 0 || kind > MAX_KIND)
      throw new RangeError(`no letter kind: ${kind}`)
    if (this.running && to !== this.id) this.outbound.send(sending, now, out)
    else if (request !== undefined)
      out.push({ kind: 'settle', request, outcome: this.running ? 'refused' : 'left' })
  }

  /** Settles a request with `aborted`, if it is open. It may arrive all the same. */
  cancel(request: RequestId, out: RoutingOutbox): void {
    this.outbound.cancel(request, out)
  }

  tick(now: number, out: RoutingOutbox): void {
    if (!this.running) return
    this.relay.tick(now, out)
    this.outbound.tick(now, out)
  }

  /** What waits for company on a link goes with the frame that goes there now. */
  piggyback(link: LinkId, out: RoutingOutbox): void {
    this.relay.hops.piggyback(link, out)
  }

  /** Sends the receipts that are due: call it at the end of each input. */
  flush(_now: number, out: RoutingOutbox): void {
    this.due.flush(out)
  }

  // ── in ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes a frame of a link that is up. Of the drops, {@link END_TO_END} are not the link's fault. */
  frame(link: LinkId, type: number, reader: Reader, now: number, out: RoutingOutbox): Drop | undefined {
    const neighbour = this.relay.neighbours.get(link)
    if (neighbour === undefined) return 'unexpected'
    switch (type) {
      case Frame.ROUTED: {
        const result = this.relay.routed(link, reader, now, out)
        if (typeof result !== 'object') return result
        return this.inbound.arrive(result.address, result.envelope, result.hops, 'mesh', now, out)
      }
      case Frame.BOUNCED: {
        const result = this.relay.bounce(link, reader, now, out)
        if (typeof result !== 'object') return result
        return this.outbound.unreachable(result.address, result.spent, now, out)
      }
      case Frame.DATA:
        return this.inbound.data(link, neighbour.id, reader, out)
      case Frame.RECEIPT: {
        const ranges = readRanges(reader)
        return ranges === undefined ? 'malformed' : this.outbound.hadBy(neighbour.id, ranges, now, out)
      }
      case Frame.HORIZON:
        return this.relay.horizon.frame(link, reader, now)
      case Frame.TAKEN: {
        const ranges = readRanges(reader)
        return ranges === undefined ? 'malformed' : this.relay.hops.taken(link, ranges)
      }
      default:
        return 'unexpected'
    }
  }

  /** Takes an envelope that arrived through the signaling server. */
  envelope(bytes: Uint8Array, now: number, out: RoutingOutbox): Drop | undefined {
    if (!this.running) return undefined
    const address = readAddress(bytes)
    if (address === undefined) return 'malformed'
    if (address.to !== this.id) return 'not-for-us'
    return this.inbound.arrive(address, bytes, 0, 'signaling', now, out)
  }
}
