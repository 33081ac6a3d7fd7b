import { decode as oracleDecode, encode as oracleEncode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_BODY } from '../protocol/wire/limits.ts'
import { MAX_DEPTH } from './data.ts'
import { decodeData } from './data-decode.ts'
import { encodeData } from './data-encode.ts'
import { MeshError } from './errors.ts'

function roundTrip(data: unknown): unknown {
  const decoded = decodeData(encodeData(data))
  if (decoded.kind === 'drop') throw new Error(`dropped as ${decoded.reason}`)
  return decoded.data
}

function failure(data: unknown): MeshError {
  try {
    encodeData(data)
  } catch (error) {
    if (error instanceof MeshError) return error
    throw error
  }
  throw new Error('it was encoded')
}

const binary = fc.oneof(
  fc.uint8Array(),
  fc.int8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
  fc.uint8Array().map(bytes => bytes.slice().buffer),
  fc.uint8Array().map(bytes => new DataView(bytes.slice().buffer)),
)

const { data } = fc.letrec<{ data: unknown }>(tie => ({
  data: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, undefined, true, false, Number.NaN, -0, 0, '', Number.POSITIVE_INFINITY),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: 'binary' }),
    // Lone surrogates: no UTF-8 for those.
    fc.array(fc.integer({ min: 0, max: 0xffff })).map(units => String.fromCharCode(...units)),
    fc.date({ noInvalidDate: false }),
    binary,
    fc.array(tie('data')),
    fc.dictionary(
      fc.string({ unit: 'binary' }).filter(key => key !== '__proto__'),
      tie('data'),
      { noNullPrototype: true },
    ),
    fc.array(fc.tuple(tie('data'), tie('data'))).map(entries => new Map(entries)),
    fc.array(tie('data')).map(values => new Set(values)),
  ),
}))

describe('data', () => {
  it('comes out with the type and value it went in with', () => {
    fc.assert(
      fc.property(data, value => {
        expect(roundTrip(value)).toStrictEqual(value)
      }),
      { numRuns: 1000 },
    )
  })

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['−0', -0],
    ['NaN', Number.NaN],
    ['the empty string', ''],
    ['no bytes', new Uint8Array(0)],
    ['an invalid Date', new Date(Number.NaN)],
    ['a bigint beyond 64 bits', -(2n ** 200n)],
    ['0n', 0n],
    ['a property that is undefined', { a: undefined }],
    ['a view into a larger buffer', new Uint16Array(new ArrayBuffer(64), 8, 3)],
    ['a key that JavaScript knows', { constructor: 1, toString: 2 }],
    [
      'integers at every boundary',
      [
        127,
        128,
        255,
        256,
        65_535,
        65_536,
        2 ** 32 - 1,
        2 ** 32,
        2 ** 53,
        -1,
        -32,
        -33,
        -128,
        -129,
        -32_768,
        -32_769,
        -(2 ** 31),
        -(2 ** 31) - 1,
      ],
    ],
    ['strings at every length boundary', [31, 32, 255, 256, 65_535, 65_536].map(n => 'x'.repeat(n))],
    ['strings that grow in UTF-8', [31, 16, 128, 255, 40_000].map(n => 'é€'.repeat(n))],
    ['arrays at every length boundary', [15, 16, 65_535, 65_536].map(n => new Array(n).fill(0))],
  ])('keeps %s', (_, value) => {
    expect(roundTrip(value)).toStrictEqual(value)
  })

  it('keeps binary of 1 MiB', () => {
    const bytes = new Uint8Array(2 ** 20).map((_, i) => i * 7)
    expect(Buffer.compare(roundTrip(bytes) as Uint8Array, bytes)).toBe(0)
  })

  it('takes a Buffer for the Uint8Array it is, and a sparse array for its undefineds', () => {
    expect(roundTrip(Buffer.from([1, 2]))).toStrictEqual(new Uint8Array([1, 2]))
    const sparse: number[] = []
    sparse[2] = 1
    expect(roundTrip(sparse)).toStrictEqual([undefined, undefined, 1])
  })

  it('is not changed by what happens to the network buffer later', () => {
    const wire = Buffer.from(encodeData({ bytes: new Uint8Array([1, 2, 3]), floats: new Float32Array([1]) }))
    const decoded = decodeData(wire)
    wire.fill(0xff)
    expect(decoded).toStrictEqual({
      kind: 'data',
      data: { bytes: new Uint8Array([1, 2, 3]), floats: new Float32Array([1]) },
    })
  })

  it('is standard MessagePack where MessagePack has the type', () => {
    // Through JSON once: it has no −0, and neither has the oracle.
    const plain = fc.jsonValue({ stringUnit: 'grapheme' }).map(value => JSON.parse(JSON.stringify(value)))
    fc.assert(
      fc.property(plain, value => {
        fc.pre(!JSON.stringify(value).includes('__proto__'))
        expect(oracleDecode(encodeData(value))).toEqual(value)
        expect(decodeData(oracleEncode(value))).toEqual({ kind: 'data', data: value })
      }),
    )
  })
})

