/**
 * The key store port: where key pairs outlive a page, one record per slot (slot.ts). Adapters: IndexedDB
 * (store-indexeddb.ts) and memory (below). What they return is checked by {@link readRecord}, not believed:
 * older and newer versions of the library, and curious users, write to the same place.
 * @module
 */
import type { Secret, SigningKey } from '../crypto/sign.ts'
import { KEY_BYTES } from '../crypto/signature.ts'

export interface KeyStore {
  /** What was put under this slot, or `undefined`. Rejects where there is no storage. */
  get(slot: number): Promise<unknown>
  /** Keeps a structured-cloneable record. Rejects where there is no storage, or no room. */
  set(slot: number, record: KeyRecord): Promise<void>
}

/** The version of {@link KeyRecord}. */
export const RECORD_VERSION = 1

export interface KeyRecord {
  readonly version: typeof RECORD_VERSION
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** A non-extractable CryptoKey, or tweetnacl's 64 bytes where the engine has none. */
  readonly secret: Secret
}

export function toRecord(key: SigningKey): KeyRecord {
  return { version: RECORD_VERSION, publicKey: key.publicKey, secret: key.secret }
}

/** The record, if it has the form of one; whether its halves belong together, `SignatureBackend.restore` finds out. */
export function readRecord(stored: unknown): KeyRecord | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined
  const { version, publicKey, secret } = stored as Partial<Record<keyof KeyRecord, unknown>>
  if (version !== RECORD_VERSION) return undefined
  if (!(publicKey instanceof Uint8Array) || publicKey.length !== KEY_BYTES) return undefined
  if (!(secret instanceof Uint8Array) && !isCryptoKey(secret)) return undefined
  return { version, publicKey, secret }
}

function isCryptoKey(value: unknown): value is CryptoKey {
  return typeof CryptoKey === 'function' && value instanceof CryptoKey
}

/** A store that lives as long as the page: for tests, and for applications that bring their own persistence. */
export class MemoryKeyStore implements KeyStore {
  private readonly records = new Map<number, unknown>()

  async get(slot: number): Promise<unknown> {
    return this.records.get(slot)
  }

  /** Takes any value, so that what others may have left in a store can be put there too. */
  async set(slot: number, record: unknown): Promise<void> {
    this.records.set(slot, structuredClone(record))
  }
}
