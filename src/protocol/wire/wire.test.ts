import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_PACKET } from './limits.ts'
import { Packer, Unpacker } from './packet.ts'
import { Reader } from './reader.ts'
import { utf8Decode, utf8Encode } from './text.ts'
import { Writer } from './writer.ts'

describe('fields', () => {
  it('every write has its read', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }),
        fc.maxSafeNat(),
        fc.integer({ min: 0, max: 2 ** 48 - 1 }),
        fc.uint8Array({ maxLength: 300 }),
        fc.string({ unit: 'grapheme' }),
        (byte, number, big, block, text) => {
          const bytes = new Writer(1)
            .u8(byte)
            .varint(number)
            .u48(big)
            .block(block)
            .text(text)
            .bytes(block)
            .finish()
          const reader = new Reader(bytes)
          expect([reader.u8(), reader.varint(), reader.u48()]).toEqual([byte, number, big])
          expect(reader.block(300)).toEqual(block)
          expect(reader.text(10_000)).toBe(text)
          expect(reader.rest()).toEqual(block)
          expect(reader.done).toBe(true)
        },
      ),
    )
  })

  it('a varint has one form and a limit', () => {
    for (const bytes of [[0x80], [0x80, 0x00], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]]) {
      const reader = new Reader(Uint8Array.from(bytes))
      reader.varint()
      expect(reader.ok, String(bytes)).toBe(false)
    }
    const limited = new Reader(Uint8Array.from([5]))
    limited.varint(4)
    expect(limited.ok).toBe(false)
  })

  it('reading past the end fails, stays failed and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        const reader = new Reader(bytes)
        reader.text(20)
        reader.block(10)
        reader.varint()
        reader.u48()
        reader.bytes(100)
        expect(reader.ok).toBe(false)
        expect(reader.left).toBe(0)
        expect(reader.u8()).toBe(0)
        expect(reader.done).toBe(false)
      }),
    )
  })

  it('a length does not make it allocate', () => {
    const reader = new Reader(new Writer().varint(2 ** 50).finish())
    expect(reader.bytes(reader.varint()).length).toBe(0)
    expect(reader.ok).toBe(false)
  })

  it('ill-formed UTF-8 is refused', () => {
    expect(utf8Decode(Uint8Array.from([0xc3]))).toBe(undefined)
    expect(utf8Decode(utf8Encode('\ufeffé'))).toBe('\ufeffé')
  })
})

function pack(frames: readonly Uint8Array[]): Uint8Array[] {
  const packets: Uint8Array[] = []
  const packer = new Packer()
  for (const frame of frames) packer.add(frame, packet => packets.push(packet))
  packer.flush(packet => packets.push(packet))
  return packets
}

describe('packets', () => {
  const sizes = fc.array(
    fc.oneof(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 60_000 }),
      fc.constantFrom(16_379, 16_380, 16_381, 16_384),
    ),
    { maxLength: 12 },
  )

  it('carry frames of any size, in order, in packets of at most 16 KiB', () => {
    fc.assert(
      fc.property(sizes, lengths => {
        const frames = lengths.map((length, i) => new Uint8Array(length).fill(i + 1))
        const packets = pack(frames)
        const unpacker = new Unpacker()
        const read: Uint8Array[] = []
        for (const packet of packets) {
          expect(packet.length).toBeLessThanOrEqual(MAX_PACKET)
          expect(unpacker.read(packet, (bytes, start, end) => read.push(bytes.slice(start, end)))).toBe('ok')
        }
        expect(read.map(frame => frame.length)).toEqual(lengths)
        for (const [i, frame] of read.entries()) expect(frame.every(byte => byte === i + 1)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  it('small frames of one turn share a packet', () => {
    expect(pack(Array.from({ length: 100 }, () => new Uint8Array(20)))).toHaveLength(1)
  })

  it('a frame that lost a part is dropped, the next one arrives', () => {
    const [first, , ...rest] = pack([new Uint8Array(50_000).fill(1)])
    const next = pack([new Uint8Array(40_000).fill(2)])
    const unpacker = new Unpacker()
    const read: number[] = []
    for (const packet of [first as Uint8Array, ...rest, ...next])
      unpacker.read(packet, (_, start, end) => read.push(end - start))
    expect(read).toEqual([40_000])
  })

  it('bundles may come between the parts of a large frame', () => {
    const large = pack([new Uint8Array(40_000).fill(1)])
    const small = pack([new Uint8Array(5)])[0] as Uint8Array
    const unpacker = new Unpacker()
    const read: number[] = []
    for (const packet of large) {
      unpacker.read(packet, (_, start, end) => read.push(end - start))
      unpacker.read(small, (_, start, end) => read.push(end - start))
    }
    expect(read.filter(length => length === 40_000)).toHaveLength(1)
    expect(read.filter(length => length === 5)).toHaveLength(large.length)
  })

  it('a promised size is refused over the limit and not allocated below it', () => {
    const unpacker = new Unpacker(1000)
    const promise = new Writer().u8(1).varint(0).varint(1001).varint(0).u8(9).finish()
    expect(unpacker.read(promise, () => {})).toBe('too-large')
    expect(unpacker.read(new Uint8Array(MAX_PACKET + 1), () => {})).toBe('too-large')
  })

  it('crumbs are refused: what is kept of a frame is bounded in pieces too', () => {
    const crumb = new Writer().u8(1).varint(0).varint(1_000_000).varint(0).bytes(new Uint8Array(100)).finish()
    expect(new Unpacker().read(crumb, () => {})).toBe('malformed')
  })

  it('garbage never throws', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), packets => {
        const unpacker = new Unpacker()
        for (const packet of packets) unpacker.read(packet, () => {})
      }),
    )
  })
})
