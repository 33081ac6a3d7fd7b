import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fingerprintOf } from '../../link/binding.ts'
import { readSignal } from '../../link/signal.ts'
import { base32, type PeerId } from '../../protocol/id.ts'
import {
  fromUri,
  type Invite,
  isProven,
  MAX_ROUTERS,
  MAX_URLS,
  readInvite,
  readReply,
  tagOf,
  toUri,
  writeInvite,
  writeReply,
} from './code.ts'
import { decodeDescription, encodeDescription } from './description.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const peers = bytes(32).map(id => base32(id) as PeerId)

const FINGERPRINT = Array.from({ length: 32 }, (_, i) =>
  (i * 7).toString(16).padStart(2, '0').slice(-2),
).join(':')
/** What Chromium says, with the candidates in question. */
function sdpOf(...candidates: string[]): string {
  return [
    'v=0',
    'o=- 8136521397312312132 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'a=extmap-allow-mixed',
    'a=msid-semantic: WMS',
    'm=application 52119 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 203.0.113.7',
    ...candidates.map(candidate => `a=candidate:${candidate}`),
    'a=ice-ufrag:hT3d',
    'a=ice-pwd:q7Uu6Zs8+aS/dwv1mB6yRl3J',
    'a=ice-options:trickle',
    `a=fingerprint:sha-256 ${FINGERPRINT.toUpperCase()}`,
    'a=setup:actpass',
    'a=mid:0',
    'a=sctp-port:5000',
    'a=max-message-size:262144',
    '',
  ].join('\r\n')
}
const CANDIDATES = [
  '3988 1 udp 2113937151 4d3b7b0f-9b2f-4f8c-a3f0-2f8f6d4e9a01.local 52119 typ host generation 0 network-cost 999',
  '1402 1 udp 2113939711 9a1b7b0f-9b2f-4f8c-a3f0-2f8f6d4e9a02.local 60001 typ host generation 0',
  '2020 1 udp 1677729535 203.0.113.7 52119 typ srflx raddr 0.0.0.0 rport 0 generation 0',
  '2021 1 udp 33562623 2001:db8::7:1 3478 typ relay raddr 203.0.113.7 rport 9 generation 0',
  '9 1 tcp 1518280447 10.0.0.1 9 typ host tcptype active generation 0',
]

describe('a description', () => {
  it('keeps what counts, in few bytes', () => {
    const sdp = sdpOf(...CANDIDATES)
    const packed = encodeDescription(JSON.stringify({ type: 'offer', sdp }))
    expect(packed.length).toBeLessThan(160)
    const signal = readSignal(decodeDescription('offer', packed) ?? '')
    if (signal === undefined || !('sdp' in signal)) throw new Error('no description')
    expect(fingerprintOf(signal.sdp)).toEqual(fingerprintOf(sdp))
    expect(signal.sdp).toContain('a=ice-ufrag:hT3d\r\na=ice-pwd:q7Uu6Zs8+aS/dwv1mB6yRl3J\r\n')
    expect(signal.sdp).toContain('a=setup:active')
    const kept = [...signal.sdp.matchAll(/^a=candidate:\d+ 1 udp \d+ (.*?)\r$/gm)].map(match => match[1])
    expect(kept).toEqual([
      '4d3b7b0f-9b2f-4f8c-a3f0-2f8f6d4e9a01.local 52119 typ host',
      '9a1b7b0f-9b2f-4f8c-a3f0-2f8f6d4e9a02.local 60001 typ host',
      '203.0.113.7 52119 typ srflx raddr 0.0.0.0 rport 0',
      '2001:0db8:0000:0000:0000:0000:0007:0001 3478 typ relay raddr 0.0.0.0 rport 0',
    ])
    // Made short again, it is what it was.
    expect(encodeDescription(JSON.stringify(signal))).toEqual(packed)
  })

  it('with too many candidates keeps some of every kind', () => {
    const hosts = Array.from({ length: 20 }, (_, i) => `${i} 1 udp 1 10.0.0.${i} 5000 typ host`)
    const sdp = sdpOf(...hosts, ...CANDIDATES.slice(2, 4))
    const signal = decodeDescription('offer', encodeDescription(JSON.stringify({ type: 'offer', sdp }))) ?? ''
    expect(signal.match(/typ host/g)).toHaveLength(6)
    expect(signal).toContain('typ srflx')
    expect(signal).toContain('typ relay')
  })

  it('of another shape travels as it is', () => {
    const signal = JSON.stringify({ type: 'offer', end: 7 })
    expect(decodeDescription('offer', encodeDescription(signal))).toBe(signal)
  })

  it('never holds a line that somebody else wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), tail => {
        const signal = decodeDescription('answer', Uint8Array.of(1, ...tail))
        if (signal === undefined) return
        const lines = (JSON.parse(signal) as { sdp: string }).sdp.split('\r\n')
        for (const line of lines) expect(line).toMatch(/^([a-z]=[ -~]*|)$/)
      }),
    )
  })
})

