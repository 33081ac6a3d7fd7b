/**
 * SHA-256 (FIPS 180-4), synchronous, by @noble/hashes: the protocol hashes keys and transcripts between two
 * inputs, where an asynchronous digest has no place.
 * @module
 */
import { _SHA256 as Sha256 } from '@noble/hashes/sha2.js'

/** The 32-byte digest. */
export function sha256(bytes: Uint8Array): Uint8Array {
  // The class behind noble's `sha256`, which adds options and checks of them.
  return new Sha256().update(bytes).digest()
}
