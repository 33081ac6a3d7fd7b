import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BOX_KEY_BYTES, NONCE_BYTES, TAG_BYTES } from '../protocol/sealer.ts'
import { createSealer } from './seal.ts'

const sealer = (n: number) => createSealer(new Uint8Array(32).fill(n))
const nonce = new Uint8Array(NONCE_BYTES)

describe('sealing', () => {
  const alice = sealer(1)
  const bob = sealer(2)
  const eve = sealer(3)
  const key = alice.shared(bob.publicKey)

  it('opens at the other side what this side sealed, whatever it is', () => {
    const bobs = bob.shared(alice.publicKey)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), plain => {
        const box = alice.seal(key, nonce, plain)
        expect(box.length).toBe(plain.length + TAG_BYTES)
        expect(bob.open(bobs, nonce, box)).toEqual(plain)
      }),
    )
  })

  it('opens for nobody else, nor under another nonce, nor when a bit is bent', () => {
    const box = alice.seal(key, nonce, new Uint8Array([1, 2, 3]))
    expect(eve.open(eve.shared(alice.publicKey), nonce, box)).toBeUndefined()
    expect(bob.open(bob.shared(alice.publicKey), new Uint8Array(NONCE_BYTES).fill(1), box)).toBeUndefined()
    box[TAG_BYTES] = (box[TAG_BYTES] ?? 0) ^ 1
    expect(bob.open(bob.shared(alice.publicKey), nonce, box)).toBeUndefined()
  })

  it('answers garbage with undefined, never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 40 }), (box, badNonce) => {
        expect(alice.open(key, nonce, box)).toBeUndefined()
        expect(alice.open(key, badNonce, box)).toBeUndefined()
        expect(alice.open(badNonce, nonce, box)).toBeUndefined()
      }),
    )
  })

  it('lets nobody read what is sealed to a key of small order or of a wrong length', () => {
    const one = new Uint8Array(BOX_KEY_BYTES)
    one[0] = 1
    for (const hostile of [new Uint8Array(BOX_KEY_BYTES), one, new Uint8Array(5)]) {
      const box = alice.seal(alice.shared(hostile), nonce, new Uint8Array([1]))
      // What everyone can compute with such a key is what eve computes with it.
      expect(eve.open(eve.shared(hostile), nonce, box)).toBeUndefined()
      expect(alice.shared(hostile)).not.toEqual(eve.shared(hostile))
    }
  })

  it('makes the session key of its seed and refuses a seed of another size', () => {
    expect(sealer(1).publicKey).toEqual(alice.publicKey)
    expect(sealer(1).publicKey).not.toEqual(bob.publicKey)
    expect(() => createSealer(new Uint8Array(16))).toThrow(RangeError)
  })
})
