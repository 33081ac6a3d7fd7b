import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { Frame } from '../wire/frame.ts'
import { Reader } from '../wire/reader.ts'
import {
  decodeAck,
  decodeGraft,
  decodeIhave,
  decodePrune,
  decodeRanges,
  encodeAck,
  encodeGraft,
  encodeIhave,
  encodePrune,
  encodeRanges,
} from './control.ts'
import { DISCOVERY_KEY } from './network.test-support.ts'
import {
  encodePush,
  encodeSigned,
  flagsOf,
  LATE,
  MAX_SPREAD,
  PushHead,
  patchForward,
  pushToSign,
  REPAIR,
  repairFrame,
  spreadOf,
} from './push.ts'
import { RangeSet } from './ranges.ts'

// Thousands of events on machines that may be busy: the clock inside is virtual, the one outside must not decide.
vi.setConfig({ testTimeout: 60_000 })

const id = fc.integer({ min: 0, max: 2 ** 48 - 1 })
const hops = fc.integer({ min: 0, max: 255 })
const ranges = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 2 ** 40 }), fc.nat(1000)), { maxLength: 12 })
  .map(spans => {
    const set = new RangeSet()
    for (const [from, length] of spans) set.add(from, from + length)
    return set
  })
const many = <T>(entry: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.array(entry, { minLength: 1, maxLength: 20 })
const behindType = (frame: Uint8Array): Reader => new Reader(frame, 1)

describe('what is written is what is read', () => {
  test('ACK', () => {
    fc.assert(
      fc.property(many(fc.record({ stream: id, ranges })), entries => {
        expect(decodeAck(behindType(encodeAck(entries)))).toEqual(entries)
      }),
    )
  })

  test('IHAVE', () => {
    fc.assert(
      fc.property(many(fc.record({ stream: id, hops, lag: fc.nat(100_000), ranges })), entries => {
        expect(decodeIhave(behindType(encodeIhave(entries)))).toEqual(entries)
      }),
    )
  })

  test('GRAFT', () => {
    fc.assert(
      fc.property(many(fc.record({ stream: id, tree: fc.boolean(), ranges })), entries => {
        expect(decodeGraft(behindType(encodeGraft(entries)))).toEqual(entries)
      }),
    )
  })

  test('PRUNE', () => {
    fc.assert(
      fc.property(many(id), streams => {
        expect(decodePrune(behindType(encodePrune(streams)))).toEqual(streams)
      }),
    )
  })

  test('RANGES', () => {
    const entry = fc
      .record({ stream: id, hops, from: fc.nat(), length: fc.nat(), ranges })
      .map(({ stream, hops, from, length, ranges }) => ({ stream, hops, from, next: from + length, ranges }))
    const frame = fc.record({
      purpose: fc.integer({ min: 0, max: 2 }),
      age: fc.nat(),
      entries: fc.array(entry, { maxLength: 20 }),
    })
    fc.assert(
      fc.property(frame, ranges => {
        expect(decodeRanges(behindType(encodeRanges(ranges)))).toEqual(ranges)
      }),
    )
  })

  test('PUSH, and its copy is its own', () => {
    const push = fc.record({
      hops: fc.integer({ min: 1, max: 255 }),
      flags: fc.constantFrom(0, REPAIR, flagsOf(1), flagsOf(MAX_SPREAD)),
      key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      epoch: id,
      seq: fc.integer({ min: 1, max: 2 ** 48 }),
      topic: fc.string({ maxLength: 40, unit: 'grapheme' }),
      body: fc.uint8Array({ maxLength: 300 }),
      signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
      shift: fc.integer({ min: 0, max: 9 }),
    })
    fc.assert(
      fc.property(push, ({ hops, flags, key, epoch, seq, topic, body, signature, shift }) => {
        const signed = encodeSigned(key, epoch, seq, topic, body)
        const frame = encodePush(hops, flags, signed, signature)
        // As it comes: a view into a packet with others around it.
        const packet = new Uint8Array(frame.length + 2 * shift).fill(0xaa)
        packet.set(frame, shift)
        const reader = new Reader(packet, shift + 1, shift + frame.length)
        const head = new PushHead()
        expect(head.read(reader)).toBe(true)
        const read = head.take(reader, 1000)
        packet.fill(0)
        if (typeof read === 'string') throw new Error(read)
        expect(read.frame).toEqual(frame)
        expect([read.hops, read.flags, read.epoch, read.seq, read.topic]).toEqual([
          hops,
          flags,
          epoch,
          seq,
          topic,
        ])
        expect([read.key, read.signed, read.signature, read.body]).toEqual([key, signed, signature, body])
      }),
    )
  })
})

describe('a push', () => {
  const signed = encodeSigned(new Uint8Array(32), 1, 300, 'chat', new Uint8Array(200))

  test('of 200 bytes is at most 330 on the wire', () => {
    expect(encodePush(1, 0, signed, new Uint8Array(64)).length).toBeLessThanOrEqual(330 - 9)
  })

  test('is passed on with one hop more, its signed bytes untouched', () => {
    const frame = encodePush(3, 0, signed, new Uint8Array(64).fill(9))
    const forward = frame.slice()
    patchForward(forward, 5)
    expect(forward).toEqual(encodePush(4, flagsOf(5), signed, new Uint8Array(64).fill(9)))
    expect(repairFrame(forward)[2]).toBe(flagsOf(5) | REPAIR)
    expect(spreadOf(forward[2]!)).toBe(5)
  })

  test('that was repaired is a push again, and late on all its way', () => {
    const frame = encodePush(3, REPAIR, signed, new Uint8Array(64).fill(9))
    patchForward(frame, 0)
    expect(frame).toEqual(encodePush(4, LATE, signed, new Uint8Array(64).fill(9)))
    patchForward(frame, 1)
    expect(frame[2]).toBe(flagsOf(1) | LATE)
    expect(repairFrame(frame)[2]).toBe(flagsOf(1) | LATE | REPAIR)
  })

  test('is signed with its swarm, key, epoch, number, topic and body', () => {
    const bytes = (
      swarm: number,
      key: number,
      epoch: number,
      seq: number,
      topic: string,
      body: number,
    ): string =>
      pushToSign(
        DISCOVERY_KEY.slice().fill(swarm),
        encodeSigned(new Uint8Array(32).fill(key), epoch, seq, topic, new Uint8Array(2).fill(body)),
      ).join()
    const variants = [
      bytes(0, 0, 0, 1, 'a', 0),
      bytes(1, 0, 0, 1, 'a', 0),
      bytes(0, 1, 0, 1, 'a', 0),
      bytes(0, 0, 1, 1, 'a', 0),
      bytes(0, 0, 0, 2, 'a', 0),
      bytes(0, 0, 0, 1, 'b', 0),
      bytes(0, 0, 0, 1, 'a', 1),
      bytes(0, 0, 0, 1, 'a\u0000', 0),
    ]
    expect(new Set(variants).size).toBe(variants.length)
  })
})

describe('garbage', () => {
  const decoders: readonly ((reader: Reader) => unknown)[] = [
    decodeAck,
    decodeIhave,
    decodeGraft,
    decodePrune,
    decodeRanges,
    reader => {
      const head = new PushHead()
      return head.read(reader) ? head.take(reader, 1000) : undefined
    },
  ]

  test('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
        for (const decode of decoders) decode(new Reader(bytes))
      }),
      { numRuns: 2000 },
    )
  })

  test('a frame cut short or with a byte too many is refused', () => {
    const set = new RangeSet()
    set.add(5, 9)
    set.add(20)
    const frame = encodeIhave([{ stream: 77, hops: 3, lag: 0, ranges: set }])
    for (let end = 1; end < frame.length; end++)
      expect(decodeIhave(new Reader(frame, 1, end))).toBeUndefined()
    expect(decodeIhave(behindType(Uint8Array.from([...frame, 0])))).toBeUndefined()
  })

  test('a count beyond the bytes that follow allocates nothing', () => {
    expect(
      decodeAck(behindType(Uint8Array.from([Frame.ACK, 0, 0, 0, 0, 0, 1, 0xff, 7, 0, 0]))),
    ).toBeUndefined()
  })

  test('numbers beyond 2⁴⁸ are refused', () => {
    const set = new RangeSet()
    set.add(2 ** 48, 2 ** 48 + 1)
    expect(decodeAck(behindType(encodeAck([{ stream: 1, ranges: set }])))).toBeUndefined()
  })
})
