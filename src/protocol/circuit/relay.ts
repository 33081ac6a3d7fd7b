/**
 * The relay: passes the frames of a circuit from one neighbour to another, within a budget.
 *
 * It reads nothing but the head. What is over the budget waits, per circuit and direction, and neighbours take turns of one
 * packet's bytes. An honest end never has more on its way than its window, so who overruns that here is hung up on.
 *
 * Bounds: `maxCircuits` circuits; for one asking neighbour half of them. Of each, in each direction, {@link MOST_WAITING}
 * bytes of frames, counted with {@link OVERHEAD}. One that the other end does not answer is kept for 10 s, one without a frame
 * for five minutes.
 *
 * Budget: a quarter of it at once, and three quarters of it a second, so that no second has more than the whole, and a peer
 * whose timers are throttled to one a second is of use.
 * @module
 */
import { Credit } from '../credit.ts'
import type { Drop } from '../effect.ts'
import type { PeerId } from '../id.ts'
import { Fifo } from '../wire/fifo.ts'
import { Frame } from '../wire/frame.ts'
import { CIRCUIT_OVERHEAD, CIRCUIT_WINDOW, MAX_PACKET } from '../wire/limits.ts'
import type { Reader } from '../wire/reader.ts'
import type { CircuitOutbox } from './effect.ts'
import { Hangup, hangUp, MAX_REST, readSetup, type Setup, writeOn, writeSetup, writeValue } from './frames.ts'
import type { Line, Party } from './line.ts'

/** What this peer gives as a relay. */
export interface RelayBudget {
  /** Circuits that it relays at most; at most half of them, and at least one, for one asking neighbour. */
  readonly maxCircuits: number
  /** Bytes of frames that it passes on in any second, all circuits together; one packet more where a quarter of it is less than that. */
  readonly bytesPerSecond: number
}

/** What a waiting frame counts for beside its bytes: less than it does at its sender, whatever its head was. */
const OVERHEAD = CIRCUIT_OVERHEAD - 16
/** What may wait in one direction of one circuit: the window, and the frames that are not counted against it. */
export const MOST_WAITING = CIRCUIT_WINDOW + MAX_PACKET
/** Wait for the other end's ACCEPT, ms. */
const ANSWER = 10_000
/** Silence after which a circuit is forgotten, ms. The ends find out sooner; this is for ends that are both gone. */
const IDLE = 300_000

export class Relay {
  readonly halves = new Set<Half>()
  relayedBytes = 0
  refused = 0
  private readonly budget: RelayBudget | undefined
  private readonly neighbour: (peer: PeerId) => Line | undefined
  private readonly pace: Credit
  /** Halves with frames waiting, the one whose turn it is first. */
  private readonly busy = new Set<Half>()
  /** When the next frame may go. */
  private goAt = Number.POSITIVE_INFINITY

  constructor(budget: RelayBudget | undefined, neighbour: (peer: PeerId) => Line | undefined) {
    const perSecond = budget?.bytesPerSecond ?? 0
    this.budget = budget
    this.neighbour = neighbour
    this.pace = new Credit(Math.max(MAX_PACKET, perSecond / 4), (perSecond * 3) / 4, 0)
  }

  /** Circuits. */
  get size(): number {
    return this.halves.size
  }

  /** Bytes that wait, counted as they are bounded. */
  get waiting(): number {
    let waiting = 0
    for (const half of this.busy) waiting += half.waiting
    return waiting
  }

  get deadline(): number {
    let earliest = this.goAt
    for (const half of this.halves) earliest = Math.min(earliest, half.until)
    return earliest
  }

  /** CONNECT, behind its `circuit`. */
  connect(line: Line, ref: number, reader: Reader, now: number, out: CircuitOutbox): Drop | undefined {
    const setup = readSetup(reader)
    if (setup === undefined || (ref & 1) === 1) return 'malformed'
    const known = line.circuits.get(ref)
    if (known !== undefined && !(known instanceof Half && known.asks)) return 'unexpected'
    if (!line.asked.take(1, now)) return 'rate'
    line.seen(ref)
    if (known !== undefined) {
      // Sent again because no ACCEPT has come: the OFFER may be lost, or that.
      known.other.offer(setup, out)
      return undefined
    }
    const target = this.neighbour(setup.peer)
    const refusal = this.refusal(line, target, now)
    if (target === undefined || refusal !== undefined) {
      this.refused++
      hangUp(line.link, ref, refusal ?? Hangup.REFUSED, out)
      return undefined
    }
    const asker = new Half(this, line, true, now + ANSWER)
    asker.other = new Half(this, target, false, Number.POSITIVE_INFINITY)
    asker.other.other = asker
    asker.ref = line.enter(asker, ref)
    asker.other.ref = target.enter(asker.other)
    line.relayed++
    this.halves.add(asker)
    asker.other.offer(setup, out)
    return undefined
  }

  /** Passes a frame on that came over `half`: at once, or when its turn comes. */
  pass(half: Half, frame: Uint8Array, now: number, out: CircuitOutbox): void {
    if (this.busy.size === 0 && this.pace.take(frame.length, now)) return this.hand(half, frame, out)
    half.queue.push(frame)
    half.waiting += frame.length + OVERHEAD
    this.busy.add(half)
    if (now >= this.goAt || this.goAt === Number.POSITIVE_INFINITY) this.go(now, out)
  }

