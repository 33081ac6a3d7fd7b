import { describe, expect, it } from 'vitest'
import { signatures } from '../crypto/sign.ts'
import { naclKey, naclSignatures } from '../crypto/sign-nacl.ts'
import { openIdentity } from './open.ts'
import { MemoryKeyStore, readRecord, toRecord } from './store.ts'
import { verifyIdentity } from './verify.ts'

// Node 20 has WebCrypto but no Web Locks; how slots are claimed is tested in a browser (e2e/identity.spec.ts).

describe('an ephemeral identity', () => {
  it('signs, differs each time, and comes without a warning', async () => {
    const one = await openIdentity({ kind: 'ephemeral' })
    const two = await openIdentity({ kind: 'ephemeral' })
    expect(one.warning).toBeUndefined()
    expect(one.identity.publicKey).not.toEqual(two.identity.publicKey)
    const message = new Uint8Array([1, 2])
    const backend = await signatures()
    expect(await backend.verify(one.identity.publicKey, message, await one.identity.sign(message))).toBe(true)
  })
})

describe.skipIf(globalThis.navigator?.locks)('where Web Locks are absent', () => {
  it('a persistent identity is ephemeral, with a warning', async () => {
    const codes: string[] = []
    const { identity, warning } = await openIdentity({ kind: 'persistent' }, ({ code }) => codes.push(code))
    expect(warning?.code).toBe('identity-ephemeral')
    expect(codes).toEqual(['identity-ephemeral'])
    expect((await identity.sign(new Uint8Array(1))).length).toBe(64)
  })
})

describe('a stored key', () => {
  it('comes back as it was put', async () => {
    const store = new MemoryKeyStore()
    const key = await naclSignatures.generate()
    await store.set(3, toRecord(key))
    const record = readRecord(await store.get(3))
    expect(record && (await naclSignatures.restore(record.publicKey, record.secret))?.publicKey).toEqual(
      key.publicKey,
    )
    expect(readRecord(await store.get(4))).toBeUndefined()
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', 'key'],
    ['another version', { version: 2, publicKey: new Uint8Array(32), secret: new Uint8Array(64) }],
    ['a short key', { version: 1, publicKey: new Uint8Array(31), secret: new Uint8Array(64) }],
    ['no secret', { version: 1, publicKey: new Uint8Array(32) }],
    ['a secret that is none', { version: 1, publicKey: new Uint8Array(32), secret: {} }],
  ])('is refused when it is %s', (_, stored) => {
    expect(readRecord(stored)).toBeUndefined()
  })
})

describe("an application's own identity", () => {
  const key = naclKey(new Uint8Array(32).fill(4))
  const own = { publicKey: key.publicKey, sign: (bytes: Uint8Array) => key.sign(bytes) }

  it('is taken when it signs, and keeps its key when the application changes its bytes', async () => {
    const bytes = key.publicKey.slice()
    const identity = await verifyIdentity({ ...own, publicKey: bytes })
    bytes.fill(0)
    expect(identity.publicKey).toEqual(key.publicKey)
  })

  it('keeps its `this` and its release', async () => {
    let released = 0
    class Wallet {
      readonly publicKey = key.publicKey
      private readonly key = key
      sign(bytes: Uint8Array): Promise<Uint8Array> {
        return this.key.sign(bytes)
      }
      release(): void {
        released++
      }
    }
    const identity = await verifyIdentity(new Wallet())
    expect(await identity.sign(new Uint8Array(1))).toEqual(await key.sign(new Uint8Array(1)))
    identity.release?.()
    expect(released).toBe(1)
  })

  it.each([
    [undefined, 'identity: an object wanted, undefined given'],
    [null, 'identity: an object wanted, null given'],
    [{ ...own, publicKey: 'abc' }, 'identity.publicKey: a Uint8Array wanted, string given'],
    [{ ...own, publicKey: new Uint8Array(5) }, 'identity.publicKey: 32 bytes wanted, 5 given'],
    [{ publicKey: key.publicKey }, 'identity.sign: a function wanted, undefined given'],
    [{ ...own, release: 1 }, 'identity.release: a function or nothing wanted, number given'],
    [{ ...own, sign: () => new Uint8Array(3) }, 'identity.sign: 64 bytes wanted, 3 bytes given'],
    [{ ...own, sign: () => Promise.reject(new Error('no')) }, 'identity.sign: failed'],
    [
      { ...own, sign: async () => new Uint8Array(64) },
      'identity.sign: not an Ed25519 signature by identity.publicKey',
    ],
  ])('is refused with a TypeError that names what is wrong: %#', async (bad, message) => {
    await expect(verifyIdentity(bad)).rejects.toThrow(new TypeError(message))
  })
})
