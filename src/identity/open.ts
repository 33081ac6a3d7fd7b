/**
 * Opens an identity: this tab's own from the key store, or a fresh one that lives as long as the page. What a
 * browser denies (storage, locks) never keeps a tab out of the mesh: it gets an ephemeral identity, and the
 * application a warning.
 * @module
 */
import { type SigningKey, signatures } from '../crypto/sign.ts'
import type { Identity } from './identity.ts'
import { claimSlot, type Slot } from './slot.ts'
import { type KeyStore, readRecord, toRecord } from './store.ts'
import { IndexedDbKeyStore } from './store-indexeddb.ts'

/** What went less well than it could. */
export interface IdentityWarning {
  /**
   * - `identity-ephemeral`: no storage or no Web Locks here, so this identity ends with the page;
   * - `identity-replaced`: the stored key was damaged or of another version, a new one has taken its place;
   * - `identity-shared`: this tab's Web Lock was taken away; another tab may now use the same identity.
   */
  readonly code: 'identity-ephemeral' | 'identity-replaced' | 'identity-shared'
  readonly message: string
  readonly cause?: unknown
}

export interface OpenOptions {
  /** `persistent`: this tab's own, the same after a reload. `ephemeral`: a fresh one, kept nowhere. */
  readonly kind: 'persistent' | 'ephemeral'
  /** Where keys are kept. Default: IndexedDB. */
  readonly store?: KeyStore
}

export interface OpenedIdentity {
  readonly identity: Identity
  /** The first warning of opening, if there was one. */
  readonly warning?: IdentityWarning
}

/**
 * @param onWarning - told of every {@link IdentityWarning}, also later ones. A listener that throws is not shielded.
 * @returns never rejects for what a browser denies; the identity is ephemeral then.
 */
export async function openIdentity(
  { kind, store = new IndexedDbKeyStore() }: OpenOptions,
  onWarning: (warning: IdentityWarning) => void = () => {},
): Promise<OpenedIdentity> {
  let warning: IdentityWarning | undefined
  const warn = (code: IdentityWarning['code'], message: string, cause?: unknown): void => {
    const fresh = cause === undefined ? { code, message } : { code, message, cause }
    warning ??= fresh
    onWarning(fresh)
  }
  const identity = kind === 'persistent' ? await persistent(store, warn) : await ephemeral()
  return warning ? { identity, warning } : { identity }
}

type Warn = (code: IdentityWarning['code'], message: string, cause?: unknown) => void

async function persistent(store: KeyStore, warn: Warn): Promise<Identity> {
  let slot: Slot | undefined
  try {
    slot = await claimSlot(() =>
      warn('identity-shared', 'The Web Lock of this identity was taken away: another tab may use it too.'),
    )
  } catch (cause) {
    warn('identity-ephemeral', 'Web Locks are not available here: this identity ends with the page.', cause)
    return ephemeral()
  }
  if (!slot) {
    warn('identity-ephemeral', 'Every identity is held by another tab: this one ends with the page.')
    return ephemeral()
  }
  try {
    return identityOf(await keyOf(store, slot.number, warn), slot)
  } catch (cause) {
    slot.release()
    warn('identity-ephemeral', 'Keys cannot be stored here: this identity ends with the page.', cause)
    return ephemeral()
  }
}

/** The key of a slot; made and stored where there is none that works. */
async function keyOf(store: KeyStore, slot: number, warn: Warn): Promise<SigningKey> {
  const backend = await signatures()
  const stored = await store.get(slot)
  const record = readRecord(stored)
  const key = record && (await backend.restore(record.publicKey, record.secret))
  if (key) {
    // Bytes of a time without WebCrypto become a CryptoKey that nobody can read; a failure leaves them as they are.
    if (key.secret !== record.secret && backend.name === 'webcrypto')
      await store.set(slot, toRecord(key)).catch(() => {})
    return key
  }
  const fresh = await backend.generate()
  await store.set(slot, toRecord(fresh))
  if (stored !== undefined) {
    const why = record ? 'did not work' : 'was damaged or of another version'
    warn('identity-replaced', `The stored key ${why}: this tab has a new peer id.`)
  }
  return fresh
}

async function ephemeral(): Promise<Identity> {
  return identityOf(await (await signatures()).generate())
}

function identityOf(key: SigningKey, slot?: Slot): Identity {
  const identity: Identity = { publicKey: key.publicKey, sign: bytes => key.sign(bytes) }
  return slot ? { ...identity, release: () => slot.release() } : identity
}
