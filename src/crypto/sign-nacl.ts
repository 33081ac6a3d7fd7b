/**
 * Ed25519 by tweetnacl: where WebCrypto has none (plain http, old engines). About 200 signatures or
 * verifications a second in Chromium, on the calling thread.
 * @module
 */
import nacl from 'tweetnacl'
import { KEY_BYTES, type Secret, type SignatureBackend, type SigningKey } from './signature.ts'
import { isStrict } from './strict-ed25519.ts'

/** Bytes of the seed, the first half of a tweetnacl secret key. */
const SEED_BYTES = 32

export const naclSignatures: SignatureBackend = {
  name: 'tweetnacl',
  async generate() {
    return naclKey(crypto.getRandomValues(new Uint8Array(SEED_BYTES)))
  },
  async restore(publicKey: Uint8Array, secret: Secret) {
    if (!(secret instanceof Uint8Array) || secret.length !== SEED_BYTES + KEY_BYTES) return undefined
    const key = naclKey(secret.subarray(0, SEED_BYTES))
    return sameBytes(key.publicKey, publicKey) ? key : undefined
  },
  async verify(key, bytes, signature) {
    return isStrict(key, signature) && nacl.sign.detached.verify(bytes, signature, key)
  },
}

/** The key pair of a 32-byte seed (RFC 8032 §5.1.5). */
export function naclKey(seed: Uint8Array): SigningKey {
  const pair = nacl.sign.keyPair.fromSeed(seed)
  return {
    publicKey: pair.publicKey,
    secret: pair.secretKey,
    sign: async bytes => nacl.sign.detached(bytes, pair.secretKey),
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
