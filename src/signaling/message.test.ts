import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idFromBytes } from '../protocol/id.ts'
import { byteLengthOfBase64, fromBase64, toBase64 } from './base64.ts'
import {
  type ClientMessage,
  challengeToSign,
  encodeClientMessage,
  encodeServerMessage,
  MAX_ENVELOPE,
  MAX_MESSAGE,
  MAX_RECORD,
  MAX_SAMPLE,
  parseClientMessage,
  parseServerMessage,
  type ServerMessage,
} from './message.ts'
import { asFields } from './message-fields.ts'

const bytes = (min: number, max = min) => fc.uint8Array({ minLength: min, maxLength: max }).map(toBase64)
const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(idFromBytes)
const time = fc.integer({ min: 0, max: 86_400_000 })
// Most records short: fast-check is slow at making many long arrays.
const sample = fc.array(fc.record({ id, record: bytes(0, 40) }), { maxLength: MAX_SAMPLE })
const is = <T extends string>(type: T) => fc.constant(type)

const clientMessage: fc.Arbitrary<ClientMessage> = fc.oneof(
  fc.record({
    type: is('join'),
    key: bytes(32),
    swarm: id,
    record: bytes(0, MAX_RECORD),
    signature: bytes(64),
  }),
  fc.record({
    type: is('join'),
    key: bytes(32),
    swarm: id,
    record: bytes(134),
    signature: bytes(64),
    resume: fc.constant(true),
  }),
  fc.record({ type: is('envelope'), to: id, data: bytes(0, 3000) }),
  fc.record({ type: fc.constantFrom('sample', 'renew', 'leave') }),
)

const serverMessage: fc.Arbitrary<ServerMessage> = fc.oneof(
  fc.record({ type: is('challenge'), nonce: bytes(32) }),
  fc.record({ type: is('challenge'), nonce: bytes(32), server: fc.string({ maxLength: 261 }) }),
  fc.record({ type: is('joined'), sample, ttl: time, grace: time }),
  fc.record({ type: is('sampled'), sample }),
  fc.record({ type: is('envelope'), to: id, data: bytes(0, 3000) }),
  fc.record({ type: is('renewed') }),
  fc.record({ type: is('left'), peer: id }),
  fc.record({ type: is('absent'), to: id }),
  fc.record({
    type: is('error'),
    code: fc.stringMatching(/^[a-z][a-z-]{0,20}$/),
    message: fc.string({ maxLength: 256 }),
  }),
  fc.record({ type: is('bye'), reason: fc.string({ maxLength: 256 }), retryAfter: time }),
)

