import fc from 'fast-check'
import { expect, it } from 'vitest'
import { idFromBytes } from '../id.ts'
import {
  decodeAccept,
  decodeAsk,
  decodeRefuse,
  decodeSignal,
  encodeAccept,
  encodeAsk,
  encodeRefuse,
  encodeSignal,
} from './letters.ts'

const session = fc.integer({ min: 0, max: 2 ** 48 - 1 })
const ids = fc.array(
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => idFromBytes(bytes)),
  { maxLength: 32 },
)

it('what is written is read', () => {
  fc.assert(
    fc.property(
      session,
      fc.boolean(),
      fc.integer({ min: 0, max: 64 }),
      ids,
      fc.string(),
      (s, ring, degree, list, data) => {
        for (const more of [{}, { relays: list }, { needed: true }]) {
          const ask = { session: s, ring, degree, ...more }
          expect(decodeAsk(encodeAsk(ask))).toEqual(ask)
        }
        for (const relay of [undefined, list[0]])
          expect(decodeAccept(encodeAccept(s, relay))).toEqual({ session: s, relay })
        expect(decodeRefuse(encodeRefuse({ session: s, reason: 1, alternatives: list }))).toEqual({
          session: s,
          reason: 1,
          alternatives: list,
        })
        const text = data
        expect(decodeSignal(encodeSignal({ session: s, data: text }))).toEqual({ session: s, data: text })
      },
    ),
  )
})

it('garbage is refused and never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      for (const decode of [decodeAsk, decodeAccept, decodeRefuse, decodeSignal]) decode(bytes)
    }),
  )
})

it('a list that promises more ids than it has is refused', () => {
  const bytes = encodeRefuse({ session: 1, reason: 0, alternatives: [] }).with(7, 30)
  expect(decodeRefuse(bytes)).toBe(undefined)
})
