/** Identities and signatures in a page. */

import { signatures } from '../../src/crypto/sign.ts'
import { naclSignatures } from '../../src/crypto/sign-nacl.ts'
import { WebCryptoSignatures } from '../../src/crypto/sign-webcrypto.ts'
import type { Identity } from '../../src/identity/identity.ts'
import { openIdentity } from '../../src/identity/open.ts'
import { toRecord } from '../../src/identity/store.ts'
import { IndexedDbKeyStore } from '../../src/identity/store-indexeddb.ts'

const opened: Identity[] = []
const warnings: string[] = []

const hex = (bytes: Uint8Array) => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')

const page = {
  /** The public key as hexadecimal, after one signature of it was verified. */
  async open(kind: 'persistent' | 'ephemeral' = 'persistent'): Promise<string> {
    const { identity } = await openIdentity({ kind }, ({ code }) => warnings.push(code))
    opened.push(identity)
    const message = Uint8Array.of(1, 2, 3)
    const backend = await signatures()
    if (!(await backend.verify(identity.publicKey, message, await identity.sign(message)))) {
      throw new Error('the identity does not sign')
    }
    return hex(identity.publicKey)
  },
  release: () => {
    for (const identity of opened.splice(0)) identity.release?.()
  },
  /** Codes told so far. */
  warnings: () => warnings,
  backend: async () => (await signatures()).name,
  /** Puts something else where slot `slot` keeps its key. */
  damage: (slot: number, what: unknown) => new IndexedDbKeyStore().set(slot, what as never),
  /** A key of a time when this engine had no WebCrypto. */
  async storeNaclKey(slot: number): Promise<string> {
    const key = await naclSignatures.generate()
    await new IndexedDbKeyStore().set(slot, toRecord(key))
    return hex(key.publicKey)
  },
  /** What slot `slot` keeps as its secret. */
  async secretKind(slot: number): Promise<string> {
    const record = (await new IndexedDbKeyStore().get(slot)) as { secret: unknown }
    if (!(record.secret instanceof CryptoKey)) return 'bytes'
    return record.secret.extractable ? 'extractable' : 'non-extractable'
  },
  steal: (slot: number) =>
    navigator.locks.request(`tabmesh-identity-${slot}`, { steal: true }, async () => undefined),
  /** Each backend's signatures of `count` messages, verified by the other; the number that verified. */
  async interop(count: number): Promise<number> {
    const webcrypto = new WebCryptoSignatures(crypto.subtle)
    let verified = 0
    for (const [from, to] of [
      [webcrypto, naclSignatures],
      [naclSignatures, webcrypto],
    ] as const) {
      const key = await from.generate()
      for (let n = 0; n < count; n++) {
        const message = crypto.getRandomValues(new Uint8Array(n * 7))
        if (await to.verify(key.publicKey, message, await key.sign(message))) verified++
      }
    }
    return verified
  },
  /** Verifications per second, 32 at a time: ours, and the engine's own with its key at hand. */
  async verifyRates(count: number): Promise<{ webcrypto: number; engine: number; tweetnacl: number }> {
    const webcrypto = new WebCryptoSignatures(crypto.subtle)
    const { publicKey, sign } = await webcrypto.generate()
    const message = new Uint8Array(200)
    const signature = (await sign(message)) as Uint8Array<ArrayBuffer>
    const key = await crypto.subtle.importKey('raw', publicKey as Uint8Array<ArrayBuffer>, 'Ed25519', true, [
      'verify',
    ])
    const rate = async (times: number, verify: () => Promise<boolean>): Promise<number> => {
      const start = performance.now()
      for (let n = 0; n < times; n += 32) await Promise.all(Array.from({ length: 32 }, verify))
      return times / ((performance.now() - start) / 1000)
    }
    return {
      webcrypto: await rate(count, () => webcrypto.verify(publicKey, message, signature)),
      engine: await rate(count, () => crypto.subtle.verify('Ed25519', key, signature, message)),
      tweetnacl: await rate(32, () => naclSignatures.verify(publicKey, message, signature)),
    }
  },
}

declare global {
  var identityPage: typeof page
}
globalThis.identityPage = page
