/**
 * The key store of a browser: IndexedDB by idb-keyval, in a database of its own. CryptoKeys are kept as such
 * (structured clone), so that a key survives reloads and restarts without ever being readable.
 * @module
 */
import { createStore, get, set, type UseStore } from 'idb-keyval'
import type { KeyRecord, KeyStore } from './store.ts'

/** Database and object store. Not shared with the application's own use of idb-keyval. */
const DATABASE = 'tabmesh-identity'
const OBJECT_STORE = 'keys'
/** Some engines leave an open request of IndexedDB unanswered for ever (WebKit bug 226547). It takes some 10 ms where it works. */
const PATIENCE = 5_000

export class IndexedDbKeyStore implements KeyStore {
  private opened: UseStore | undefined

  get(slot: number): Promise<unknown> {
    return inTime(async () => get<unknown>(slot, this.store()))
  }

  set(slot: number, record: KeyRecord): Promise<void> {
    return inTime(async () => set(slot, record, this.store()))
  }

  /** Opened at the first use: only reading `indexedDB` already throws in some private windows. */
  private store(): UseStore {
    this.opened ??= createStore(DATABASE, OBJECT_STORE)
    return this.opened
  }
}

async function inTime<T>(work: () => Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('IndexedDB did not answer')), PATIENCE)
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}
