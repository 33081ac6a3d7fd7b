import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TraceHash } from './trace.ts'

function hashOf(bytes: Uint8Array): string {
  const hash = new TraceHash()
  hash.bytes(bytes)
  return hash.digest()
}

describe('TraceHash', () => {
  it('is the same for the same bytes wherever they lie in memory', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 1000, size: 'max' }),
        fc.integer({ min: 1, max: 7 }),
        (bytes, shift) => {
          const room = new Uint8Array(bytes.length + 8)
          const moved = room.subarray(shift, shift + bytes.length)
          moved.set(bytes)
          expect(hashOf(moved)).toBe(hashOf(bytes.slice()))
        },
      ),
    )
  })

  it('changes with every byte', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (bytes, at, flip) => {
          const changed = bytes.slice()
          const i = at % bytes.length
          changed[i] = (changed[i] as number) ^ flip
          expect(hashOf(changed)).not.toBe(hashOf(bytes.slice()))
        },
      ),
    )
  })

  it('tells apart times a nanosecond apart, up to days', () => {
    const at = (ms: number) => {
      const hash = new TraceHash()
      hash.time(ms)
      return hash.digest()
    }
    expect(at(1000)).not.toBe(at(1000.000001))
    expect(at(86_400_000)).not.toBe(at(86_400_000 + 2 ** 32 / 1e6))
  })
})
