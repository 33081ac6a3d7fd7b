/**
 * One address book while the page lives: who was linked, who could not be reached, whom to dial first.
 *
 * Invariants
 * 1. At most {@link MAX_ENTRIES} entries. Where room is short, entries that are not persisted go first, of them the one with
 *    most failures, of these the one that was linked longest ago.
 * 2. An entry that is not persisted and was not linked for {@link MAX_AGE} is not there.
 * @module
 */
import { type BackoffOptions, waitAfter } from '../protocol/backoff.ts'
import type { PeerId } from '../protocol/id.ts'
import { type BookEntry, readEntry } from './port.ts'

/** 350 bytes each: 90 kB. Four passive views; of so many somebody is there. */
export const MAX_ENTRIES = 256
/** Two weeks, ms: a tab that stays closed over a holiday. */
export const MAX_AGE = 14 * 86_400_000
/** Peers to dial at a return: a table of links four times over. */
export const MAX_CONTACTS = 32

export class Book {
  private readonly entries = new Map<PeerId, BookEntry>()
  private readonly backoff: Required<BackoffOptions>

  constructor(backoff: Required<BackoffOptions>) {
    this.backoff = backoff
  }

  get size(): number {
    return this.entries.size
  }

  /** Adds what was kept; what is known since holds. Garbage is left out. */
  restore(kept: readonly unknown[], now: number): void {
    for (const stored of kept.slice(0, MAX_ENTRIES)) {
      const entry = readEntry(stored)
      // A time to come is of a clock that was wrong: it would hold for ever.
      if (entry !== undefined && !this.entries.has(entry.id))
        this.put({
          ...entry,
          lastSuccess: Math.min(entry.lastSuccess, now),
          nextAttempt: Math.min(entry.nextAttempt, now + this.backoff.max),
        })
    }
    this.age(now)
  }

  /** A link to a peer is up. */
  met(id: PeerId, record: Uint8Array, persist: boolean, via: string, now: number): void {
    const before = this.entries.get(id)
    this.put({
      id,
      record,
      lastSuccess: now,
      failures: 0,
      nextAttempt: 0,
      persist: persist || before?.persist === true,
      via,
    })
  }

  /** A dial came to nothing. Of a peer that was never linked nothing is kept. True when it was. */
  failed(id: PeerId, now: number): boolean {
    const entry = this.entries.get(id)
    if (entry === undefined) return false
    const failures = entry.failures + 1
    this.entries.set(id, { ...entry, failures, nextAttempt: now + waitAfter(failures, this.backoff) })
    return true
  }

  /** Whom to dial, the likeliest first: with the fewest failures, and linked last. */
  contacts(now: number): BookEntry[] {
    this.age(now)
    const ready = [...this.entries.values()].filter(({ nextAttempt }) => nextAttempt <= now)
    ready.sort((a, b) => a.failures - b.failures || b.lastSuccess - a.lastSuccess)
    return ready.slice(0, MAX_CONTACTS)
  }

  /** Everything, to be kept. */
  all(now: number): BookEntry[] {
    this.age(now)
    return [...this.entries.values()]
  }

  private put(entry: BookEntry): void {
    this.entries.set(entry.id, entry)
    if (this.entries.size <= MAX_ENTRIES) return
    let worst = entry
    for (const other of this.entries.values()) if (isWorse(other, worst)) worst = other
    this.entries.delete(worst.id)
  }

  private age(now: number): void {
    for (const [id, { persist, lastSuccess }] of this.entries)
      if (!persist && lastSuccess < now - MAX_AGE) this.entries.delete(id)
  }
}

function isWorse(a: BookEntry, b: BookEntry): boolean {
  if (a.persist !== b.persist) return b.persist
  return a.failures === b.failures ? a.lastSuccess < b.lastSuccess : a.failures > b.failures
}
