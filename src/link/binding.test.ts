import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bindingOf, FINGERPRINT_BYTES, fingerprintOf } from './binding.ts'

const bytes = (n: number) => new Uint8Array(FINGERPRINT_BYTES).fill(n)
const text = (of: Uint8Array) =>
  Array.from(of, byte => byte.toString(16).padStart(2, '0').toUpperCase()).join(':')
const line = (n: number, hash = 'sha-256') => `a=fingerprint:${hash} ${text(bytes(n))}`
const sdp = (...lines: string[]) =>
  ['v=0', ...lines, 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel', ''].join('\r\n')

describe('a fingerprint', () => {
  it('is read from a description, whatever its bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: FINGERPRINT_BYTES, maxLength: FINGERPRINT_BYTES }),
        fingerprint => {
          expect(fingerprintOf(sdp(`a=fingerprint:sha-256 ${text(fingerprint)}`))).toEqual(fingerprint)
        },
      ),
    )
  })

  it('may be given twice, for the session and for the channel, in either case', () => {
    expect(fingerprintOf(sdp(line(171), line(171).toLowerCase()))).toEqual(bytes(171))
    expect(fingerprintOf(sdp(line(171, 'SHA-256')))).toEqual(bytes(171))
  })

  it.each([
    ['is missing', []],
    ['differs from another', [line(1), line(2)]],
    ['is of another hash', [line(1, 'sha-1')]],
    ['stands beside one of another hash', [line(1), line(1, 'sha-512')]],
    [
      'stands beside one that only an engine might read',
      [line(1), ` a = fingerprint: sha-256 ${text(bytes(2))}`],
    ],
    ['is too short', [line(1).slice(0, -3)]],
    ['is too long', [`${line(1)}:00`]],
    ['is no hexadecimal', [line(1).replace('01', 'zz')]],
  ])('that %s is none', (_, lines) => {
    expect(fingerprintOf(sdp(...lines))).toBeUndefined()
  })

  it('of garbage is none, without an exception', () => {
    fc.assert(fc.property(fc.string(), garbage => void expect(fingerprintOf(garbage)).toBeUndefined()))
  })
})

describe('a binding', () => {
  it('is the same from both sides, the initiator first', () => {
    expect(bindingOf(true, bytes(1), bytes(2))).toEqual(bindingOf(false, bytes(2), bytes(1)))
    expect(bindingOf(true, bytes(1), bytes(2)).subarray(0, 32)).toEqual(bytes(1))
  })
})