describe('data that cannot be sent', () => {
  class User {}
  it.each<[unknown, string]>([
    [() => 1, 'data is a function'],
    [{ user: { save() {} } }, 'data.user.save is a function'],
    [[1, { 'a b': Symbol('s') }], 'data[1]["a b"] is a symbol'],
    [{ user: new User() }, 'data.user is an instance of User'],
    [new Map([['k', new Set([1, /x/])]]), 'data.get("k").values()[1] is an instance of RegExp'],
    [new Map([[() => 1, 1]]), 'data.keys()[0] is a function'],
    [[new Promise(() => {})], 'data[0] is an instance of Promise'],
    [JSON.parse('{"a":{"__proto__":1}}'), 'data.a.__proto__ is a key that cannot be sent'],
  ])('is refused by its path: %#', (value, message) => {
    expect(failure(value)).toMatchObject({ name: 'MeshError', code: 'unsupported', message })
  })

  it('is refused when it contains itself', () => {
    const cycle: { self?: unknown; big: Uint8Array } = { big: new Uint8Array(1000) }
    cycle.self = [cycle]
    expect(failure(cycle).message).toBe('data.self[0] contains itself')
  })

  it('may encode other data while it is read', () => {
    const nosy = {
      a: 1,
      get b() {
        return encodeData('another').length
      },
      c: 3,
    }
    expect(roundTrip([nosy])).toStrictEqual([{ a: 1, b: 8, c: 3 }])
  })

  it('may hold the same object twice', () => {
    const shared = { a: 1 }
    expect(roundTrip([shared, shared])).toStrictEqual([{ a: 1 }, { a: 1 }])
  })

  it('is refused when it is too deep', () => {
    const nest = (depth: number): unknown => (depth === 0 ? 1 : [nest(depth - 1)])
    expect(roundTrip(nest(MAX_DEPTH))).toStrictEqual(nest(MAX_DEPTH))
    expect(failure(nest(MAX_DEPTH + 1))).toMatchObject({ code: 'unsupported' })
  })

  it.each<[string, () => unknown]>([
    ['100 MiB of bytes', () => new Uint8Array(100 * 2 ** 20)],
    ['a long string', () => 'x'.repeat(MAX_BODY + 1)],
    ['a string that is too long in UTF-8', () => '€'.repeat(MAX_BODY / 2)],
    ['a sparse array', () => new Array(2 ** 32 - 1)],
    ['many small parts', () => Array.from({ length: 17 }, () => new Uint8Array(2 ** 20))],
    ['too many containers', () => Array.from({ length: 2 ** 20 }, () => [])],
    ['bytes that fit and a head that does not', () => new Uint8Array(MAX_BODY)],
  ])('is too large: %s', (_, make) => {
    expect(failure(make()).code).toBe('too-large')
  })

  it('fits to the last byte', () => {
    expect(encodeData(new Uint8Array(MAX_BODY - 5)).length).toBe(MAX_BODY)
  })
})

describe('hostile bytes', () => {
  it('never throw, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
        expect(['data', 'drop']).toContain(decodeData(bytes).kind)
      }),
      { numRuns: 5000 },
    )
  })

  it('never throw when they are almost right', () => {
    fc.assert(
      fc.property(data, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, flip) => {
        const bytes = encodeData(value).slice()
        const i = at % bytes.length
        bytes[i] = (bytes[i] ?? 0) ^ flip
        expect(['data', 'drop']).toContain(decodeData(bytes).kind)
        expect(decodeData(bytes.subarray(0, i)).kind).toBe('drop')
      }),
      { numRuns: 2000 },
    )
  })

  it.each<[string, number[]]>([
    ['an array of four billion', [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ['an object of four billion', [0xdf, 0xff, 0xff, 0xff, 0xff]],
    ['bytes that are not there', [0xc6, 0x7f, 0xff, 0xff, 0xff]],
    ['a string that is not there', [0xdb, 0x7f, 0xff, 0xff, 0xff]],
    ['an extension that is not there', [0xc9, 0x7f, 0xff, 0xff, 0xff, 16]],
    ['text that is not UTF-8', [0xa1, 0xff]],
    ['an unknown extension', [0xd4, 99, 0]],
    ['half an element', [0xd4, 16 + 9, 0]],
    ['a key that is a number', [0x81, 1, 1]],
    ['a key that changes the prototype', [0x81, 0xa9, ...Buffer.from('__proto__'), 0x80]],
    ['a Map with half an entry', [0xc9, 0, 0, 0, 1, 3, 1]],
    ['a Map whose value lies beyond it', [0xc9, 0, 0, 0, 1, 3, 1, 2]],
    ['something after the value', [1, 1]],
    ['nothing', []],
    ['depth', new Array(100_000).fill(0x91)],
  ])('are dropped: %s', (_, bytes) => {
    expect(decodeData(new Uint8Array(bytes))).toEqual({ kind: 'drop', reason: 'malformed' })
  })

  it('become no more than 2²⁰ containers', () => {
    const bytes = new Uint8Array(2 * 2 ** 20).fill(0x90)
    bytes.set([0xdd, 0, 0x1f, 0xff, 0xfb])
    expect(decodeData(bytes)).toEqual({ kind: 'drop', reason: 'too-large' })
  })
})
