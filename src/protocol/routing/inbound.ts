/**
 * Envelopes that have arrived: opened, told from copies, handed on once, receipted.
 *
 *     letter → record known and newest? (else verify) → open → seen before? → hand on → receipt
 * @module
 */
import type { Drop } from '../effect.ts'
import type { PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import { decodeRecord, type PeerRecord } from '../record.ts'
import type { Reader } from '../wire/reader.ts'
import type { Directory, Known } from './directory.ts'
import {
  type Address,
  Envelope,
  type EnvelopeKind,
  readAddress,
  readAnswer,
  readLetter,
  readUnreachable,
  readWhois,
  writeAnswer,
  writeReceipt,
  writeStranger,
} from './envelope.ts'
import { readData, readHead } from './frames.ts'
import type { Introductions } from './introductions.ts'
import type { Letter, RoutingOutbox as Outbox } from './letter.ts'
import type { Outbound } from './outbound.ts'
import type { ReceiptsDue } from './receipts-due.ts'
import type { Relay } from './relay.ts'

const EMPTY = new Uint8Array(0)

/** What arrivals touch. */
export interface Rooms {
  readonly directory: Directory
  readonly relay: Relay
  readonly outbound: Outbound
  readonly introductions: Introductions
  readonly due: ReceiptsDue
}

export class Inbound {
  delivered = 0
  private readonly id: PeerId
  private readonly record: Uint8Array
  private readonly directory: Directory
  private readonly relay: Relay
  private readonly outbound: Outbound
  private readonly introductions: Introductions
  private readonly due: ReceiptsDue

  constructor(id: PeerId, record: Uint8Array, rooms: Rooms) {
    this.id = id
    this.record = record
    this.directory = rooms.directory
    this.relay = rooms.relay
    this.outbound = rooms.outbound
    this.introductions = rooms.introductions
    this.due = rooms.due
  }

  /** Keeps a record once it is verified, if it is newer than the known one. */
  learn(record: PeerRecord | Uint8Array, out: Outbox): Drop | undefined {
    const decoded = record instanceof Uint8Array ? decodeRecord(record) : record
    if (decoded === undefined) return 'malformed'
    if (decoded.id === this.id) return undefined
    const standing = this.directory.compare(decoded)
    if (standing === 'stale') return 'bad-record'
    return standing === 'same' ? undefined : this.introductions.ask(decoded, undefined, out)
  }

  /** The verifier has answered: what waited for the record goes on. */
  verified(n: number, ok: boolean, now: number, out: Outbox): Drop | undefined {
    const question = this.introductions.take(n)
    if (question === undefined) return undefined
    const { record, parked } = question
    if (!ok) {
      this.outbound.forged(record.id, now)
      return 'bad-signature'
    }
    const standing = this.directory.compare(record)
    if (standing === 'stale') return 'bad-record'
    this.directory.put(record)
    this.outbound.entered(record.id, standing === 'newer', now, out)
    let drop: Drop | undefined
    for (const { envelope, hops, via } of parked) {
      const address = readAddress(envelope)
      if (address !== undefined) drop = this.letter(address, envelope, hops, via, now, out) ?? drop
    }
    return drop
  }

  /** DATA of a neighbour: the link has proven who sends it. */
  data(link: LinkId, from: PeerId, reader: Reader, out: Outbox): Drop | undefined {
    const data = readData(reader)
    if (data === undefined) return 'malformed'
    const known = this.directory.get(from)
    if (known === undefined) return 'unexpected'
    const sighting = known.seen.add(data.number)
    if (sighting === 'stale') return 'replay'
    if (sighting === 'new') this.hand(known, data.kind, data.body, 1, 'link', out)
    if (data.receipt) this.due.add(link, data.number)
    return undefined
  }

  /** An envelope for this peer. */
  arrive(
    address: Address,
    bytes: Uint8Array,
    hops: number,
    via: 'mesh' | 'signaling',
    now: number,
    out: Outbox,
  ): Drop | undefined {
    switch (address.kind) {
      case Envelope.LETTER:
      case Envelope.INTRODUCED:
        return this.letter(address, bytes, hops, via, now, out)
      case Envelope.WHOIS:
        this.introduce(readWhois(bytes), address.way, via, now, out)
        return undefined
      case Envelope.RECEIPT:
        return this.outbound.receipt(address, bytes, now, out)
      case Envelope.ANSWER: {
        const asked = this.outbound.askedFor(address.way)
        if (asked === undefined) return this.outbound.late(address)
        const record = decodeRecord(readAnswer(bytes))
        return record?.id === asked ? this.learn(record, out) : 'bad-record'
      }
      case Envelope.UNREACHABLE:
        return this.outbound.unreachable(address, readUnreachable(bytes), now, out)
      case Envelope.STRANGER:
        return this.outbound.stranger(address, now, out)
    }
  }

  private letter(
    address: Address,
    bytes: Uint8Array,
    hops: number,
    via: 'mesh' | 'signaling',
    now: number,
    out: Outbox,
  ): Drop | undefined {
    const content = readLetter(address.kind, bytes)
    const record = content.record === undefined ? undefined : decodeRecord(content.record)
    const from = record?.id ?? content.from
    if (from === undefined || from === this.id) return 'bad-record'
    if (record !== undefined) {
      const standing = this.directory.compare(record)
      if (standing === 'stale') return 'bad-record'
      if (standing !== 'same') return this.introductions.ask(record, { envelope: bytes, hops, via }, out)
    }
    const known = this.directory.use(from)
    if (known === undefined) {
      this.answer(Envelope.STRANGER, writeStranger(from, address.way), from, address.way, via, now, out)
      return undefined
    }
    const { number } = content
    const plain = this.directory.open(known, number, address.way, content.box)
    if (plain === undefined) {
      // Most likely it was sealed for an earlier session of this peer: tell the sender of this one.
      this.introduce(from, address.way, via, now, out)
      return 'bad-seal'
    }
    const head = readHead(plain[0] ?? 255)
    if (head === undefined) return 'bad-seal'
    known.knowsUs = true
    const sighting = known.seen.add(number)
    if (sighting === 'stale') return 'replay'
    if (sighting === 'new') this.hand(known, head.kind, plain.subarray(1), hops, via, out)
    if (!head.receipt) return undefined
    const proof = this.directory.seal(known, number, address.way, EMPTY)
    const receipt = writeReceipt(from, address.way, number, proof)
    this.answer(Envelope.RECEIPT, receipt, from, address.way, via, now, out)
    return undefined
  }

  /** Hands a letter on: the only place that does. */
  private hand(
    known: Known,
    letter: number,
    body: Uint8Array,
    hops: number,
    via: Letter['via'],
    out: Outbox,
  ): void {
    this.delivered++
    const { id: from, record } = known
    if (letter === 0) out.push({ kind: 'deliver', from, topic: undefined, body, hops })
    else out.push({ kind: 'letter', from, letter, body, hops, via, record })
  }

  private introduce(to: PeerId, way: number, via: 'mesh' | 'signaling', now: number, out: Outbox): void {
    this.answer(Envelope.ANSWER, writeAnswer(to, way, this.record), to, way, via, now, out)
  }

  /** Answers on the road the question came by. */
  private answer(
    kind: EnvelopeKind,
    envelope: Uint8Array,
    to: PeerId,
    way: number,
    via: 'mesh' | 'signaling',
    now: number,
    out: Outbox,
  ): void {
    if (via === 'signaling' && this.outbound.attempts.signalingUp)
      out.push({ kind: 'envelope', to, bytes: envelope })
    else this.relay.answer(envelope, { kind, to, way }, now, out)
  }
}
