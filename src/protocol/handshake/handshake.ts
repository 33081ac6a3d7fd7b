/**
 * Who is at the other end, bound to this very connection. Runs as the first frames of every link.
 *
 *     HELLO = %x01 version swarm-tag binding-tag record nonce capabilities   ; varint, 4, 4, 134, 16, varint
 *     AUTH  = %x02 signature                                                 ; 64 bytes
 *
 * The tags are the first bytes of SHA-256 over the discovery key and over both DTLS fingerprints: they let an
 * honest mismatch be told by its name, and prove nothing.
 *
 * Both sides send HELLO when the channel opens, and AUTH when they have the other's HELLO. The signature
 * covers domain ‖ version ‖ discovery key ‖ both DTLS fingerprints ‖ both nonces ‖ both records ‖ the
 * signer's role, so it holds for this connection only: whoever relays the frames between two connections of
 * his own has other fingerprints, and whoever replays them meets another nonce (the shape of SIGMA;
 * Krawczyk, "SIGMA: the SIGn-and-MAc approach", CRYPTO 2003, with DTLS giving the secrecy).
 *
 * Invariants
 * 1. A link is `up` only after the other side's AUTH and record have verified, for the peer that was dialled.
 * 2. Frames of a link that is not up reach no other machine; at most {@link MAX_HELD} wait while verifying.
 * 3. One handshake per link; its state is gone when it is up or has failed.
 * @module
 */
