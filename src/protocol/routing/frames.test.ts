import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { idFromBytes, idToBytes } from '../id.ts'
import { RECORD_BYTES } from '../record.ts'
import { Frame } from '../wire/frame.ts'
import { Reader } from '../wire/reader.ts'
import { Course } from './compass.ts'
import {
  Envelope,
  isAnswer,
  readAddress,
  readAnswer,
  readLetter,
  readReceipt,
  readWhois,
  writeAnswer,
  writeLetter,
  writeReceipt,
  writeStranger,
  writeUnreachable,
  writeWhois,
} from './envelope.ts'
import {
  MAX_NUMBER,
  readData,
  readRanges,
  readTransit,
  writeData,
  writeRanges,
  writeTransit,
} from './frames.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const id = bytes(32).map(idFromBytes)
const u48 = fc.integer({ min: 0, max: MAX_NUMBER })
const box = fc.uint8Array({ minLength: 17, maxLength: 300 })

describe('envelopes come out as they went in', () => {
  test('letters, with an id or a record', () => {
    fc.assert(
      fc.property(
        id,
        u48,
        fc.oneof(bytes(32), bytes(RECORD_BYTES)),
        u48,
        box,
        (to, way, sender, number, sealed) => {
          const envelope = writeLetter(to, way, sender, number, sealed)
          const address = readAddress(envelope)
          expect(address).toEqual({ kind: sender.length === 32 ? 0 : 1, to, way })
          const letter = readLetter(address!.kind, envelope)
          expect(letter.number).toBe(number)
          expect(letter.box).toEqual(sealed)
          expect(letter.record ?? idToBytes(letter.from!)).toEqual(sender)
        },
      ),
    )
  })

  test('everything else', () => {
    fc.assert(
      fc.property(
        id,
        u48,
        id,
        u48,
        bytes(16),
        bytes(RECORD_BYTES),
        (to, way, from, number, proof, record) => {
          const whois = writeWhois(to, way, idToBytes(from))
          expect(readAddress(whois)).toEqual({ kind: Envelope.WHOIS, to, way })
          expect(readWhois(whois)).toBe(from)
          const receipt = writeReceipt(to, way, number, proof)
          expect(readAddress(receipt)).toEqual({ kind: Envelope.RECEIPT, to, way })
          expect(readReceipt(receipt)).toEqual({ number, box: proof })
          const answer = writeAnswer(to, way, record)
          expect(readAddress(answer)).toEqual({ kind: Envelope.ANSWER, to, way })
          expect(readAnswer(answer)).toEqual(record)
          expect(readAddress(writeUnreachable(to, way, false))).toEqual({
            kind: Envelope.UNREACHABLE,
            to,
            way,
          })
          expect(readAddress(writeStranger(to, way))).toEqual({ kind: Envelope.STRANGER, to, way })
        },
      ),
    )
  })

  test('of a wrong length or kind are refused', () => {
    const to = idFromBytes(new Uint8Array(32))
    const good = [
      writeLetter(to, 1, new Uint8Array(32), 1, new Uint8Array(17)),
      writeWhois(to, 1, new Uint8Array(32)),
      writeReceipt(to, 1, 1, new Uint8Array(16)),
      writeAnswer(to, 1, new Uint8Array(RECORD_BYTES)),
      writeUnreachable(to, 1, false),
      writeStranger(to, 1),
    ]
    for (const envelope of good) {
      expect(readAddress(envelope)).toBeDefined()
      expect(readAddress(envelope.subarray(0, envelope.length - 1))).toBeUndefined()
      expect(readAddress(Uint8Array.of(7, ...envelope.subarray(1)))).toBeUndefined()
    }
    for (const envelope of good.slice(1)) expect(readAddress(Uint8Array.of(...envelope, 0))).toBeUndefined()
  })

  test('three kinds ask, the rest answers', () => {
    expect([0, 1, 2, 3, 4, 5, 6].map(kind => isAnswer(kind as 0))).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
      true,
    ])
  })
})

describe('frames come out as they went in', () => {
  test('ROUTED and BOUNCED', () => {
    const type = fc.constantFrom(Frame.ROUTED, Frame.BOUNCED)
    const hops = fc.integer({ min: 1, max: 255 })
    fc.assert(
      fc.property(
        type,
        hops,
        fc.nat(3),
        fc.nat(63),
        box,
        u48,
        (kind, count, course, budget, envelope, serial) => {
          const marks = course === Course.LAST ? Array.from(envelope, byte => byte * 257).slice(0, 255) : []
          const transit = { hops: count, course: course as Course, budget, marks, envelope }
          const frame = writeTransit(kind, transit, serial)
          expect(frame[0]).toBe(kind)
          expect(readTransit(new Reader(frame, 1))).toEqual({ ...transit, number: serial })
        },
      ),
    )
  })

  test('DATA', () => {
    fc.assert(
      fc.property(fc.nat(63), fc.boolean(), u48, fc.uint8Array(), (kind, receipt, number, body) => {
        const frame = writeData(kind, receipt, number, body)
        expect(readData(new Reader(frame, 1))).toEqual({ kind, receipt, number, body })
      }),
    )
  })

  test('RECEIPT', () => {
    const range = fc.tuple(fc.nat(1e6), fc.nat(1e6)).map(([first, more]) => [first, first + more])
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 50 }), ranges => {
        const frame = writeRanges(Frame.RECEIPT, ranges.flat())
        expect(readRanges(new Reader(frame, 1))).toEqual(ranges.flat())
      }),
    )
  })

  test('garbage is refused, never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), garbage => {
        readTransit(new Reader(garbage))
        readData(new Reader(garbage))
        readRanges(new Reader(garbage))
        const address = readAddress(garbage)
        if (address !== undefined) readLetter(address.kind, garbage)
      }),
      { numRuns: 2000 },
    )
    expect(readRanges(new Reader(Uint8Array.of(1, 0)))).toBeUndefined()
    expect(readRanges(new Reader(new Uint8Array(0)))).toBeUndefined()
    expect(readData(new Reader(Uint8Array.of(128, 1)))).toBeUndefined()
    expect(readTransit(new Reader(Uint8Array.of(0, 0, 1)))).toBeUndefined()
  })
})
