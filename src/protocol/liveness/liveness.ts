/**
 * Whether neighbours are still there, and how far away. Any packet is a sign of life; silence is answered by
 * PING, a neighbour that stays silent becomes suspect (others route around it) and in the end dead.
 *
 *     PING = %x08 nonce      ; varint
 *     PONG = %x09 nonce
 *     REST = %x0A seconds    ; varint, at most 90: the sender may fall silent for so long; 0: no more
 *
 * Suspicion is fast and cheap to take back; death is slow, so that a stalled or throttled tab keeps its links
 * (the two stages of SWIM; Das, Gupta & Motivala, DSN 2002, §4.2). A page that is about to be hidden or frozen says so
 * with REST: its silence makes it a suspect as fast as anybody's, and kills the link only after {@link REST_SECONDS}.
 *
 * Invariants
 * 1. A link remembers the times of its last {@link MEMORY} PINGs, so a PONG that is slower than the probing still measures.
 * 2. Silence during this peer's own stall (a late tick) counts for nobody.
 * 3. After this peer's own sleep nothing that may have been waiting in its buffers is a sign of life.
 * @module
 */
import type { Outbox } from '../effect.ts'
import type { LinkId } from '../input.ts'
import { jitter, type Random } from '../random.ts'
import { Frame } from '../wire/frame.ts'
import type { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { LIVENESS, type LivenessDefaults } from './limits.ts'
import { EXPECTED, LOSS_GAIN, MOST_LOST, probesFor } from './loss.ts'

/** PINGs whose times are remembered. Eight probes of 300 ms: round trips up to 2.4 s are measured. */
const MEMORY = 8
/** Nonces are reused after this many, so that they stay one byte. */
const NONCES = 64

/**
 * How long a page that is hidden or frozen may be silent, s. Timers of a hidden tab run once a minute at worst (Chromium's
 * intensive throttling), and half of that for a busy machine; a mobile page that is discarded holds a slot no longer.
 */
export const REST_SECONDS = 90
/** A resting neighbour that is silent is probed this often, ms. */
const REST_PROBE = 5000
/** Where silence is to be known soon an answer is waited for no longer than this, ms, or half as long again as it usually takes. */
const SLOW_ANSWER = 900
/** Packets that come within this after a sleep may have waited for its end, ms: they are handed out in one go. */
const BACKLOG = 100

/** Every PING, and every PONG that answers one: nothing is allocated for them. */
const PINGS = Array.from({ length: NONCES }, (_, nonce) => Uint8Array.of(Frame.PING, nonce))
const PONGS = Array.from({ length: NONCES }, (_, nonce) => Uint8Array.of(Frame.PONG, nonce))

/** Who has taken some of what was sent within this, ms, is not asked for more: on a line of 130 kbit/s every 32 KiB tell. */
const BUSY = 2000

/**
 * Who would be asked within this is asked along with the others, ms: a peer wakes once for its neighbours and not for each. 6.6
 * timers and 9.0 packets a second of an idle peer became 4.8 and 9.1 (200 peers, 8 links).
 */
const TOGETHER = 150

/** A tick this much later than asked for means that this peer was stalled itself, ms. */
const STALL = 400

export type Vital =
  | { readonly kind: 'suspect'; readonly link: LinkId; readonly suspect: boolean }
  | { readonly kind: 'dead'; readonly link: LinkId }
  | { readonly kind: 'round-trip'; readonly link: LinkId; readonly milliseconds: number }

interface Watched {
  readonly link: LinkId
  /** Its place among {@link Liveness.due}. */
  place: number
  heardAt: number
  /** When the PING that waits was sent, or 0. */
  pingedAt: number
  nonce: number
  /** Send times by nonce modulo {@link MEMORY}. */
  readonly sentAt: Float64Array
  unanswered: number
  /** The smoothed share of PINGs that had no answer in time although the neighbour was there. */
  loss: number
  suspect: boolean
  /** Silence after which it is dead, ms, where that is to be known soon; 0 otherwise. */
  patience: number
  /** Silence that it has announced, ms. */
  rest: number
  /** Before this no answer is missed. */
  busyUntil: number
  roundTrip: number | undefined
  measuredAt: number
  probeAfter: number
}

export class Liveness {
  private readonly random: Random
  private readonly limits: LivenessDefaults
  private readonly links = new Map<LinkId, Watched>()
  /** When something is to be done about each link, side by side: they are looked through after every packet. */
  private due = new Float64Array(8)
  private readonly places: Watched[] = []
  private expected = Number.POSITIVE_INFINITY
  private resting = false
  private staleUntil = Number.NEGATIVE_INFINITY

  constructor(random: Random, limits: LivenessDefaults = LIVENESS) {
    this.random = random
    this.limits = limits
  }

  /** A link is up: measure it at once. */
  linkUp(link: LinkId, now: number, out: Outbox): void {
    this.linkDown(link)
    const entry: Watched = {
      link,
      place: this.places.length,
      heardAt: now,
      pingedAt: 0,
      nonce: 0,
      sentAt: new Float64Array(MEMORY).fill(-1),
      unanswered: 0,
      loss: this.usualLoss(),
      suspect: false,
      patience: 0,
      rest: 0,
      busyUntil: 0,
      roundTrip: undefined,
      measuredAt: now,
      // Both ends would ping in the same instant for ever; the jitter lets one of them be first.
      probeAfter: jitter(this.random, this.limits.probeAfter, 0.2),
    }
    this.links.set(link, entry)
    if (this.places.push(entry) > this.due.length) {
      const due = new Float64Array(2 * this.due.length)
      due.set(this.due)
      this.due = due
    }
    this.ping(entry, now, out)
    if (this.resting) this.tellRest(link, out)
  }

  linkDown(link: LinkId): void {
    const entry = this.links.get(link)
    const last = this.places.at(-1)
    if (entry === undefined || last === undefined) return
    this.links.delete(link)
    this.places.pop()
    if (last === entry) return
    last.place = entry.place
    this.places[last.place] = last
    this.changed(last)
  }

  roundTrip(link: LinkId): number | undefined {
    return this.links.get(link)?.roundTrip
  }

  /** Any packet came in over the link. */
  heard(link: LinkId, now: number): Vital | undefined {
    const entry = this.links.get(link)
    if (entry === undefined || now < this.staleUntil) return undefined
    this.lives(entry, now)
    if (!entry.suspect) return undefined
    entry.suspect = false
    return { kind: 'suspect', link, suspect: false }
  }

  /** It has taken some of what was sent, and may be long about the rest: what answers a PING comes after that. */
  taken(link: LinkId, now: number): void {
    const entry = this.links.get(link)
    if (entry !== undefined) entry.busyUntil = now + BUSY
  }

  /** Somebody says this neighbour is gone: ask it at once, believe nobody. */
  hint(link: LinkId, now: number, out: Outbox): void {
    const entry = this.links.get(link)
    // Who has announced a rest cannot speak up for itself.
    if (entry === undefined || entry.patience > 0 || entry.rest > 0) return
    // It would only give more time to one that is all but dead.
    if (this.deadAt(entry) <= now + this.limits.deadAfterHint) return
    const { deadAfterHint, suspectAfter } = this.limits
    entry.patience = (deadAfterHint * probesFor(entry.loss, suspectAfter)) / suspectAfter
    entry.heardAt = Math.max(entry.heardAt, now - 1)
    this.ping(entry, now, out)
  }

  /** A neighbour's silence has a reason: it is dead after `patience` ms from now, and not before. */
  wait(link: LinkId, patience: number, now: number): void {
    const entry = this.links.get(link)
    if (entry === undefined) return
    entry.patience = Math.max(entry.patience, now - entry.heardAt + patience)
    this.changed(entry)
  }

  /** This peer may fall silent from now on, or will no more. */
  rest(resting: boolean, out: Outbox): void {
    if (resting === this.resting) return
    this.resting = resting
    for (const link of this.links.keys()) this.tellRest(link, out)
  }

  /**
   * This peer has slept for `slept` ms, or may have: every neighbour is asked at once, and dead after `patience` ms without
   * an answer. One that rests itself keeps its time, unless that is over.
   */
  awake(slept: number, patience: number, now: number, out: Outbox): void {
    if (slept > 0) this.staleUntil = now + BACKLOG
    for (const entry of this.links.values()) {
      if (slept >= entry.rest) entry.rest = 0
      const asked = entry.patience > 0 && now - entry.pingedAt < BACKLOG
      entry.heardAt = now
      if (entry.rest === 0) entry.patience = Math.max(patience, asked ? entry.patience : 0)
      if (asked) this.changed(entry)
      else this.ping(entry, now, out)
    }
  }

  /** A neighbour has not done what it should: it is asked for a sign of life now, not after its next silence. */
  probe(link: LinkId, now: number, out: Outbox): void {
    const entry = this.links.get(link)
    if (entry !== undefined && entry.pingedAt === 0) this.ping(entry, now, out)
  }

  /** PING, PONG or REST, the type byte already read. False when it does not parse. */
  frame(link: LinkId, type: number, reader: Reader, now: number, out: Outbox): Vital | boolean {
    const nonce = reader.varint(type === Frame.REST ? REST_SECONDS : undefined)
    if (!reader.done) return false
    if (type === Frame.REST) {
      const resting = this.links.get(link)
      if (resting !== undefined) {
        resting.rest = nonce * 1000
        this.changed(resting)
      }
      return true
    }
    if (type === Frame.PING) {
      out.push({
        kind: 'send',
        link,
        frame: PONGS[nonce] ?? new Writer(10).u8(Frame.PONG).varint(nonce).finish(),
      })
      return true
    }
    const entry = this.links.get(link)
    const slot = nonce % MEMORY
    const sentAt = entry?.sentAt[slot] ?? -1
    if (entry === undefined || sentAt < 0 || (entry.nonce - nonce + NONCES) % NONCES >= MEMORY) return true
    const sample = now - sentAt
    entry.sentAt[slot] = -1
    if (nonce === entry.nonce) {
      entry.pingedAt = 0
      this.lives(entry, now)
    }
    entry.measuredAt = now
    entry.loss -= entry.loss * LOSS_GAIN
    // RFC 6298 §2: the smoothed round trip, gain 1/8.
    entry.roundTrip =
      entry.roundTrip === undefined ? sample : entry.roundTrip + (sample - entry.roundTrip) / 8
    this.changed(entry)
    return { kind: 'round-trip', link, milliseconds: entry.roundTrip }
  }

  get deadline(): number {
    const { due } = this
    const { length } = this.places
    let earliest = Number.POSITIVE_INFINITY
    for (let i = 0; i < length; i++) if ((due[i] as number) < earliest) earliest = due[i] as number
    this.expected = earliest
    return earliest
  }

  tick(now: number, out: Outbox): Vital[] {
    const vitals: Vital[] = []
    const stalled = now - this.expected
    if (stalled > STALL && Number.isFinite(stalled)) {
      for (const entry of this.links.values()) {
        entry.heardAt = Math.min(now, entry.heardAt + stalled)
        if (entry.pingedAt > 0) entry.pingedAt = Math.min(now, entry.pingedAt + stalled)
        this.changed(entry)
      }
    }
    for (const [link, entry] of this.links) {
      const early = entry.pingedAt === 0 ? TOGETHER : 0
      if (now + early < (this.due[entry.place] as number)) continue
      // The sum that the deadline is made of: a difference may round to just below the limit, and wake for ever.
      if (now >= this.deadAt(entry)) {
        this.linkDown(link)
        vitals.push({ kind: 'dead', link })
        continue
      }
      if (entry.pingedAt > 0) {
        entry.unanswered++
        const { loss, patience } = entry
        const enough = patience > 0 ? probesFor(loss, 1, EXPECTED) : probesFor(loss, this.limits.suspectAfter)
        if (entry.unanswered >= enough && !entry.suspect) {
          entry.suspect = true
          vitals.push({ kind: 'suspect', link, suspect: true })
        }
      }
      this.ping(entry, now, out)
    }
    return vitals
  }

  /** What the links lose on average: a new one is taken for no better until it has shown to be. */
  private usualLoss(): number {
    let sum = 0
    for (const { loss } of this.links.values()) sum += loss
    return sum / Math.max(1, this.links.size)
  }

  private lives(entry: Watched, now: number): void {
    entry.heardAt = now
    for (let i = Math.min(entry.unanswered, MOST_LOST); i > 0; i--) entry.loss += (1 - entry.loss) * LOSS_GAIN
    entry.unanswered = 0
    entry.patience = 0
    this.changed(entry)
  }

  private tellRest(link: LinkId, out: Outbox): void {
    out.push({ kind: 'send', link, frame: Uint8Array.of(Frame.REST, this.resting ? REST_SECONDS : 0) })
  }

  private changed(entry: Watched): void {
    this.due[entry.place] = this.next(entry)
  }

  private next(entry: Watched): number {
    const { probeWait, measureEvery } = this.limits
    const dead = this.deadAt(entry)
    if (entry.pingedAt > 0) {
      const { roundTrip = 0, patience, suspect, rest } = entry
      const answer = Math.max(probeWait, 4 * roundTrip)
      const usual = !suspect ? answer : rest > 0 ? REST_PROBE : Math.max(answer, this.suspectWait(entry))
      const wait = patience > 0 ? Math.min(usual, Math.max(SLOW_ANSWER, 1.5 * roundTrip)) : usual
      return Math.min(dead, Math.max(entry.pingedAt + wait, entry.busyUntil))
    }
    return Math.min(dead, entry.heardAt + entry.probeAfter, entry.measuredAt + measureEvery)
  }

  /** A suspect is asked less and less often: when it can, it speaks up by itself. */
  private suspectWait({ unanswered }: Watched): number {
    const { probeWait, probeAfter, suspectAfter } = this.limits
    return Math.min(probeAfter, probeWait * 2 ** (unanswered - suspectAfter))
  }

  private deadAt(entry: Watched): number {
    return entry.heardAt + (entry.patience || Math.max(this.limits.deadAfter, entry.rest))
  }

  private ping(entry: Watched, now: number, out: Outbox): void {
    entry.nonce = (entry.nonce + 1) % NONCES
    entry.sentAt[entry.nonce % MEMORY] = now
    // A time of 0 stands for "no PING waits"; the first millisecond of a clock is no different from the next.
    entry.pingedAt = Math.max(now, 1e-6)
    out.push({ kind: 'send', link: entry.link, frame: PINGS[entry.nonce] as Uint8Array })
    this.changed(entry)
  }
}