describe('messages', () => {
  it('of a client are read as they were written (property)', () => {
    fc.assert(
      fc.property(clientMessage, message => {
        expect(parseClientMessage(encodeClientMessage(message))).toEqual({ ok: true, message })
      }),
    )
  })

  it('of a server are read as they were written (property)', () => {
    fc.assert(
      fc.property(serverMessage, message => {
        expect(parseServerMessage(encodeServerMessage(message))).toEqual({ ok: true, message })
      }),
    )
  })

  it('parsers never throw, whatever text or JSON comes (property)', () => {
    const words = fc.constantFrom(
      'join',
      'envelope',
      'joined',
      'sampled',
      'error',
      'bye',
      'challenge',
      '__proto__',
    )
    const near = fc.dictionary(
      fc.constantFrom(
        'type',
        'to',
        'data',
        'key',
        'sample',
        'nonce',
        'record',
        'code',
        '__proto__',
        'constructor',
      ),
      fc.oneof(words, fc.jsonValue({ maxDepth: 1 })),
    )
    const text = fc.oneof(
      fc.array(fc.nat(0xffff)).map(units => String.fromCharCode(...units)),
      fc.json({ maxDepth: 2 }),
      near.map(fields => JSON.stringify({ v: 1, ...fields })),
    )
    fc.assert(
      fc.property(text, input => {
        for (const parsed of [parseClientMessage(input), parseServerMessage(input)]) {
          if (!parsed.ok && parsed.problem === '') throw new Error('no problem named')
        }
      }),
      { numRuns: 300 },
    )
  })

  it('every field that is missing or of a wrong type is noticed (property)', () => {
    const wrong = fc.constantFrom<unknown>(undefined, null, -1, 0.5, [], {}, true, 'é', 'x'.repeat(70_000), [
      null,
    ])
    const optional = new Set(['v', 'type', 'resume', 'server'])
    const corrupt = (message: object, pick: number, value: unknown) => {
      const fields = Object.keys(message).filter(name => !optional.has(name))
      const name = fields[pick % fields.length]
      return name === undefined
        ? undefined
        : { name, text: JSON.stringify({ v: 1, ...message, [name]: value }) }
    }
    fc.assert(
      fc.property(fc.oneof(clientMessage, serverMessage), fc.nat(), wrong, (message, pick, value) => {
        const corrupted = corrupt(message, pick, value)
        if (corrupted === undefined) return
        // Text for people may be any text, and a sample may be empty.
        if (typeof value === 'string' && value.length < 256 && /message|reason/.test(corrupted.name)) return
        if (corrupted.name === 'sample' && Array.isArray(value) && value.length === 0) return
        expect(parseClientMessage(corrupted.text).ok || parseServerMessage(corrupted.text).ok).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  it('fields a newer side added are ignored', () => {
    const text = '{"v":1,"type":"sample","limit":3,"__proto__":{"x":1}}'
    expect(parseClientMessage(text)).toEqual({ ok: true, message: { type: 'sample' } })
  })

  it('what objects inherit is no field', () => {
    const fields = asFields({})
    expect(fields?.value('constructor')).toBe(undefined)
    expect(fields?.has('__proto__')).toBe(false)
  })

  it('a message over the limit is not parsed', () => {
    expect(parseServerMessage(`${' '.repeat(MAX_MESSAGE)}{}`)).toMatchObject({ ok: false, code: 'malformed' })
  })

  it('a sample has at most 32 peers', () => {
    const entries = (length: number) => Array.from({ length }, () => ({ id: 'a'.repeat(52), record: '' }))
    const text = (length: number) => JSON.stringify({ v: 1, type: 'sampled', sample: entries(length) })
    expect(parseServerMessage(text(32)).ok).toBe(true)
    expect(parseServerMessage(text(33)).ok).toBe(false)
  })
})

describe('the signed challenge', () => {
  it('is the domain, the nonce, the discovery key, the public key and the name of the server', () => {
    const signed = challengeToSign(
      new Uint8Array(32).fill(1),
      'a'.repeat(52),
      new Uint8Array(32).fill(2),
      'x.org',
    )
    const text = Buffer.from(signed).toString('latin1')
    const expected = [
      'tabmesh signaling join 1\0',
      '\x01'.repeat(32),
      '\0'.repeat(32),
      '\x02'.repeat(32),
      'x.org',
    ]
    expect(text).toBe(expected.join(''))
  })
})

describe('base64', () => {
  it('agrees with Node, both ways, at every length (property)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), input => {
        const text = toBase64(input)
        expect(text).toBe(Buffer.from(input).toString('base64'))
        expect(fromBase64(text)).toEqual(input)
        expect(byteLengthOfBase64(text)).toBe(input.length)
      }),
    )
  })

  it('takes the largest envelope', () => {
    const large = new Uint8Array(MAX_ENVELOPE).fill(200)
    expect(Buffer.from(fromBase64(toBase64(large)) ?? []).equals(large)).toBe(true)
  })

  it('never throws (property)', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        const decoded = fromBase64(text)
        if (decoded !== undefined) expect(decoded.length).toBe(byteLengthOfBase64(text))
      }),
    )
  })

  it.each(['a', 'ab', 'abc', 'ab=c', '====', 'a===', 'ab\n=', 'ab__', ' abc'])('refuses %j', text => {
    expect(fromBase64(text)).toBe(undefined)
  })
})
