/**
 * An identity: an Ed25519 key pair that can sign, without showing its secret.
 * @module
 */
export interface Identity {
  /** Ed25519 public key, 32 bytes. The peer id is its SHA-256. */
  readonly publicKey: Uint8Array
  /** Signs bytes (RFC 8032, pure Ed25519); 64 bytes. */
  sign(bytes: Uint8Array): Promise<Uint8Array>
  /** Frees what the identity holds (its slot's lock). Called by `leave()`'s final cleanup; optional. */
  release?(): void
}
