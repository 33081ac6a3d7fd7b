/**
 * When a peer may be asked again. Failures double the wait; a refusal only defers.
 *
 * Invariant: at most {@link MAX_WAITS} peers are remembered; the ones whose wait ends first are forgotten.
 * @module
 */
import type { PeerId } from '../id.ts'
import { jitter, type Random } from '../random.ts'

/** First wait after a failed dial, ms; doubles up to {@link MAX_WAIT} (RFC 6298 §5.5 in spirit). */
export const FIRST_WAIT = 1000
export const MAX_WAIT = 60_000
/** Failures in a row after which a peer is taken for gone. Three: one lost dial and one busy moment are forgiven. */
export const GONE_AFTER = 3
export const MAX_WAITS = 256

interface Entry {
  readonly failures: number
  /** Not to be asked at all before this. */
  readonly until: number
  /** Not to be asked for a bucket slot before this: it was full, or was given up for a better link. */
  readonly bucketUntil: number
}

/** The wait after `failures` failures in a row, ms, before jitter. */
export function waitAfter(failures: number): number {
  return Math.min(MAX_WAIT, FIRST_WAIT * 2 ** Math.max(0, failures - 1))
}

export class Backoff {
  private readonly random: Random
  private readonly entries = new Map<PeerId, Entry>()

  constructor(random: Random) {
    this.random = random
  }

  get size(): number {
    return this.entries.size
  }

  /** Whether a peer may be asked now; for a ring slot only failures and ring refusals count. */
  ready(peer: PeerId, ring: boolean, now: number): boolean {
    return this.readyAt(peer, ring) <= now
  }

  readyAt(peer: PeerId, ring: boolean): number {
    const entry = this.entries.get(peer)
    if (entry === undefined) return 0
    return ring ? entry.until : Math.max(entry.until, entry.bucketUntil)
  }

  /** A dial failed. True when the peer has failed so often that it is taken for gone. */
  failed(peer: PeerId, now: number): boolean {
    const failures = (this.entries.get(peer)?.failures ?? 0) + 1
    this.set(peer, { failures, until: now + jitter(this.random, waitAfter(failures), 0.25), bucketUntil: 0 })
    return failures >= GONE_AFTER
  }

  /** It said no, or was given up: not before `wait` ms, for the ring or for buckets only. */
  defer(peer: PeerId, wait: number, ring: boolean, now: number): void {
    const { failures, until, bucketUntil } = this.entries.get(peer) ?? {
      failures: 0,
      until: 0,
      bucketUntil: 0,
    }
    const later = now + jitter(this.random, wait, 0.25)
    this.set(peer, ring ? { failures, until: later, bucketUntil } : { failures, until, bucketUntil: later })
  }

  succeeded(peer: PeerId): void {
    this.entries.delete(peer)
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
