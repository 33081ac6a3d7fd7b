import fc from 'fast-check'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { choose, signatures } from './sign.ts'
import { naclKey, naclSignatures } from './sign-nacl.ts'
import { WebCryptoSignatures } from './sign-webcrypto.ts'

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))
const webcrypto = new WebCryptoSignatures(crypto.subtle)
const backends = [webcrypto, naclSignatures]

/** RFC 8032 §7.1, TEST 1–3: secret, public, message, signature. */
const VECTORS = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
].map(row => row.map(hex)) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array][]

describe.each(backends)('Ed25519 by $name', backend => {
  it.each(VECTORS)('agrees with RFC 8032 vector %#', async (seed, publicKey, message, signature) => {
    const secret = naclKey(seed).secret as Uint8Array
    const key = await backend.restore(publicKey, secret)
    expect(key?.publicKey).toEqual(publicKey)
    expect(await key?.sign(message)).toEqual(signature)
    expect(await backend.verify(publicKey, message, signature)).toBe(true)
  })

  it('verifies what it signed, and nothing else', async () => {
    const key = await backend.generate()
    const other = await backend.generate()
    const message = new TextEncoder().encode('tabs')
    const signature = await key.sign(message)
    expect(await backend.verify(key.publicKey, message, signature)).toBe(true)
    expect(await backend.verify(other.publicKey, message, signature)).toBe(false)
    expect(await backend.verify(key.publicKey, new Uint8Array(4), signature)).toBe(false)
    for (const at of [0, 31, 32, 62]) {
      const bent = signature.slice()
      bent[at] = (bent[at] ?? 0) ^ 1
      expect(await backend.verify(key.publicKey, message, bent)).toBe(false)
    }
  })

  it('answers malformed keys and signatures with false, never an exception', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ maxLength: 70 }),
        async (key, signature) => {
          expect(await backend.verify(key, new Uint8Array(3), signature)).toBe(false)
        },
      ),
      { numRuns: 50 },
    )
    // 32 and 64 bytes, but no point of the curve: y = 2 has no x.
    const offCurve = new Uint8Array(32)
    offCurve[0] = 2
    const { publicKey, sign } = await backend.generate()
    expect(await backend.verify(offCurve, new Uint8Array(3), await sign(new Uint8Array(3)))).toBe(false)
    expect(await backend.verify(publicKey, new Uint8Array(3), new Uint8Array(64))).toBe(false)
  })

  it('refuses S + L, which signs the same message a second time', async () => {
    const { publicKey, sign } = await backend.generate()
    const message = new Uint8Array([1, 2, 3])
    const twin = plusOrder(await sign(message))
    expect(await backend.verify(publicKey, message, twin)).toBe(false)
  })

  it('refuses a key of small order, under which one signature fits any message', async () => {
    const identity = new Uint8Array(32)
    identity[0] = 1
    const forged = new Uint8Array(64)
    forged[0] = 1
    // tweetnacl alone would take it.
    expect(nacl.sign.detached.verify(new Uint8Array([7]), forged, identity)).toBe(true)
    expect(await backend.verify(identity, new Uint8Array([7]), forged)).toBe(false)
  })

  it('refuses a y-coordinate that is not reduced', async () => {
    const { publicKey, sign } = await backend.generate()
    const signature = await sign(new Uint8Array(1))
    const unreduced = new Uint8Array(32).fill(0xff)
    expect(await backend.verify(unreduced, new Uint8Array(1), signature)).toBe(false)
    signature.set(unreduced)
    expect(await backend.verify(publicKey, new Uint8Array(1), signature)).toBe(false)
  })

  it('restores nothing from halves that do not belong together', async () => {
    const one = naclKey(new Uint8Array(32).fill(1))
    const two = naclKey(new Uint8Array(32).fill(2))
    expect(await backend.restore(one.publicKey, two.secret)).toBeUndefined()
    expect(await backend.restore(one.publicKey, new Uint8Array(10))).toBeUndefined()
    expect(await backend.restore(new Uint8Array(0), one.secret)).toBeUndefined()
  })
})

describe('the two backends', () => {
  it('verify each other, both ways, for any message', async () => {
    const pairs = await Promise.all(
      backends.map(async b => ({ key: await b.generate(), other: backends.find(o => o !== b) })),
    )
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async message => {
        for (const { key, other } of pairs) {
          expect(await other?.verify(key.publicKey, message, await key.sign(message))).toBe(true)
        }
      }),
      { numRuns: 20 },
    )
  })

  it('sign the same bytes with the same key', async () => {
    const stored = naclKey(new Uint8Array(32).fill(9))
    const restored = await webcrypto.restore(stored.publicKey, stored.secret)
    const message = new Uint8Array([1])
    expect(await restored?.sign(message)).toEqual(await stored.sign(message))
    expect(restored?.secret).toMatchObject({ extractable: false })
  })

  it('keep a bounded number of imported keys and still verify after one was dropped', async () => {
    const first = await webcrypto.generate()
    const message = new Uint8Array([5])
    const signature = await first.sign(message)
    expect(await webcrypto.verify(first.publicKey, message, signature)).toBe(true)
    // Points that do not decode are not kept; those that do push the oldest out.
    await Promise.all(
      Array.from({ length: 6000 }, (_, i) => {
        const key = new Uint8Array(32)
        new DataView(key.buffer).setUint32(0, i + 77)
        return webcrypto.verify(key, message, signature)
      }),
    )
    expect(webcrypto.importedKeys).toBeLessThanOrEqual(4096)
    expect(await webcrypto.verify(first.publicKey, message, signature)).toBe(true)
  })
})

describe('the choice of a backend', () => {
  it('is WebCrypto where it has Ed25519', async () => {
    expect((await signatures()).name).toBe('webcrypto')
    expect(await signatures()).toBe(await signatures())
  })

  it('is tweetnacl without a secure context', async () => {
    expect((await choose(undefined)).name).toBe('tweetnacl')
  })

  it('is tweetnacl where the engine knows no Ed25519', async () => {
    const without = new Proxy(crypto.subtle, {
      get: (subtle, name) =>
        name === 'generateKey'
          ? () => Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError'))
          : Reflect.get(subtle, name),
    })
    expect((await choose(without)).name).toBe('tweetnacl')
  })
})

/** The signature with L added to S. */
function plusOrder(signature: Uint8Array): Uint8Array {
  const order = hex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')
  const sum = signature.slice()
  let carry = 0
  for (let i = 0; i < 32; i++) {
    const digit = (sum[32 + i] ?? 0) + (order[i] ?? 0) + carry
    sum[32 + i] = digit & 0xff
    carry = digit >> 8
  }
  return sum
}