import { sha256 } from '../../crypto/hash.ts'
import type { Drop, Outbox } from '../effect.ts'
import { isInitiator, type PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import type { Random } from '../random.ts'
import { decodeRecord, type PeerRecord, RECORD_BYTES, recordToVerify } from '../record.ts'
import { Frame } from '../wire/frame.ts'
import { VERSION } from '../wire/limits.ts'
import type { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'

const DOMAIN = 'tabmesh link 1'
const NONCE_BYTES = 16
const TAG_BYTES = 4
/** HELLO and AUTH are sent again after this long, ms, and half as long again each time: the channel is reliable, but a link under test may not be. */
const RESEND = 500
/**
 * Times that a link which is up answers a HELLO: two bytes asked for 236; and that one which is not yet is moved to say it
 * again by what is too early for it. Resends alone outlast connectTimeout with eight.
 */
const MAX_REPEATS = 8
/** Frames that may arrive while the last AUTH is being verified (one batch of a busy neighbour). */
export const MAX_HELD = 256

export interface HandshakeConfig {
  readonly id: PeerId
  /** Own signed record. */
  readonly record: Uint8Array
  readonly discoveryKey: Uint8Array
  readonly random: Random
}

/** What a handshake came to. */
export type Greeting =
  | { readonly kind: 'up'; readonly link: LinkId; readonly record: PeerRecord }
  | { readonly kind: 'failed'; readonly link: LinkId; readonly drop: Drop }

/** What a link that is up may still have to repeat. */
interface Greeted {
  readonly hello: Uint8Array
  readonly auth: Uint8Array
  /** Repeats that are left. */
  repeats: number
}

interface Pending {
  readonly link: LinkId
  readonly peer: PeerId
  readonly binding: Uint8Array
  readonly nonce: Uint8Array
  readonly bindingTag: Uint8Array
  hello: Uint8Array
  theirs: { record: PeerRecord; nonce: Uint8Array } | undefined
  /** Own AUTH, once signed. */
  auth: Uint8Array | undefined
  /** Their signature, waiting for its verification to begin. */
  signature: Uint8Array | undefined
  verifying: boolean
  authOk: boolean
  recordOk: boolean
  resendAt: number
  resendIn: number
  /** Times that it may still be sent again out of turn. */
  repeats: number
}

const EMPTY = new Uint8Array(0)
const SIGN = 0
const VERIFY_AUTH = 1
const VERIFY_RECORD = 2

export class Handshake {
  private readonly config: HandshakeConfig
  private readonly pending = new Map<LinkId, Pending>()
  /** HELLO and AUTH of links that are up, until the other side is seen to be up too: it asks again when they were lost. */
  private readonly greeted = new Map<LinkId, Greeted>()
  private readonly writer = new Writer(512)
  private readonly swarmTag: Uint8Array

  constructor(config: HandshakeConfig) {
    this.config = config
    this.swarmTag = sha256(config.discoveryKey).slice(0, TAG_BYTES)
  }

  get deadline(): number {
    let earliest = Number.POSITIVE_INFINITY
    for (const entry of this.pending.values()) earliest = Math.min(earliest, entry.resendAt)
    return earliest
  }

  /** The channel of a link has opened towards `peer`. */
  open(link: LinkId, peer: PeerId, binding: Uint8Array, now: number, out: Outbox): void {
    const entry: Pending = {
      link,
      peer,
      binding,
      nonce: this.config.random.bytes(NONCE_BYTES),
      bindingTag: sha256(binding).slice(0, TAG_BYTES),
      hello: EMPTY,
      theirs: undefined,
      auth: undefined,
      signature: undefined,
      verifying: false,
      authOk: false,
      recordOk: false,
      resendAt: now + RESEND,
      resendIn: RESEND,
      repeats: MAX_REPEATS,
    }
    entry.hello = this.writer
      .u8(Frame.HELLO)
      .varint(VERSION)
      .bytes(this.swarmTag)
      .bytes(entry.bindingTag)
      .bytes(this.config.record)
      .bytes(entry.nonce)
      .varint(0)
      .finish()
    this.pending.set(link, entry)
    out.push({ kind: 'send', link, frame: entry.hello })
  }

  close(link: LinkId): void {
    this.pending.delete(link)
    this.greeted.delete(link)
  }

  /** The other side speaks as one whose link is up: it has what it needs, and a stray HELLO is not answered any more. */
  settled(link: LinkId): void {
    if (this.greeted.size > 0) this.greeted.delete(link)
  }

  /** HELLO or AUTH, the type byte already read. */
  frame(link: LinkId, type: number, reader: Reader, out: Outbox): Greeting | undefined {
    const entry = this.pending.get(link)
    if (entry === undefined) {
      const ours = this.greeted.get(link)
      if (ours === undefined || type !== Frame.HELLO || ours.repeats === 0) return undefined
      ours.repeats--
      out.push({ kind: 'send', link, frame: ours.hello }, { kind: 'send', link, frame: ours.auth })
      return undefined
    }
    if (type === Frame.HELLO) return this.onHello(entry, reader, out)
    const signature = reader.bytes(64)
    if (!reader.done) return this.fail(entry, 'malformed')
    if (entry.verifying) return undefined
    entry.signature = signature.slice()
    this.verify(entry, out)
    return undefined
  }

  /** The answer to `sign`: the AUTH can go. */
  signed(n: number, signature: Uint8Array, out: Outbox): Greeting | undefined {
    const entry = this.pending.get(Math.floor(n / 4))
    if (entry === undefined || n % 4 !== SIGN) return undefined
    entry.auth = this.writer.u8(Frame.AUTH).bytes(signature).finish()
    out.push({ kind: 'send', link: entry.link, frame: entry.auth })
    return this.finish(entry)
  }

  verified(n: number, ok: boolean): Greeting | undefined {
    const entry = this.pending.get(Math.floor(n / 4))
    if (entry === undefined) return undefined
    if (!ok) return this.fail(entry, n % 4 === VERIFY_AUTH ? 'bad-signature' : 'bad-record')
    if (n % 4 === VERIFY_AUTH) entry.authOk = true
    else entry.recordOk = true
    return this.finish(entry)
  }

  /** The other side speaks as if the link were up: its AUTH was lost, and comes again for a HELLO. */
  early(link: LinkId, out: Outbox): void {
    const entry = this.pending.get(link)
    if (entry === undefined || entry.repeats === 0) return
    entry.repeats--
    out.push({ kind: 'send', link, frame: entry.hello })
  }

  /** True while the other side's AUTH is at the verifier: frames behind it are held, not refused. */
  isVerifying(link: LinkId): boolean {
    return this.pending.get(link)?.verifying === true
  }

  tick(now: number, out: Outbox): void {
    for (const entry of this.pending.values()) {
      if (now < entry.resendAt) continue
      entry.resendIn *= 1.5
      entry.resendAt = now + entry.resendIn
      out.push({ kind: 'send', link: entry.link, frame: entry.hello })
      if (entry.auth !== undefined) out.push({ kind: 'send', link: entry.link, frame: entry.auth })
    }
  }

  private onHello(entry: Pending, reader: Reader, out: Outbox): Greeting | undefined {
    const version = reader.varint()
    const swarmTag = reader.bytes(TAG_BYTES)
    const bindingTag = reader.bytes(TAG_BYTES)
    const recordBytes = reader.bytes(RECORD_BYTES)
    const nonce = reader.bytes(NONCE_BYTES)
    // What follows belongs to later versions of the same major format.
    reader.varint()
    if (!reader.ok || version !== VERSION) return this.fail(entry, 'malformed')
    if (!same(swarmTag, this.swarmTag)) return this.fail(entry, 'wrong-swarm')
    if (!same(bindingTag, entry.bindingTag)) return this.fail(entry, 'bad-binding')
    if (entry.theirs !== undefined) {
      // Sent again because our AUTH did not come through.
      if (entry.auth !== undefined) out.push({ kind: 'send', link: entry.link, frame: entry.auth })
      return undefined
    }
    const record = decodeRecord(recordBytes)
    if (record === undefined || record.id !== entry.peer) return this.fail(entry, 'bad-record')
    entry.theirs = { record, nonce: nonce.slice() }
    out.push({
      kind: 'sign',
      token: { machine: 'handshake', n: entry.link * 4 + SIGN },
      bytes: this.transcript(entry, isInitiator(this.config.id, entry.peer)),
    })
    this.verify(entry, out)
    return undefined
  }

  private verify(entry: Pending, out: Outbox): void {
    if (entry.theirs === undefined || entry.signature === undefined || entry.verifying) return
    entry.verifying = true
    const { record } = entry.theirs
    out.push({
      kind: 'verify',
      token: { machine: 'handshake', n: entry.link * 4 + VERIFY_AUTH },
      key: record.key,
      bytes: this.transcript(entry, isInitiator(entry.peer, this.config.id)),
      signature: entry.signature,
    })
    out.push({
      kind: 'verify',
      token: { machine: 'handshake', n: entry.link * 4 + VERIFY_RECORD },
      key: record.key,
      bytes: recordToVerify(this.config.discoveryKey, record),
      signature: record.signature,
    })
  }

  /** What the side in the given role signs. */
  private transcript(entry: Pending, initiatorSigns: boolean): Uint8Array {
    const { theirs } = entry
    if (theirs === undefined) return new Uint8Array(0)
    const initiator = isInitiator(this.config.id, entry.peer)
    const ours = { record: this.config.record, nonce: entry.nonce }
    const other = { record: theirs.record.bytes, nonce: theirs.nonce }
    const [first, second] = initiator ? [ours, other] : [other, ours]
    return this.writer
      .text(DOMAIN)
      .varint(VERSION)
      .bytes(this.config.discoveryKey)
      .block(entry.binding)
      .bytes(first.nonce)
      .bytes(second.nonce)
      .bytes(first.record)
      .bytes(second.record)
      .u8(initiatorSigns ? 1 : 2)
      .finish()
  }

  private finish(entry: Pending): Greeting | undefined {
    // Own AUTH must be on its way before anything else is: the other side reads nothing else before it.
    if (!entry.authOk || !entry.recordOk || entry.theirs === undefined) return undefined
    if (entry.auth === undefined) return undefined
    this.pending.delete(entry.link)
    this.greeted.set(entry.link, { hello: entry.hello, auth: entry.auth, repeats: MAX_REPEATS })
    return { kind: 'up', link: entry.link, record: entry.theirs.record }
  }

  private fail(entry: Pending, drop: Drop): Greeting {
    this.pending.delete(entry.link)
    return { kind: 'failed', link: entry.link, drop }
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < TAG_BYTES; i++) if (a[i] !== b[i]) return false
  return true
}
