import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_SIGNAL, readSignal } from './signal.ts'

const SDP = 'v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n'
const read = (value: unknown) => readSignal(JSON.stringify(value))

describe('a signal', () => {
  it('is a description of one data channel', () => {
    expect(read({ type: 'offer', sdp: SDP })).toEqual({ type: 'offer', sdp: SDP })
    expect(read({ type: 'answer', sdp: SDP, more: 1 })).toEqual({ type: 'answer', sdp: SDP })
  })

  it('is a candidate that says where it belongs', () => {
    for (const where of [{ sdpMid: '0' }, { sdpMLineIndex: 0 }, { sdpMid: '0', sdpMLineIndex: null }]) {
      const candidate = { candidate: 'candidate:1 1 udp 1 10.0.0.1 9 typ host', ...where }
      expect(read({ type: 'candidate', candidate })).toEqual({ type: 'candidate', candidate })
    }
    expect(read({ type: 'candidate', candidate: { candidate: 'x' } })).toBeUndefined()
    expect(read({ type: 'candidate', candidate: { candidate: 'x', sdpMid: 0 } })).toBeUndefined()
    expect(read({ type: 'candidate', candidate: { candidate: 'x', sdpMLineIndex: 0.5 } })).toBeUndefined()
  })

  it('is the wish for a new path', () => {
    expect(read({ type: 'restart', sdp: SDP })).toEqual({ type: 'restart' })
  })

  it('never asks for media, for several channels, or for another negotiation', () => {
    for (const more of ['m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n', SDP]) {
      expect(read({ type: 'offer', sdp: SDP + more })).toBeUndefined()
    }
    expect(read({ type: 'offer', sdp: 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n' })).toBeUndefined()
    expect(read({ type: 'renegotiate', renegotiate: true })).toBeUndefined()
    expect(read({ type: 'offer', sdp: SDP, renegotiate: true })).toEqual({ type: 'offer', sdp: SDP })
    expect(read({ type: 'transceiverRequest', transceiverRequest: { kind: 'video' } })).toBeUndefined()
  })

  it('is bounded in length', () => {
    expect(read({ type: 'offer', sdp: SDP + 'a'.repeat(MAX_SIGNAL) })).toBeUndefined()
  })

  it('is nothing when it is garbage, without an exception', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json()),
        garbage => void expect(readSignal(garbage)).toBeUndefined(),
      ),
    )
  })
})
