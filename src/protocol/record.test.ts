import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../crypto/hash.ts'
import { idFromBytes } from './id.ts'
import { decodeRecord, encodeRecord, idOfKey, RECORD_BYTES, recordToSign, recordToVerify } from './record.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const epochs = fc.integer({ min: 0, max: 2 ** 48 - 1 })

describe('a record', () => {
  it('reads as it was written', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), epochs, bytes(64), (key, boxKey, epoch, signature) => {
        const written = encodeRecord(key, boxKey, epoch, signature)
        expect(written).toHaveLength(RECORD_BYTES)
        expect(decodeRecord(written)).toEqual({
          id: idFromBytes(sha256(key)),
          key,
          boxKey,
          epoch,
          signature,
          bytes: written,
        })
      }),
      { numRuns: 40 },
    )
  })

  it('is of its key: another key is another id', () => {
    const key = new Uint8Array(32)
    const record = decodeRecord(encodeRecord(key, key, 1, new Uint8Array(64)))
    expect(record?.id).toBe(idOfKey(key))
    key[31] = 1
    expect(record?.id).not.toBe(idOfKey(key))
  })

  it('has one length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), garbage => {
        expect(decodeRecord(garbage) === undefined).toBe(garbage.length !== RECORD_BYTES)
      }),
    )
    expect(decodeRecord(new Uint8Array(RECORD_BYTES - 1))).toBeUndefined()
    expect(decodeRecord(new Uint8Array(RECORD_BYTES))).toBeDefined()
    expect(decodeRecord(new Uint8Array(RECORD_BYTES + 1))).toBeUndefined()
  })

  it('does not change with the packet it came in', () => {
    const packet = new Uint8Array(200).fill(7)
    const record = decodeRecord(packet.subarray(10, 10 + RECORD_BYTES))
    packet.fill(9)
    expect(record?.key).toEqual(new Uint8Array(32).fill(7))
    expect(record?.boxKey).toEqual(new Uint8Array(32).fill(7))
    expect(record?.signature).toEqual(new Uint8Array(64).fill(7))
    expect(record?.bytes).toEqual(new Uint8Array(RECORD_BYTES).fill(7))
  })
})

describe('what its signature covers', () => {
  it('is the same for the one who signs and the one who checks', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), bytes(32), epochs, (swarm, key, boxKey, epoch) => {
        const record = decodeRecord(encodeRecord(key, boxKey, epoch, new Uint8Array(64)))
        expect(record && recordToVerify(swarm, record)).toEqual(recordToSign(swarm, key, boxKey, epoch))
      }),
    )
  })

  it('differs with the swarm, the key, the box key and the epoch', () => {
    const zero = new Uint8Array(32)
    const one = new Uint8Array(32).fill(1)
    const all = [
      recordToSign(zero, zero, zero, 0),
      recordToSign(one, zero, zero, 0),
      recordToSign(zero, one, zero, 0),
      recordToSign(zero, zero, one, 0),
      recordToSign(zero, zero, zero, 1),
      recordToSign(zero, zero, zero, 2 ** 48 - 1),
    ].map(signed => Buffer.from(signed).toString('hex'))
    expect(new Set(all).size).toBe(all.length)
  })
})
