import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NONCE_BYTES, TAG_BYTES } from '../src/protocol/sealer.ts'
import { SIGNATURE_BYTES, StandInSealer, sign, verify } from './stand-in-crypto.ts'

const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 })

describe('sign and verify', () => {
  it('accepts what was signed and refuses any other byte, key or length', () => {
    fc.assert(
      fc.property(key, bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), (k, b, at, flip) => {
        const signature = sign(k, b)
        expect(signature.length).toBe(SIGNATURE_BYTES)
        expect(verify(k, b, signature)).toBe(true)
        const changed = (source: Uint8Array) => {
          const copy = source.slice()
          const i = at % copy.length
          copy[i] = (copy[i] as number) ^ flip
          return copy
        }
        expect(verify(changed(k), b, signature)).toBe(false)
        expect(verify(k, changed(b), signature)).toBe(false)
        expect(verify(k, b, changed(signature))).toBe(false)
        expect(verify(k, b, signature.subarray(1))).toBe(false)
      }),
    )
  })
})

describe('StandInSealer', () => {
  it('opens with the same shared key from both sides, and with no other', () => {
    const nonce = fc.uint8Array({ minLength: NONCE_BYTES, maxLength: NONCE_BYTES })
    fc.assert(
      fc.property(key, key, key, nonce, bytes, (a, b, c, n, plain) => {
        fc.pre(new Set([a, b, c].map(String)).size === 3)
        const [alice, bob, carol] = [new StandInSealer(a), new StandInSealer(b), new StandInSealer(c)]
        const box = alice.seal(alice.shared(b), n, plain)
        expect(box.length).toBe(plain.length + TAG_BYTES)
        expect(bob.open(bob.shared(a), n, box)).toEqual(plain)
        expect(carol.open(carol.shared(a), n, box)).toBeUndefined()
        expect(carol.open(carol.shared(b), n, box)).toBeUndefined()
        const other = n.slice()
        other[0] = (other[0] as number) ^ 1
        expect(bob.open(bob.shared(a), other, box)).toBeUndefined()
        box[box.length - 1] = (box[box.length - 1] as number) ^ 1
        expect(bob.open(bob.shared(a), n, box)).toBeUndefined()
      }),
    )
  })
})
