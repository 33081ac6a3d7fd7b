import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RangeSet } from './ranges.ts'

function numbers(set: RangeSet): number[] {
  const all: number[] = []
  for (let i = 0; i < set.count; i++) for (let n = set.start(i); n <= set.end(i); n++) all.push(n)
  return all
}

describe('a range set', () => {
  test('is a set: whatever is added in whatever order is in it, and nothing else', () => {
    const span = fc.tuple(fc.nat(60), fc.nat(8))
    fc.assert(
      fc.property(fc.array(span, { maxLength: 30 }), fc.nat(70), (spans, cut) => {
        const set = new RangeSet()
        const model = new Set<number>()
        for (const [from, length] of spans) {
          set.add(from, from + length)
          for (let n = from; n <= from + length; n++) model.add(n)
        }
        expect(numbers(set)).toEqual([...model].sort((a, b) => a - b))
        for (let n = 0; n < 72; n++) expect(set.has(n)).toBe(model.has(n))
        for (let i = 1; i < set.count; i++) expect(set.start(i)).toBeGreaterThan(set.end(i - 1) + 1)
        set.dropBelow(cut)
        expect(numbers(set)).toEqual([...model].filter(n => n >= cut).sort((a, b) => a - b))
      }),
    )
  })

  test('holds one range for a stream in order, however long', () => {
    const set = new RangeSet()
    for (let n = 1; n <= 10_000; n++) set.add(n)
    expect([set.count, set.first, set.last]).toEqual([1, 1, 10_000])
    set.add(1, 2 ** 48)
    expect(set.count).toBe(1)
  })

  test('forgets its lowest ranges when limited', () => {
    const set = new RangeSet()
    for (let n = 0; n < 10; n++) set.add(n * 2)
    set.limit(3)
    expect(numbers(set)).toEqual([14, 16, 18])
  })
})
