/**
 * SHA-256 (FIPS 180-4), synchronous, by @noble/hashes: the protocol hashes keys and transcripts between two
 * inputs, where an asynchronous digest has no place.
 * @module
 */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'

/** The 32-byte digest. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes)
}
