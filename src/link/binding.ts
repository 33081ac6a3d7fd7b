/**
 * What ties a handshake to its connection: the DTLS fingerprints of both ends (RFC 8122 §5). Whoever sits in
 * the middle ends two DTLS sessions with certificates of its own, so the two sides see different bindings.
 * @module
 */

/** Bytes of one SHA-256 fingerprint. */
export const FINGERPRINT_BYTES = 32

/**
 * The SHA-256 fingerprint of a session description, 32 bytes. `undefined` where there is none, where one of
 * them uses another hash, or where two differ: then it is not certain which one the engine goes by.
 */
export function fingerprintOf(sdp: string): Uint8Array | undefined {
  let found: string | undefined
  // Looser than the grammar on purpose: a line that an engine might read as a fingerprint must be one we can read.
  for (const line of sdp.split(/[\r\n]+/)) {
    if (!/^\s*a\s*=\s*fingerprint/i.test(line)) continue
    const digits = /^a=fingerprint:sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/i.exec(line)?.[1]?.toLowerCase()
    if (digits === undefined || (found !== undefined && found !== digits)) return undefined
    found = digits
  }
  return found === undefined
    ? undefined
    : Uint8Array.from(found.split(':'), digit => Number.parseInt(digit, 16))
}

/** Whether two descriptions have one fingerprint. */
export function sameFingerprint(sdp: string, other = ''): boolean {
  const fingerprint = fingerprintOf(sdp)
  return fingerprint !== undefined && fingerprint.join() === fingerprintOf(other)?.join()
}

/** The initiator's fingerprint followed by the responder's: the same bytes on both sides. */
export function bindingOf(initiator: boolean, own: Uint8Array, other: Uint8Array): Uint8Array {
  const binding = new Uint8Array(2 * FINGERPRINT_BYTES)
  binding.set(initiator ? own : other)
  binding.set(initiator ? other : own, FINGERPRINT_BYTES)
  return binding
}
