import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { rollUp } from './rolled.ts'

type Bytes = Uint8Array
interface Nacl {
  secretbox: ((plain: Bytes, nonce: Bytes, key: Bytes) => Bytes) & {
    open(box: Bytes, nonce: Bytes, key: Bytes): Bytes | null
  }
  scalarMult(n: Bytes, p: Bytes): Bytes
  hash(bytes: Bytes): Bytes
  box: { before(publicKey: Bytes, secretKey: Bytes): Bytes }
  sign: {
    detached: ((message: Bytes, secretKey: Bytes) => Bytes) & {
      verify(message: Bytes, signature: Bytes, publicKey: Bytes): boolean
    }
    keyPair: { fromSeed(seed: Bytes): { publicKey: Bytes; secretKey: Bytes } }
  }
  lowlevel: {
    crypto_onetimeauth(out: Bytes, at: number, bytes: Bytes, from: number, length: number, key: Bytes): void
    M(out: Float64Array, a: Float64Array, b: Float64Array): void
  }
}

const code = readFileSync(createRequire(import.meta.url).resolve('tweetnacl/nacl-fast.js'), 'utf8')
const load = (text: string): Nacl => {
  const module = { exports: {} }
  new Function('module', 'self', text)(module, globalThis)
  return module.exports as Nacl
}
const whole = load(code)
const rolled = load(rollUp(code))

/** Bytes that come out the same in every run. */
let state = 1
const bytes = (length: number): Bytes =>
  Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
/** Ordinary ones and the edges: carries are where a rolled loop would go wrong. */
const some = (length: number): Bytes[] => [
  bytes(length),
  bytes(length),
  new Uint8Array(length),
  new Uint8Array(length).fill(255),
]

describe('tweetnacl rolled up', () => {
  it('is shorter, line for line', () => {
    expect(rollUp(code).split('\n').length).toBe(code.split('\n').length)
    expect(rollUp(code).length).toBeLessThan(code.length * 0.75)
  })

  it('refuses a package that is not the one it knows', () => {
    expect(() => rollUp('var nacl = {}')).toThrow('no function core_salsa20(')
  })

  it('seals the same, and opens nothing else', () => {
    for (let length = 0; length < 300; length++)
      for (const key of some(32)) {
        const [nonce, plain] = [bytes(24), bytes(length)]
        const box = whole.secretbox(plain, nonce, key)
        expect(rolled.secretbox(plain, nonce, key)).toEqual(box)
        expect(rolled.secretbox.open(box, nonce, key)).toEqual(plain)
        box[length % box.length] = (box[length % box.length] ?? 0) ^ 1
        expect(rolled.secretbox.open(box, nonce, key)).toBeNull()
      }
  })

  it('authenticates the same, at the edges of its arithmetic too', () => {
    const [a, b] = [new Uint8Array(16), new Uint8Array(16)]
    for (let length = 0; length < 200; length++)
      for (const key of some(32))
        for (const message of some(length)) {
          whole.lowlevel.crypto_onetimeauth(a, 0, message, 0, length, key)
          rolled.lowlevel.crypto_onetimeauth(b, 0, message, 0, length, key)
          expect(b).toEqual(a)
        }
  })

  it('multiplies the same', () => {
    const field = (limbs: Bytes) => Float64Array.from({ length: 16 }, (_, i) => (limbs[i] ?? 0) * 257 - 128)
    for (const x of some(16))
      for (const y of some(16)) {
        const [a, b] = [field(x), field(y)]
        whole.lowlevel.M(a, field(x), field(y))
        // The result may be one of the factors.
        b.set(field(y))
        rolled.lowlevel.M(b, field(x), b)
        expect(b).toEqual(a)
      }
    for (const n of some(32))
      for (const p of some(32)) {
        expect(rolled.scalarMult(n, p)).toEqual(whole.scalarMult(n, p))
        expect(rolled.box.before(p, n)).toEqual(whole.box.before(p, n))
      }
  })

  it('hashes the same', () => {
    for (let length = 0; length < 400; length += 7)
      for (const message of some(length)) expect(rolled.hash(message)).toEqual(whole.hash(message))
  })

  it('signs the same, and verifies', () => {
    for (const seed of some(32)) {
      const message = bytes(70)
      const pair = whole.sign.keyPair.fromSeed(seed)
      expect(rolled.sign.keyPair.fromSeed(seed)).toEqual(pair)
      const signature = whole.sign.detached(message, pair.secretKey)
      expect(rolled.sign.detached(message, pair.secretKey)).toEqual(signature)
      expect(rolled.sign.detached.verify(message, signature, pair.publicKey)).toBe(true)
      message[0] = (message[0] ?? 0) ^ 1
      expect(rolled.sign.detached.verify(message, signature, pair.publicKey)).toBe(false)
    }
  })
})
