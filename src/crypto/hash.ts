/**
 * SHA-256 (FIPS 180-4), synchronous, by @noble/hashes: the protocol hashes keys and transcripts between two
 * inputs, where an asynchronous digest has no place.
 * @module
 */
import { _SHA256 as Sha256 } from '@noble/hashes/sha2.js'

/** Bytes of a block of SHA-256. */
const BLOCK = 64

/** The 32-byte digest. */
export function sha256(bytes: Uint8Array): Uint8Array {
  // The class behind noble's `sha256`, which adds options and checks of them.
  return new Sha256().update(bytes).digest()
}

/** HMAC with SHA-256 (RFC 2104), 32 bytes, by a key of at most 64 bytes. Noble's brings its options and checks along. */
export function hmacSha256(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  const pad = (value: number): Uint8Array =>
    Uint8Array.from({ length: BLOCK }, (_, i) => (key[i] ?? 0) ^ value)
  const inner = new Sha256().update(pad(0x36)).update(bytes).digest()
  return new Sha256().update(pad(0x5c)).update(inner).digest()
}
