import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  base32,
  bucketOf,
  clockwise,
  fromBase32,
  idFromBytes,
  idToBytes,
  isPeerId,
  RING,
  ringDistance,
} from './id.ts'

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const id = bytes32.map(bytes => idFromBytes(bytes))

describe('base32', () => {
  // RFC 4648 §10, lower case and without padding.
  it.each([
    ['', ''],
    ['f', 'my'],
    ['fo', 'mzxq'],
    ['foo', 'mzxw6'],
    ['foob', 'mzxw6yq'],
    ['fooba', 'mzxw6ytb'],
    ['foobar', 'mzxw6ytboi'],
  ])('%j is %j', (plain, text) => {
    expect(base32(new TextEncoder().encode(plain))).toBe(text)
    expect(fromBase32(text)).toEqual(new TextEncoder().encode(plain))
  })

  it('refuses what it could not have written', () => {
    for (const text of ['MY', 'm', 'mz1', 'mzx', 'm=', 'mé', 'mz'])
      expect(fromBase32(text), text).toBe(undefined)
  })

  it('ids survive the trip', () => {
    fc.assert(
      fc.property(bytes32, bytes => {
        const text = idFromBytes(bytes)
        expect(isPeerId(text)).toBe(true)
        expect(idToBytes(text)).toEqual(bytes)
      }),
    )
  })

  it('knows what is not an id', () => {
    for (const text of ['', 'a'.repeat(51), 'a'.repeat(53), '1'.repeat(52), 'b'.repeat(52), 7, null]) {
      expect(isPeerId(text), String(text)).toBe(false)
    }
  })
})

describe('the ring', () => {
  it('goes around: there and back is once around', () => {
    fc.assert(
      fc.property(id, id, (a, b) => {
        if (a === b) expect(clockwise(a, b)).toBe(0)
        else if (clockwise(a, b) !== 0.5) expect(clockwise(a, b) + clockwise(b, a)).toBe(RING)
        expect(ringDistance(a, b)).toBe(ringDistance(b, a))
        expect(ringDistance(a, b)).toBeLessThanOrEqual(RING / 2)
      }),
    )
  })

  it('two ids with one position still have a distance', () => {
    const low = idFromBytes(new Uint8Array(32))
    const high = idFromBytes(new Uint8Array(32).with(31, 1))
    expect(clockwise(low, high)).toBeGreaterThan(0)
  })
})

describe('buckets', () => {
  it('count the leading bits two ids share', () => {
    fc.assert(
      fc.property(bytes32, fc.integer({ min: 0, max: 255 }), (bytes, bit) => {
        const other = bytes.slice()
        other[bit >> 3] = (other[bit >> 3] as number) ^ (0x80 >> (bit & 7))
        expect(bucketOf(idFromBytes(bytes), idFromBytes(other))).toBe(bit)
      }),
    )
    const same = idFromBytes(new Uint8Array(32))
    expect(bucketOf(same, same)).toBe(256)
  })
})