  /** An end has hung up. What came from it before goes to the other first; what was for it does not. */
  hungUp(half: Half, reason: number, now: number, out: CircuitOutbox): void {
    const { other, line } = half
    if (other.ended) return this.forget(half)
    half.ended = true
    line.circuits.delete(half.ref)
    this.empty(other)
    this.pass(half, writeValue(Frame.HANGUP, other.ref, reason), now, out)
  }

  /** Ends a circuit at once. */
  cut(half: Half, reason: number, out: CircuitOutbox): void {
    this.forget(half)
    for (const side of [half, half.other]) if (!side.ended) hangUp(side.line.link, side.ref, reason, out)
  }

  stop(out: CircuitOutbox): void {
    for (const half of this.halves) this.cut(half, Hangup.LOST, out)
  }

  tick(now: number, out: CircuitOutbox): void {
    for (const half of this.halves) if (now >= half.until) this.cut(half, Hangup.LOST, out)
    if (now >= this.goAt) this.go(now, out)
  }

  private refusal(line: Line, target: Line | undefined, now: number): number | undefined {
    const { budget } = this
    if (budget === undefined || target === undefined || target.peer === line.peer) return Hangup.REFUSED
    if (this.size >= budget.maxCircuits || line.relayed >= Math.max(1, Math.floor(budget.maxCircuits / 2)))
      return Hangup.BUSY
    return target.offered.take(1, now) ? undefined : Hangup.BUSY
  }

  /** Sends what waits while the budget lasts. */
  private go(now: number, out: CircuitOutbox): void {
    this.goAt = Number.POSITIVE_INFINITY
    // A half that has had its turn goes behind the others, where this loop comes to it again.
    for (const half of this.busy) {
      for (let frame = half.queue.first; frame !== undefined; frame = half.queue.first) {
        if (half.turn + frame.length > MAX_PACKET) break
        if (!this.pace.take(frame.length, now)) {
          this.goAt = now + Math.max(1, Math.ceil(this.pace.wait(frame.length, now)))
          return
        }
        half.queue.shift()
        half.waiting -= frame.length + OVERHEAD
        half.turn += frame.length
        this.hand(half, frame, out)
      }
      half.turn = 0
      this.busy.delete(half)
      if (half.queue.length > 0) this.busy.add(half)
    }
  }

  private hand(half: Half, frame: Uint8Array, out: CircuitOutbox): void {
    this.relayedBytes += frame.length
    out.push({ kind: 'send', link: half.other.line.link, frame })
    if (half.ended && half.queue.length === 0) this.forget(half)
  }

  private forget(half: Half): void {
    for (const side of [half, half.other]) {
      side.line.circuits.delete(side.ref)
      this.empty(side)
      if (this.halves.delete(side)) side.line.relayed--
    }
  }

  private empty(half: Half): void {
    half.queue = new Fifo()
    half.waiting = 0
    this.busy.delete(half)
    if (this.busy.size === 0) this.goAt = Number.POSITIVE_INFINITY
  }
}

/** What is relayed for one end: its link, and its frames that wait for the budget. */
export class Half implements Party {
  readonly line: Line
  /** It is the end that asked for the circuit. */
  readonly asks: boolean
  ref = 0
  other: Half = this
  queue = new Fifo<Uint8Array>()
  /** Bytes in `queue`, each frame with {@link OVERHEAD}. */
  waiting = 0
  /** Bytes that it has sent in this turn. */
  turn = 0
  /** The other end has answered. */
  open = false
  /** It has hung up; the last frame in `queue` says so. */
  ended = false
  /** When the circuit is given up, if nothing comes before: kept at the half that asks. */
  until: number
  private readonly relay: Relay

  constructor(relay: Relay, line: Line, asks: boolean, until: number) {
    this.relay = relay
    this.line = line
    this.asks = asks
    this.until = until
  }

  offer(setup: Setup, out: CircuitOutbox): void {
    const { other, line, ref } = this
    const frame = writeSetup(Frame.OFFER, ref, { ...setup, peer: other.line.peer })
    out.push({ kind: 'send', link: line.link, frame })
  }

  frame(type: number, reader: Reader, now: number, out: CircuitOutbox): Drop | undefined {
    const { relay, other } = this
    const rest = reader.rest()
    if (rest.length > MAX_REST) return 'too-large'
    // Nothing is for the other end before it has answered.
    if (this.asks && !this.open) return 'unexpected'
    if (other.ended) return undefined
    this.open = true
    other.open = true
    ;(this.asks ? this : other).until = now + IDLE
    relay.pass(this, writeOn(type, other.ref, rest), now, out)
    if (this.waiting <= MOST_WAITING) return undefined
    relay.cut(this, Hangup.OVERRUN, out)
    return 'rate'
  }

  hangup(reason: number, now: number, out: CircuitOutbox): void {
    this.relay.hungUp(this, reason, now, out)
  }

  carrierDown(_now: number, out: CircuitOutbox): void {
    // Nothing is said over a link that has ended.
    this.ended = true
    this.relay.cut(this, Hangup.LOST, out)
  }
}