const invites: fc.Arbitrary<Invite> = fc.record({
  expiresAt: fc.integer({ min: 0, max: 2 ** 41 }).map(seconds => seconds * 1000),
  discoveryKey: bytes(32),
  key: bytes(32),
  token: bytes(16),
  urls: fc.array(fc.constantFrom('wss://example.org/signal', 'ws://127.0.0.1:8080/'), {
    maxLength: MAX_URLS,
  }),
  routers: fc.array(peers, { maxLength: MAX_ROUTERS }),
  offer: fc.option(fc.constant(JSON.stringify({ type: 'offer', end: 3 })), { nil: undefined }),
})

const signature = new Uint8Array(64).fill(9)
const whole = (invite: Invite): Uint8Array => {
  const unsigned = writeInvite(invite)
  return Uint8Array.of(...unsigned, ...signature)
}

describe('an invite', () => {
  it('is read as it was written, out of an address as well as bare', () => {
    fc.assert(
      fc.property(invites, invite => {
        for (const uri of [toUri(whole(invite)), toUri(whole(invite), 'https://example.org/chat?a=b')])
          expect(readInvite(fromUri(uri) ?? new Uint8Array())).toMatchObject({ ...invite, signature })
      }),
    )
  })

  it('survives what e-mail does to it, and other fragments', () => {
    const code = toUri(Uint8Array.of(1, 2, 3, 250, 251, 252, 253)).slice('tabmesh:'.length)
    const expected = fromUri(code)
    expect(expected).toEqual(Uint8Array.of(1, 2, 3, 250, 251, 252, 253))
    for (const text of [
      ` tabmesh:${code}\n`,
      `https://a.b/#x=1&tabmesh=${code}&y=2`,
      `${code.slice(0, 4)}\r\n ${code.slice(4)}`,
    ])
      expect(fromUri(text)).toEqual(expected)
  })

  it('with an offer as browsers make them is scanned easily: under 600 characters', () => {
    const invite = {
      expiresAt: 1_790_000_000_000,
      discoveryKey: new Uint8Array(32),
      key: new Uint8Array(32),
      token: new Uint8Array(16),
      urls: ['wss://signal.example.org/signal'],
      routers: [base32(new Uint8Array(32)) as PeerId],
      offer: JSON.stringify({ type: 'offer', sdp: sdpOf(...CANDIDATES.slice(0, 3)) }),
    }
    expect(toUri(whole(invite), 'https://example.org/chat').length).toBeLessThan(600)
    expect(toUri(whole({ ...invite, offer: undefined, routers: [] })).length).toBeLessThan(300)
  })

  it('that is garbage, cut short or grown is none, without an exception', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), garbage => void readInvite(garbage)))
    fc.assert(fc.property(fc.string({ maxLength: 300 }), garbage => void fromUri(garbage)))
    fc.assert(
      fc.property(invites, fc.nat(), (invite, at) => {
        const code = whole(invite)
        expect(readInvite(code.subarray(0, at % code.length))).toBeUndefined()
        expect(readInvite(Uint8Array.of(...code, 0))).toBeUndefined()
      }),
    )
    expect(fromUri('tabmesh:')).toBeUndefined()
    expect(fromUri('https://example.org/')).toBeUndefined()
    expect(fromUri('A'.repeat(65_537))).toBeUndefined()
  })

  it('names no server that is not reached by a WebSocket', () => {
    const invite = fc.sample(invites, 1)[0] as Invite
    for (const url of ['https://example.org', 'javascript:alert(1)', 'wss://', 'wss://a b', 'wss://a#b'])
      expect(readInvite(whole({ ...invite, urls: [url] }))).toBeUndefined()
  })
})

describe('a reply', () => {
  const answer = JSON.stringify({ type: 'answer', end: 4 })
  it('is proven by the token of its invite, and by no other', () => {
    fc.assert(
      fc.property(bytes(16), bytes(16), peers, (token, other, peer) => {
        const reply = readReply(writeReply(token, peer, answer))
        if (reply === undefined) throw new Error('unread')
        expect(reply).toMatchObject({ peer, answer, tag: tagOf(token) })
        expect(isProven(token, reply)).toBe(true)
        expect(isProven(other, reply)).toBe(String(token) === String(other))
      }),
    )
  })

  it('that was altered is not', () => {
    const token = new Uint8Array(16).fill(3)
    const code = writeReply(token, base32(new Uint8Array(32)) as PeerId, answer)
    for (let at = 0; at < code.length; at++) {
      const altered = code.slice()
      altered[at] = (altered[at] as number) ^ 1
      const reply = readReply(altered)
      expect(reply !== undefined && isProven(token, reply)).toBe(false)
    }
  })

  it('and an invite are not taken for each other', () => {
    expect(
      readInvite(writeReply(new Uint8Array(16), base32(new Uint8Array(32)) as PeerId, undefined)),
    ).toBeUndefined()
    expect(readReply(whole(fc.sample(invites, 1)[0] as Invite))).toBeUndefined()
  })
})
