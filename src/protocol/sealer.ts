/**
 * Sealing as the machines see it: synchronous, authenticated, between two X25519 session keys
 * (crypto_box; Bernstein, "Cryptography in NaCl", 2009, §10). tweetnacl in the browser, a stand-in of the
 * same size in the simulator.
 * @module
 */

/** Random bytes before each box. */
export const NONCE_BYTES = 24
/** What a box adds to its plaintext (Poly1305 tag). */
export const TAG_BYTES = 16
/** An X25519 public key. */
export const BOX_KEY_BYTES = 32

/** A shared key between this peer and another; opaque, made once per peer. */
export type SharedKey = Uint8Array

export interface Sealer {
  /** This session's X25519 public key, 32 bytes: what the peer record announces. */
  readonly publicKey: Uint8Array
  /** The shared key with the holder of `publicKey`. About 1 ms in tweetnacl: cache it. */
  shared(publicKey: Uint8Array): SharedKey
  /** Ciphertext of `plain`, 16 bytes longer. */
  seal(shared: SharedKey, nonce: Uint8Array, plain: Uint8Array): Uint8Array
  /** The plaintext, or `undefined` when the box was not made with this shared key and nonce. */
  open(shared: SharedKey, nonce: Uint8Array, box: Uint8Array): Uint8Array | undefined
}
