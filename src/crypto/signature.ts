/**
 * The signature port: Ed25519 (RFC 8032) as the rest of the library sees it. Two backends, WebCrypto and
 * tweetnacl, with the same bytes on the wire and the same verdict on every signature (strict-ed25519.ts).
 * @module
 */

/** Bytes of an Ed25519 public key. */
export const KEY_BYTES = 32
/** Bytes of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64

/** What a key store keeps: a non-extractable CryptoKey (WebCrypto), or 64 bytes, seed ‖ public key (tweetnacl). */
export type Secret = CryptoKey | Uint8Array

/** A key pair that signs. */
export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  readonly secret: Secret
  /** The 64-byte signature of `bytes`. */
  sign(bytes: Uint8Array): Promise<Uint8Array>
}

export interface SignatureBackend {
  readonly name: 'webcrypto' | 'tweetnacl'
  /** A fresh key pair. */
  generate(): Promise<SigningKey>
  /**
   * A key pair from what a store kept, of either backend where this engine can use it; `undefined` where it
   * cannot, or where the two halves do not belong together.
   */
  restore(publicKey: Uint8Array, secret: Secret): Promise<SigningKey | undefined>
  /** Whether `signature` is `key`'s over `bytes`. Malformed keys and signatures are `false`, never an exception. */
  verify(key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): Promise<boolean>
}
