/**
 * An end of a circuit: packs, seals and sends what is for the other end, as far as its window goes; opens what comes.
 *
 * The counter of a packet is the weight of all before it (box and {@link CIRCUIT_OVERHEAD} each). So it never repeats, is
 * the place in the window too, and what a carrier loses is taken as soon as anything later has arrived.
 *
 *     nonce = direction counter       ; 18, 6 bytes
 *     direction = first 18 bytes of SHA-256( text("tabmesh circuit 1") sender-id receiver-id session asker's-salt other's-salt )
 *
 * Each end puts a fresh salt into it, so that no nonce is used twice whatever the other end, the relay or a session number
 * that comes again may do; and the text keeps it apart from letters, which are sealed with the same key.
 *
 * Bounds: {@link MOST_WAITING} bytes wait for credit, then the circuit is given up. After {@link MAX_FORGED} packets in a row
 * that do not open it is, too.
 * @module
 */
import { sha256 } from '../../crypto/hash.ts'
import type { Drop } from '../effect.ts'
import { idToBytes, isInitiator, type PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import { BOX_KEY_BYTES, NONCE_BYTES, type Sealer, type SharedKey, TAG_BYTES } from '../sealer.ts'
import { Backlog } from '../wire/backlog.ts'
import { Frame } from '../wire/frame.ts'
import { CIRCUIT_OVERHEAD, CIRCUIT_WINDOW, MAX_CIRCUIT_PACKET, MAX_FRAME } from '../wire/limits.ts'
import type { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import type { CircuitEnd, CircuitOutbox } from './effect.ts'
import {
  Hangup,
  hangUp,
  MAX_BOX,
  MAX_COUNTER,
  SALT_BYTES,
  type Setup,
  writeAccept,
  writeCarry,
  writeSetup,
  writeValue,
} from './frames.ts'
import type { Line, Party } from './line.ts'

/** An end of a circuit, as the node wants it. */
export interface Circuit {
  /** The slot's own link id: never used before by this node. */
  readonly link: LinkId
  /** The direct link to the relay, which is up. */
  readonly carrier: LinkId
  /** The other end. */
  readonly peer: PeerId
  /** What both ends know this circuit by, 48 bits. */
  readonly session: number
  /** This side asks the relay for it; the other waits for the offer. */
  readonly asks: boolean
  /** The other end's X25519 key, from its verified record. */
  readonly boxKey: Uint8Array
}

const DOMAIN = 'tabmesh circuit 1'
const COUNTER_AT = NONCE_BYTES - 6
const EMPTY = new Uint8Array(0)
/** Set-up that gets no answer, ms. CONNECT is sent again every second: links may lose frames in the simulator. */
const ANSWER = 5000
const REPEAT = 1000
/** Bytes taken at which CREDIT is due, and those at which it is due after {@link CREDIT_AFTER} ms: a slow circuit shows life too. */
const CREDIT_STEP = 65_536
const CREDIT_LEAST = 8192
const CREDIT_AFTER = 1000
/** Wait for credit before an empty packet asks for it, ms; doubles up to the second. */
const PROBE = 1000
const MAX_PROBE = 8000
/** Bytes that wait: the node is told to hold back, may go on, and the circuit is given up (two of the largest frames and more). */
const FULL_MARK = 262_144
const DRAINED_MARK = 65_536
export const MOST_WAITING = 2 * MAX_FRAME + 4 * FULL_MARK
const MAX_FORGED = 32
const NEVER = Number.POSITIVE_INFINITY

/** What an end needs of its machine. */
export interface Home {
  readonly id: PeerId
  readonly sealer: Sealer
  readonly ends: Map<LinkId, End>
}

export class End implements Party {
  readonly circuit: Circuit
  readonly line: Line
  open = false
  readonly backlog = new Backlog(FULL_MARK, DRAINED_MARK, MAX_CIRCUIT_PACKET)
  private readonly home: Home
  private readonly salt: Uint8Array
  /** 0: not offered yet. */
  ref = 0
  private shared: SharedKey = EMPTY
  private outward: Uint8Array = EMPTY
  private inward: Uint8Array = EMPTY
  /** Weights: of what was sent, of what the other end has taken of it, of what has come, and what it was told of that. */
  private sent = 0
  private credited = 0
  private taken = 0
  private told = 0
  private forged = 0
  private packetsSent = 0
  private packetsReceived = 0
  private readonly until: number
  private repeatAt = NEVER
  private creditAt = NEVER
  private probeAt = NEVER
  private probeIn = PROBE

  constructor(home: Home, circuit: Circuit, line: Line, salt: Uint8Array, now: number) {
    this.home = home
    this.circuit = circuit
    this.line = line
    this.salt = salt
    this.until = now + ANSWER
  }

  get deadline(): number {
    return Math.min(this.open ? NEVER : this.until, this.repeatAt, this.creditAt, this.probeAt)
  }

  /** What has passed, as it crossed the carrier. */
  get traffic() {
    const { sent, taken, packetsSent, packetsReceived } = this
    return { bytesSent: sent, bytesReceived: taken, packetsSent, packetsReceived }
  }

  // ── set-up ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Asks the relay. */
  ask(now: number, out: CircuitOutbox): void {
    if (this.ref === 0) this.ref = this.line.enter(this)
    this.repeatAt = now + REPEAT
    const { peer, session } = this.circuit
    this.push(writeSetup(Frame.CONNECT, this.ref, { peer, session, salt: this.salt }), out)
  }

  /** Whether an offer is this circuit's. */
  expects(setup: Setup): boolean {
    const { asks, peer, session } = this.circuit
    return !asks && this.ref === 0 && setup.peer === peer && setup.session === session
  }

  /** Takes the offer; again, when it comes again. */
  take(ref: number, setup: Setup, out: CircuitOutbox): void {
    this.push(writeAccept(ref, this.salt), out)
    if (this.open) return
    this.ref = this.line.enter(this, ref)
    this.settle(setup.salt, out)
  }

  private settle(salt: Uint8Array, out: CircuitOutbox): void {
    const { home, circuit } = this
    const { asks, peer, boxKey } = circuit
    const [first, second] = asks ? [this.salt, salt] : [salt, this.salt]
    const direction = (from: PeerId, to: PeerId): Uint8Array =>
      sha256(
        new Writer(128)
          .text(DOMAIN)
          .bytes(idToBytes(from))
          .bytes(idToBytes(to))
          .u48(circuit.session)
          .bytes(first)
          .bytes(second)
          .finish(),
      ).slice(0, NONCE_BYTES)
    this.outward = direction(home.id, peer)
    this.inward = direction(peer, home.id)
    this.shared = home.sealer.shared(boxKey)
    this.open = true
    this.repeatAt = NEVER
    const binding = new Uint8Array(2 * BOX_KEY_BYTES)
    const lower = isInitiator(home.id, peer)
    binding.set(home.sealer.publicKey, lower ? 0 : BOX_KEY_BYTES)
    binding.set(boxKey, lower ? BOX_KEY_BYTES : 0)
    out.push({ kind: 'circuit-open', link: circuit.link, binding })
  }

  // ── frames ─────────────────────────────────────────────────────────────────────────────────────────────

  frame(type: number, reader: Reader, now: number, out: CircuitOutbox): Drop | undefined {
    if (type === Frame.ACCEPT) {
      const salt = reader.bytes(SALT_BYTES)
      if (!reader.done || !this.circuit.asks) return this.broken(out)
      if (!this.open) this.settle(salt, out)
      return undefined
    }
    // The ACCEPT was lost: it is asked for again.
    if (!this.open) return undefined
    const counter = reader.varint(MAX_COUNTER)
    if (type === Frame.CARRY) {
      const box = reader.rest()
      if (!reader.ok || box.length < TAG_BYTES || box.length > MAX_BOX) return this.broken(out)
      return this.carried(counter, box, now, out)
    }
    if (!reader.done || counter > this.sent) return this.broken(out)
    if (counter <= this.credited) return undefined
    this.credited = counter
    this.probeAt = NEVER
    out.push({ kind: 'circuit-heard', link: this.circuit.link })
    this.go(now, out)
    return undefined
  }

  private carried(counter: number, box: Uint8Array, now: number, out: CircuitOutbox): Drop | undefined {
    const plain =
      counter < this.taken
        ? undefined
        : this.home.sealer.open(this.shared, numbered(this.inward, counter), box)
    if (plain === undefined) {
      if (++this.forged > MAX_FORGED) this.end('failed', out)
      return 'bad-seal'
    }
    this.forged = 0
    this.packetsReceived++
    this.taken = counter + box.length + CIRCUIT_OVERHEAD
    if (plain.length > 0) out.push({ kind: 'circuit-packet', link: this.circuit.link, bytes: plain })
    const untold = this.taken - this.told
    if (plain.length === 0 || untold >= CREDIT_STEP) this.credit(out)
    else if (untold >= CREDIT_LEAST) this.creditAt = Math.min(this.creditAt, now + CREDIT_AFTER)
    return undefined
  }

  hangup(reason: number, _now: number, out: CircuitOutbox): void {
    const refused = reason === Hangup.REFUSED || reason === Hangup.BUSY
    this.end(reason === Hangup.CLOSED ? 'closed' : refused && !this.open ? 'refused' : 'failed', out, true)
  }

  carrierDown(_now: number, out: CircuitOutbox): void {
    this.end('failed', out, true)
  }

  tick(now: number, out: CircuitOutbox): void {
    if (!this.open && now >= this.until) return this.end('timeout', out)
    if (now >= this.repeatAt) this.ask(now, out)
    if (now >= this.creditAt) this.credit(out)
    if (now >= this.probeAt) {
      this.carry(EMPTY, out)
      this.probeIn = Math.min(MAX_PROBE, this.probeIn * 2)
      this.probeAt = now + this.probeIn
    }
  }

  // ── sending ────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends what waits as far as the credit goes. */
  go(now: number, out: CircuitOutbox): void {
    const { backlog, circuit } = this
    this.spend(out)
    if (backlog.queued > MOST_WAITING) return this.end('failed', out)
    if (backlog.turned())
      out.push({ kind: backlog.full ? 'circuit-full' : 'circuit-drained', link: circuit.link })
    if (!this.open || backlog.queued === 0) this.probeAt = NEVER
    else if (this.probeAt === NEVER) {
      this.probeIn = PROBE
      this.probeAt = now + PROBE
    }
  }

  private spend(out: CircuitOutbox): void {
    const { backlog } = this
    backlog.pack()
    while (this.open && this.sent + MAX_BOX + CIRCUIT_OVERHEAD <= this.credited + CIRCUIT_WINDOW) {
      const packet = backlog.take()
      if (packet === undefined) return
      this.carry(packet, out)
    }
  }

  private carry(packet: Uint8Array, out: CircuitOutbox): void {
    const box = this.home.sealer.seal(this.shared, numbered(this.outward, this.sent), packet)
    this.push(writeCarry(this.ref, this.sent, box), out)
    this.sent += box.length + CIRCUIT_OVERHEAD
    this.packetsSent++
  }

  private credit(out: CircuitOutbox): void {
    this.told = this.taken
    this.creditAt = NEVER
    this.push(writeValue(Frame.CREDIT, this.ref, this.taken), out)
  }

  private push(frame: Uint8Array, out: CircuitOutbox): void {
    out.push({ kind: 'send', link: this.circuit.carrier, frame })
  }

  // ── the end ────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends what may still go, and hangs up. */
  close(out: CircuitOutbox): void {
    this.spend(out)
    this.forget()
    if (this.ref !== 0) hangUp(this.line.link, this.ref, Hangup.CLOSED, out)
  }

  /** It has ended by itself, or is heard to have: the node is told. */
  private end(reason: CircuitEnd, out: CircuitOutbox, heard = false): void {
    this.forget()
    if (!heard && this.ref !== 0) hangUp(this.line.link, this.ref, Hangup.CLOSED, out)
    out.push({ kind: 'circuit-closed', link: this.circuit.link, reason })
  }

  private forget(): void {
    this.home.ends.delete(this.circuit.link)
    this.line.circuits.delete(this.ref)
  }

  /** What the other end or the relay has said cannot be: the circuit is of no use. */
  private broken(out: CircuitOutbox): Drop {
    this.end('failed', out)
    return 'unexpected'
  }
}

/** The nonce of a packet: the direction with its last bytes replaced. */
function numbered(nonce: Uint8Array, counter: number): Uint8Array {
  for (let i = NONCE_BYTES - 1; i >= COUNTER_AT; i--) {
    nonce[i] = counter % 256
    counter = Math.floor(counter / 256)
  }
  return nonce
}
