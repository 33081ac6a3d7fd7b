/**
 * The address books of a browser: IndexedDB by idb-keyval, in a database of their own.
 *
 * Invariant: at most {@link MAX_BOOKS} books; the one that was written to longest ago goes first. An application may name a
 * swarm after every document it opens.
 * @module
 */
import { createStore, delMany, get, set, type UseStore, update } from 'idb-keyval'
import type { AddressBook, BookEntry } from './port.ts'

/** Database and object store. Not shared with the application's own use of idb-keyval. */
const DATABASE = 'tabmesh-book'
const OBJECT_STORE = 'books'
/** Ten tabs with three swarms each; 3 MB at most. */
const MAX_BOOKS = 32
/** The keys of all books, the one that was written last at the end. */
const INDEX = 'index'

export class IndexedDbAddressBook implements AddressBook {
  private opened: UseStore | undefined

  async load(key: string): Promise<readonly unknown[]> {
    const stored = await get<unknown>(key, this.store())
    return Array.isArray(stored) ? stored : []
  }

  async save(key: string, entries: readonly BookEntry[]): Promise<void> {
    const store = this.store()
    let gone: string[] = []
    await update<unknown>(
      INDEX,
      before => {
        const others = Array.isArray(before) ? before.filter(other => other !== key) : []
        gone = others.splice(0, others.length + 1 - MAX_BOOKS)
        return [...others, key]
      },
      store,
    )
    await set(key, entries, store)
    if (gone.length > 0) await delMany(gone, store)
  }

  /** Opened at the first use: only reading `indexedDB` already throws in some private windows. */
  private store(): UseStore {
    this.opened ??= createStore(DATABASE, OBJECT_STORE)
    return this.opened
  }
}
