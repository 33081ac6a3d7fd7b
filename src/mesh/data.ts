/**
 * How application data travels: MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) with
 * extension types for what JavaScript has and MessagePack has not.
 *
 *     undefined = fixext1  0  %x00
 *     bigint    = ext      1  sign magnitude     ; %x00 / %x01, big-endian without leading zeros
 *     Date      = fixext8  2  milliseconds       ; float64, NaN for an invalid date
 *     Map       = ext32    3  *( key value )     ; MessagePack values
 *     Set       = ext32    4  *value
 *     string    = ext      5  *code-unit         ; UTF-16LE, only for strings that are not well-formed
 *     binary    = ext      16 + index in BINARY, the elements little-endian
 *
 * A Uint8Array is MessagePack's own `bin`. Integers of 32 bits are MessagePack integers, every other number
 * (−0 included) a float64.
 *
 * Both directions are written here and not taken from @msgpack/msgpack 3.1: that turns undefined into null and
 * −0 into 0 before an extension can see them, allocates `new Array(n)` for a promised n of up to 2³² − 1, and
 * bounds no depth when it decodes. It is the oracle of the tests instead.
 * @module
 */
import type { Drop } from '../protocol/effect.ts'
import type { Data } from './api-messages.ts'

export const EXT_UNDEFINED = 0
export const EXT_BIGINT = 1
export const EXT_DATE = 2
export const EXT_MAP = 3
export const EXT_SET = 4
export const EXT_UTF16 = 5
export const EXT_BINARY = 16

/** The binary classes by extension type less {@link EXT_BINARY}; the order is the wire's. All engines that have WebRTC are little-endian. */
export const BINARY = [
  'ArrayBuffer',
  'DataView',
  'Int8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
] as const

/** Containers inside one another. 64: deeper than any document in use, shallow enough for recursion anywhere. */
export const MAX_DEPTH = 64
/**
 * Arrays, objects, Maps and Sets in one message. 2²⁰: a hostile body of 16 MiB could otherwise become as many
 * empty arrays, of some 50 bytes each.
 */
export const MAX_CONTAINERS = 2 ** 20

/** What bytes from the network turned out to hold. */
export type Decoded =
  | { readonly kind: 'data'; readonly data: Data }
  | { readonly kind: 'drop'; readonly reason: Extract<Drop, 'malformed' | 'too-large'> }
