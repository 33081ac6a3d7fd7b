/**
 * Circuits: links of two peers that ICE cannot connect, relayed by a common neighbour. Whole packets (wire/packet.ts) go from
 * end to end, sealed; to everything above, a circuit is a link with an id of its own.
 *
 *     A  --CONNECT-->  R  --OFFER-->  S        A asks; both know of it from letters
 *     A <--ACCEPT---   R <--ACCEPT--  S
 *     A <--CARRY----   R <--CARRY---  S  and back, with CREDIT for what was taken, until HANGUP
 *
 * A node is an end of some circuits (end.ts) and the relay of others (relay.ts). Only direct links carry any, so circuits
 * are one relay long.
 *
 * Invariants
 * 1. Every circuit that the node opens ends with its own `close` or with one `circuit-closed`; nothing is told of it after that.
 * 2. Input from the network is an outcome, never an exception. What only the other end can be blamed for costs the relay's
 *    link nothing (`bad-seal`) or little, once: the circuit ends with it (`unexpected`).
 * 3. Tables: `lines` and `peers` have an entry per direct link, `ends` one per circuit that the node opened; the rest is
 *    bounded by line.ts, end.ts and relay.ts.
 * @module
 */
import type { Drop } from '../effect.ts'
import type { PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import type { Random } from '../random.ts'
import type { Sealer } from '../sealer.ts'
import { Frame } from '../wire/frame.ts'
import type { Reader } from '../wire/reader.ts'
import type { CircuitOutbox } from './effect.ts'
import { type Circuit, End } from './end.ts'
import { Hangup, hangUp, MAX_REF, readSetup, SALT_BYTES } from './frames.ts'
import { Line, MAX_EARLY } from './line.ts'
import { Relay, type RelayBudget } from './relay.ts'

export type { CircuitEffect, CircuitOutbox } from './effect.ts'
export type { Circuit } from './end.ts'
export type { RelayBudget } from './relay.ts'

export interface CircuitConfig {
  readonly id: PeerId
  readonly sealer: Sealer
  readonly random: Random
  /** `undefined`: it relays nothing. */
  readonly budget: RelayBudget | undefined
}

export class Circuits {
  private readonly config: CircuitConfig
  private readonly lines = new Map<LinkId, Line>()
  /** The latest line to each neighbour. */
  private readonly peers = new Map<PeerId, Line>()
  private readonly ends = new Map<LinkId, End>()
  /** Ends with frames of this turn. */
  private readonly unflushed = new Set<End>()
  private readonly relay: Relay

  constructor(config: CircuitConfig) {
    this.config = config
    this.relay = new Relay(config.budget, peer => this.peers.get(peer))
  }

  // ── for the node: circuits as links ────────────────────────────────────────────────────────────────────

  /**
   * Begins an end of a circuit: answered within five seconds by `circuit-open` or `circuit-closed`, the latter at once if
   * the carrier is not up.
   */
  open(circuit: Circuit, now: number, out: CircuitOutbox): void {
    const { link, carrier, asks } = circuit
    const line = this.lines.get(carrier)
    if (line === undefined) {
      out.push({ kind: 'circuit-closed', link, reason: 'failed' })
      return
    }
    const { id, sealer, random } = this.config
    const end = new End({ id, sealer, ends: this.ends }, circuit, line, random.bytes(SALT_BYTES), now)
    this.ends.set(link, end)
    if (asks) return end.ask(now, out)
    for (const [ref, setup] of line.early) if (end.expects(setup)) end.take(ref, setup, out)
    line.early.delete(end.ref)
  }

  /** Whether the link is an end of a circuit, open or not. */
  has(link: LinkId): boolean {
    return this.ends.has(link)
  }

  /** Whether this node is an end of any. */
  get any(): boolean {
    return this.ends.size > 0
  }

  /** Bytes and packets of a circuit of this node's own. */
  traffic(link: LinkId) {
    return this.ends.get(link)?.traffic
  }

  /** Takes a frame. It leaves at the {@link flush} that ends the turn. */
  send(link: LinkId, frame: Uint8Array): void {
    const end = this.ends.get(link)
    if (end === undefined) return
    end.backlog.add(frame)
    this.unflushed.add(end)
  }

  /** The end of a turn: what was added is packed, sealed and sent, or waits for credit. */
  flush(now: number, out: CircuitOutbox): void {
    if (this.unflushed.size === 0) return
    for (const end of this.unflushed) if (this.ends.has(end.circuit.link)) end.go(now, out)
    this.unflushed.clear()
  }

  /** Closes a circuit from this side: what may still go goes first. No `circuit-closed` follows. */
  close(link: LinkId, _now: number, out: CircuitOutbox): void {
    this.ends.get(link)?.close(out)
  }

  // ── for the node: direct links ─────────────────────────────────────────────────────────────────────────

  /** A direct link is up: it may carry circuits. */
  neighbourUp(link: LinkId, peer: PeerId): void {
    const line = new Line(link, peer)
    this.lines.set(link, line)
    this.peers.set(peer, line)
  }

  /** A direct link has ended, and every circuit over it. */
  carrierDown(link: LinkId, now: number, out: CircuitOutbox): void {
    const line = this.lines.get(link)
    if (line === undefined) return
    this.lines.delete(link)
    if (this.peers.get(line.peer) === line) {
      this.peers.delete(line.peer)
      // While one link replaces another there are two to the same peer.
      for (const other of this.lines.values()) if (other.peer === line.peer) this.peers.set(other.peer, other)
    }
    for (const end of this.ends.values()) if (end.line === line) end.carrierDown(now, out)
    for (const party of line.circuits.values()) party.carrierDown(now, out)
  }

  /** Circuits that this link carries, for this node as an end or as the relay. */
  carries(link: LinkId): number {
    const line = this.lines.get(link)
    if (line === undefined) return 0
    let count = line.circuits.size
    for (const end of this.ends.values()) if (end.line === line && end.ref === 0) count++
    return count
  }

  /** CONNECT … HANGUP from a direct link, the type byte already read. */
  frame(link: LinkId, type: number, reader: Reader, now: number, out: CircuitOutbox): Drop | undefined {
    const line = this.lines.get(link)
    if (line === undefined || type > Frame.HANGUP) return 'unexpected'
    const ref = reader.varint(MAX_REF)
    if (!reader.ok) return 'malformed'
    if (type === Frame.CONNECT) return this.relay.connect(line, ref, reader, now, out)
    if (type === Frame.OFFER) return this.offered(line, ref, reader, out)
    const party = line.circuits.get(ref)
    if (type !== Frame.HANGUP)
      return party === undefined ? line.stray(ref, now) : party.frame(type, reader, now, out)
    const reason = reader.varint()
    if (!reader.done) return 'malformed'
    if (party === undefined) return line.early.delete(ref) ? undefined : line.stray(ref, now)
    party.hangup(reason, now, out)
    return undefined
  }

  private offered(line: Line, ref: number, reader: Reader, out: CircuitOutbox): Drop | undefined {
    const setup = readSetup(reader)
    if (setup === undefined || (ref & 1) === 1) return 'malformed'
    const known = line.circuits.get(ref)
    if (known !== undefined) {
      if (!(known instanceof End)) return 'unexpected'
      known.take(ref, setup, out)
      return undefined
    }
    for (const end of this.ends.values())
      if (end.line === line && end.expects(setup)) {
        end.take(ref, setup, out)
        return undefined
      }
    // The letter that tells of it may be slower than the offer, which comes again after a second.
    const { early } = line
    line.seen(ref)
    let refused: number | undefined = ref
    if (!early.delete(ref)) {
      early.set(ref, setup)
      if (early.size <= MAX_EARLY) return undefined
      refused = early.keys().next().value as number
      early.delete(refused)
    }
    hangUp(line.link, refused, Hangup.REFUSED, out)
    // Whoever it relays for is to blame, and the relay does not send many: little, where `unexpected` would end the link.
    return 'rate'
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────────────────

  tick(now: number, out: CircuitOutbox): void {
    this.relay.tick(now, out)
    for (const end of this.ends.values()) end.tick(now, out)
  }

  get deadline(): number {
    let earliest = this.relay.deadline
    for (const end of this.ends.values()) earliest = Math.min(earliest, end.deadline)
    return earliest
  }

  /** `ends`: circuits of this node's own, open or not. `relayed`: those it relays now; `relayedBytes`, `refused`: since it was made. */
  get stats() {
    const { size, relayedBytes, refused, waiting } = this.relay
    return { ends: this.ends.size, relayed: size, relayedBytes, refused, waiting }
  }

  /** Hangs up on everybody. The machine is as new: with new neighbours it goes on. */
  stop(_now: number, out: CircuitOutbox): void {
    for (const end of this.ends.values()) end.close(out)
    this.relay.stop(out)
    this.unflushed.clear()
    this.lines.clear()
    this.peers.clear()
  }
}
