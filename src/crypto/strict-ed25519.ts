/**
 * One verdict on every signature. RFC 8032 leaves room, and engines use it differently: tweetnacl takes S ≥ L
 * and points of small order, OpenSSL takes small order but not S ≥ L, BoringSSL changed its mind. A swarm whose
 * peers disagree on a signature splits over it, so what they could disagree on is refused before a backend
 * is asked (Chalkias et al., "Taming the many EdDSAs", 2020, §4). Honest signers never make any of it.
 *
 * What remains is the cofactor: a key with a small-order component, which only its holder can make, may verify
 * differently where an engine uses the cofactored equation. Those in use here do not.
 * @module
 */
import { KEY_BYTES, SIGNATURE_BYTES } from './signature.ts'

/** The group order L = 2²⁵² + 27742317777372353535851937790883648493, little-endian (RFC 8032 §5.1). */
const ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')
/** The field prime p = 2²⁵⁵ − 19, little-endian. */
const PRIME = fromHex('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')
/** The y-coordinates of the eight points whose order divides 8; the sign of x makes five into eight. */
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
].map(fromHex)

/** Whether key and signature are of a form that every backend judges alike. */
export function isStrict(key: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false
  return isStrictPoint(key, 0) && isStrictPoint(signature, 0) && isLess(signature, 32, ORDER, 0xff)
}

/** A canonical encoding (y < p) of a point that is not of small order. Whether it is on the curve, the backend finds out. */
function isStrictPoint(bytes: Uint8Array, start: number): boolean {
  if (!isLess(bytes, start, PRIME, 0x7f)) return false
  return !SMALL_ORDER.some(y =>
    y.every((byte, i) => byte === ((bytes[start + i] ?? 0) & (i === 31 ? 0x7f : 0xff))),
  )
}

/** Whether the 32 little-endian bytes at `start`, their last one masked, are a smaller number than `bound`. */
function isLess(bytes: Uint8Array, start: number, bound: Uint8Array, lastMask: number): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = ((bytes[start + i] ?? 0) & (i === 31 ? lastMask : 0xff)) - (bound[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  )
}
