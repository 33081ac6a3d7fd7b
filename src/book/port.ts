/**
 * The address book port: where peers that were linked once outlive the page, one book per identity and swarm. Adapters:
 * IndexedDB (indexeddb.ts) and memory (below). What they return is checked by {@link readEntry}, not believed.
 * @module
 */
import { isPeerId, type PeerId } from '../protocol/id.ts'

/** A peer as the book has it. Times are milliseconds since 1970. */
export interface BookEntry {
  readonly id: PeerId
  /** Its signed peer record, to write to it; verified before use. At most 256 bytes. */
  readonly record: Uint8Array
  /** When it was last linked. */
  readonly lastSuccess: number
  /** Dials in a row that came to nothing since. */
  readonly failures: number
  /** Not to be dialled before this. */
  readonly nextAttempt: number
  /** Kept whatever its age, and before others where room is short. */
  readonly persist: boolean
  /** Where it was met: the signaling transport's name, e.g. its URL; empty where it has none. */
  readonly via: string
}

/** Where books are kept. One that fails costs a warning `address-book-failed`, nothing else. */
export interface AddressBook {
  /** What was saved under `key`, which is this peer's id and the swarm's discovery key; `[]` where there is nothing. */
  load(key: string): Promise<readonly unknown[]>
  /** Replaces it with at most 256 structured-cloneable entries. Not called again before the promise has settled. */
  save(key: string, entries: readonly BookEntry[]): Promise<void>
}

/** Bytes of a record: today's have 134. */
const MAX_RECORD = 256
const MAX_VIA = 1024

/** The entry, if it has the form of one. */
export function readEntry(stored: unknown): BookEntry | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined
  const { id, record, lastSuccess, failures, nextAttempt, persist, via } = stored as Partial<
    Record<keyof BookEntry, unknown>
  >
  if (!isPeerId(id) || !(record instanceof Uint8Array) || record.length > MAX_RECORD) return undefined
  if (!isTime(lastSuccess) || !isTime(failures) || !isTime(nextAttempt)) return undefined
  if (typeof persist !== 'boolean' || typeof via !== 'string' || via.length > MAX_VIA) return undefined
  return { id, record, lastSuccess, failures, nextAttempt, persist, via }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value)
}

/** Books that live as long as the page: for tests, and for applications that bring their own persistence. */
export class MemoryAddressBook implements AddressBook {
  private readonly books = new Map<string, readonly unknown[]>()

  async load(key: string): Promise<readonly unknown[]> {
    return this.books.get(key) ?? []
  }

  /** Takes any values, so that what others may have left in a store can be put there too. */
  async save(key: string, entries: readonly unknown[]): Promise<void> {
    this.books.set(key, structuredClone(entries))
  }
}
