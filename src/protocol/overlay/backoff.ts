/**
 * When a peer may be asked again. Failures double the wait; a refusal only defers; a peer that misbehaved is shunned.
 *
 * Invariant: at most {@link MAX_WAITS} peers are remembered; the ones whose wait ends first are forgotten.
 * @module
 */
import { BACKOFF, type BackoffOptions, waitAfter } from '../backoff.ts'
import type { PeerId } from '../id.ts'
import { jitter, type Random } from '../random.ts'

/** A peer that misbehaved is neither asked nor taken for this long, ms: its score would have leaked away in less. */
export const SHUNNED_FOR = 300_000
export const MAX_WAITS = 256
/**
 * Who failed is asked after everybody else for so long after its wait, ms: half of the peers dead, a ring has closed by then. Were it for
 * good, a peer that refusers keep busy would never ask the nearest, who had only been cut off.
 */
const DOUBTED_FOR = 10_000

interface Entry {
  /** Failures in a row; 0 for a peer that only refused. */
  readonly failures: number
  /** The last failure was silence: one letter of its is enough to be believed in again. */
  readonly silent: boolean
  readonly shunned: boolean
  /** Not to be asked at all before this. */
  readonly until: number
  /** Not to be asked for a bucket slot before this: it was full, or was given up for a better link. */
  readonly bucketUntil: number
}

const NEVER: Entry = { failures: 0, silent: false, shunned: false, until: 0, bucketUntil: 0 }

export class Backoff {
  private readonly random: Random
  private readonly options: Required<BackoffOptions>
  private readonly entries = new Map<PeerId, Entry>()

  constructor(random: Random, options = BACKOFF) {
    this.random = random
    this.options = options
  }

  get size(): number {
    return this.entries.size
  }

  /** Whether a peer may be asked now; for a ring slot only failures and ring refusals count. */
  ready(peer: PeerId, ring: boolean, now: number): boolean {
    return this.readyAt(peer, ring) <= now
  }

  readyAt(peer: PeerId, ring: boolean): number {
    const { until, bucketUntil } = this.of(peer)
    return ring ? until : Math.max(until, bucketUntil)
  }

  /** Whether the last thing that was heard of a peer is that it cannot be had; where `now` is given, not if that is old. */
  failing(peer: PeerId, now = 0): boolean {
    const { failures, until } = this.of(peer)
    return failures > 0 && now < until + DOUBTED_FOR
  }

  shuns(peer: PeerId, now: number): boolean {
    const { shunned, until } = this.of(peer)
    return shunned && until > now
  }

  /** A dial failed, or met silence. True when the peer has failed so often that it is taken for gone. */
  failed(peer: PeerId, silent: boolean, now: number): boolean {
    const failures = this.of(peer).failures + 1
    const until = now + jitter(this.random, waitAfter(failures, this.options), 0.25)
    this.set(peer, { failures, silent, shunned: false, until, bucketUntil: 0 })
    return failures >= this.options.attempts
  }

  shun(peer: PeerId, now: number): void {
    this.set(peer, { failures: 1, silent: false, shunned: true, until: now + SHUNNED_FOR, bucketUntil: 0 })
  }

  /** It said no, or was given up: not before `wait` ms, for the ring or for buckets only. */
  defer(peer: PeerId, wait: number, ring: boolean, now: number): void {
    const { failures, silent, shunned, until, bucketUntil } = this.of(peer)
    const later = now + jitter(this.random, wait, 0.25)
    this.set(peer, {
      failures,
      silent,
      shunned,
      until: ring ? later : until,
      bucketUntil: ring ? bucketUntil : later,
    })
  }

  /** A letter of its has come. True when it was taken for silent. */
  heard(peer: PeerId): boolean {
    return this.of(peer).silent && this.entries.delete(peer)
  }

  succeeded(peer: PeerId): void {
    this.entries.delete(peer)
  }

  /** Whoever was not to be asked may be asked now: what was found out is old. Who misbehaved has. */
  calm(): void {
    for (const [peer, { shunned }] of this.entries) if (!shunned) this.entries.delete(peer)
  }

  /** The earliest end of a wait after `now`; Infinity when nobody waits. */
  nextReady(now: number): number {
    let earliest = Number.POSITIVE_INFINITY
    for (const entry of this.entries.values()) {
      const ready = Math.max(entry.until, entry.bucketUntil)
      if (ready > now) earliest = Math.min(earliest, ready)
    }
    return earliest
  }

  clear(): void {
    this.entries.clear()
  }

  private of(peer: PeerId): Entry {
    return this.entries.get(peer) ?? NEVER
  }

  private set(peer: PeerId, entry: Entry): void {
    this.entries.set(peer, entry)
    if (this.entries.size <= MAX_WAITS) return
    let first: PeerId | undefined
    let earliest = Number.POSITIVE_INFINITY
    for (const [id, { until, bucketUntil }] of this.entries) {
      if (Math.max(until, bucketUntil) < earliest) {
        earliest = Math.max(until, bucketUntil)
        first = id
      }
    }
    if (first !== undefined) this.entries.delete(first)
  }
}
