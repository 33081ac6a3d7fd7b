import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketOf, clockwise } from '../src/protocol/id.ts'
import { base32, type PeerId, ringPosition } from '../src/signaling/message.ts'
import { type Placed, Ring } from './ring.ts'

function placed(id: PeerId): Placed {
  return { id, position: ringPosition(id) }
}

function member(n: number): Placed {
  return placed(base32(createHash('sha256').update(String(n)).digest()) as PeerId)
}

/** A repeatable sequence in [0, 1) (mulberry32). */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

function ringOf(members: readonly Placed[]): Ring<Placed> {
  const ring = new Ring<Placed>()
  for (const each of members) ring.add(each)
  return ring
}

describe('Ring', () => {
  it('samples are bounded, without oneself or doubles, with the nearest on both sides (property)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 4, max: 32 }),
        fc.integer(),
        (n, limit, seed) => {
          const members = Array.from({ length: n }, (_, i) => member(seed * 1000 + i))
          const [self] = members as [Placed]
          const sample = ringOf(members).sample(self, limit, seeded(seed))
          const others = members.slice(1).sort((a, b) => clockwise(self.id, a.id) - clockwise(self.id, b.id))
          expect(sample.length).toBe(Math.min(limit, n - 1))
          expect(new Set(sample).size).toBe(sample.length)
          expect(sample).not.toContain(self)
          const side = Math.floor(limit / 4)
          for (const near of [...others.slice(0, side), ...others.slice(-side)])
            expect(sample).toContain(near)
        },
      ),
    )
  })

  it('samples spread over the buckets: the far half is in nearly every one', () => {
    const members = Array.from({ length: 10_000 }, (_, i) => member(i))
    const ring = ringOf(members)
    const random = seeded(7)
    const seen = new Map<number, number>()
    for (const self of members.slice(0, 1000)) {
      for (const other of ring.sample(self, 16, random)) {
        const bucket = bucketOf(self.id, other.id)
        seen.set(bucket, (seen.get(bucket) ?? 0) + 1)
      }
    }
    // 13 or 14 buckets have members, 8 of them are drawn: each in more than half of the samples.
    for (let bucket = 0; bucket < 9; bucket++) expect(seen.get(bucket)).toBeGreaterThan(400)
  })

  it('members that have left are in no sample, and every member can leave (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 120 }), toggles => {
        const ring = new Ring<Placed>()
        const here = new Map<number, Placed>()
        for (const n of toggles) {
          const known = here.get(n)
          if (known === undefined) {
            here.set(n, member(n))
            ring.add(here.get(n) as Placed)
          } else {
            here.delete(n)
            ring.remove(known)
          }
          expect(ring.size).toBe(here.size)
        }
        const [self] = here.values()
        if (self === undefined) return
        const expected = [...here.values()].filter(each => each !== self).map(({ id }) => id)
        expect(
          ring
            .sample(self, 100, Math.random)
            .map(({ id }) => id)
            .sort(),
        ).toEqual(expected.sort())
      }),
    )
  })

  it('ids that an attacker made to stand on one spot are told apart', () => {
    const twins = ['aa', 'ae', 'ai', 'am', 'aq'].map(end => placed(`${'c'.repeat(50)}${end}` as PeerId))
    const ring = ringOf(twins)
    for (const [index, twin] of twins.entries()) {
      ring.remove(twin)
      expect(ring.size).toBe(twins.length - index - 1)
    }
  })

  it('stays cheap among 10,000: a sample and a change in well under a millisecond', () => {
    const members = Array.from({ length: 10_000 }, (_, i) => member(i))
    const began = performance.now()
    const ring = ringOf(members)
    const inserted = performance.now()
    for (const self of members) ring.sample(self, 16, Math.random)
    const sampled = performance.now()
    expect((inserted - began) / 10_000).toBeLessThan(0.5)
    expect((sampled - inserted) / 10_000).toBeLessThan(0.5)
  })
})
