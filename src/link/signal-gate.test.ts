import { describe, expect, it } from 'vitest'
import type { Signal } from './signal.ts'
import { SignalGate } from './signal-gate.ts'

const sdpOf = (digit: string) => `a=fingerprint:sha-256 ${Array(32).fill(digit.repeat(2)).join(':')}\r\n`
const offer: Signal = { type: 'offer', sdp: sdpOf('a') }
const answer: Signal = { type: 'answer', sdp: sdpOf('a') }
const open = { remoteDescription: { sdp: sdpOf('a') } }

describe('the gate of signals', () => {
  it('takes one description, of the other role, until the link is open', () => {
    expect(new SignalGate(true).accepts(offer, undefined)).toBe(false)
    expect(new SignalGate(false).accepts(answer, undefined)).toBe(false)
    const gate = new SignalGate(false)
    expect(gate.accepts(offer, undefined)).toBe(true)
    expect(gate.accepts(offer, undefined)).toBe(false)
  })

  it('takes later ones of the same fingerprint only, and not without end', () => {
    const gate = new SignalGate(false)
    expect(gate.accepts({ type: 'offer', sdp: sdpOf('b') }, open)).toBe(false)
    for (let i = 1; i < 64; i++) expect(gate.accepts(offer, open)).toBe(true)
    expect(gate.accepts(offer, open)).toBe(false)
  })

  it('is asked for a new path by the other side of the one that offers, once the link is open', () => {
    expect(new SignalGate(true).accepts({ type: 'restart' }, undefined)).toBe(false)
    expect(new SignalGate(true).accepts({ type: 'restart' }, open)).toBe(true)
    expect(new SignalGate(false).accepts({ type: 'restart' }, open)).toBe(false)
  })

  it('lets 64 candidates by for each description', () => {
    const gate = new SignalGate(false)
    for (let i = 0; i < 64; i++) expect(gate.exceeds()).toBe(false)
    expect(gate.exceeds()).toBe(true)
    expect(gate.accepts(offer, open)).toBe(true)
    expect(gate.exceeds()).toBe(false)
  })
})
