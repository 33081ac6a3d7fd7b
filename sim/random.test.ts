import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mix, Stream, wordOf } from './random.ts'

/** xoshiro128** as its authors wrote it, in BigInt arithmetic. */
function reference(state: bigint[], count: number): number[] {
  const mask = 0xffffffffn
  const rotl = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask
  const s = state.slice() as [bigint, bigint, bigint, bigint]
  const out: number[] = []
  for (let i = 0; i < count; i++) {
    out.push(Number((rotl((s[1] * 5n) & mask, 7n) * 9n) & mask))
    const t = (s[1] << 9n) & mask
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= t
    s[3] = rotl(s[3], 11n)
  }
  return out
}

describe('Stream', () => {
  it('is xoshiro128**', () => {
    const word = fc.integer({ min: 0, max: 2 ** 32 - 1 })
    fc.assert(
      fc.property(word, word, word, word, (a, b, c, d) => {
        const stream = new Stream(a, b, c, d)
        const ours = Array.from({ length: 20 }, () => stream.u32())
        expect(ours).toEqual(reference([a, b, c, d].map(BigInt), 20))
      }),
    )
  })

  it('starts as the published test vector of state 1, 2, 3, 4 does', () => {
    const stream = new Stream(1, 2, 3, 4)
    expect([stream.u32(), stream.u32(), stream.u32(), stream.u32()]).toEqual([11520, 0, 5927040, 70819200])
  })

  it('gives the same draws for the same seed and name, and others for others', () => {
    const draws = (seed: number, name: string) => {
      const stream = Stream.of(seed, name)
      return Array.from({ length: 8 }, () => stream.u32())
    }
    expect(draws(7, 'loss')).toEqual(draws(7, 'loss'))
    expect(draws(7, 'loss')).not.toEqual(draws(8, 'loss'))
    expect(draws(7, 'loss')).not.toEqual(draws(7, 'delay'))
    expect(draws(7, 'loss')).not.toEqual(draws(7 + 2 ** 32, 'loss'))
  })

  it('has fixed draws: a change of the generator changes every published trace hash', () => {
    expect([wordOf(7, 'loss'), mix(1, 2), Stream.of(7, 'loss').u32()]).toMatchInlineSnapshot(`
      [
        3043794199,
        1159546517,
        1027774114,
      ]
    `)
  })

  it('is uniform: the mean of 100,000 draws is a half within four standard errors', () => {
    const stream = Stream.of(1, 'uniform')
    let sum = 0
    for (let i = 0; i < 100_000; i++) sum += stream.unit()
    expect(Math.abs(sum / 100_000 - 0.5)).toBeLessThan((4 * Math.sqrt(1 / 12)) / Math.sqrt(100_000))
  })

  it('samples different elements', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer()), fc.nat(50), fc.nat(), (items, count, seed) => {
        const drawn = Stream.of(seed, 'sample').sample(items, count)
        expect(new Set(drawn).size).toBe(Math.min(count, items.length))
        expect(items).toEqual(expect.arrayContaining(drawn))
      }),
    )
  })

  it('draws nothing for a chance of zero', () => {
    const a = Stream.of(3, 'a')
    const b = Stream.of(3, 'a')
    for (let i = 0; i < 10; i++) expect(a.chance(0)).toBe(false)
    expect(a.u32()).toBe(b.u32())
  })
})
