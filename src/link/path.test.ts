import { describe, expect, it } from 'vitest'
import { readPath } from './path.ts'

const candidates = [
  ['L', { type: 'local-candidate', candidateType: 'srflx' }],
  ['H', { type: 'remote-candidate', candidateType: 'host' }],
  ['R', { type: 'remote-candidate', candidateType: 'relay' }],
] as const

describe('the path of a connection', () => {
  it('is that of the pair the transport names', () => {
    const report = new Map<string, unknown>([
      ...candidates,
      ['P1', { type: 'candidate-pair', localCandidateId: 'L', remoteCandidateId: 'R' }],
      ['P2', { type: 'candidate-pair', localCandidateId: 'L', remoteCandidateId: 'H' }],
      ['T', { type: 'transport', selectedCandidatePairId: 'P2' }],
    ])
    expect(readPath(report)).toEqual({ kind: 'direct', local: 'srflx', remote: 'host' })
  })

  it('names the address at the other end where the browser shows it', () => {
    const at = (address: unknown) =>
      readPath(
        new Map<string, unknown>([
          ['H', { type: 'remote-candidate', candidateType: 'prflx', address, port: 4711 }],
          ['P', { type: 'candidate-pair', remoteCandidateId: 'H', selected: true }],
        ]),
      ).address
    expect(at('203.0.113.7')).toBe('203.0.113.7:4711')
    expect(at('2001:db8::7')).toBe('[2001:db8::7]:4711')
    for (const hidden of ['', null, undefined, 'a1b2.local']) expect(at(hidden)).toBeUndefined()
  })

  it('is that of the pair marked as selected, as Firefox does, and relayed when either end is', () => {
    const report = new Map<string, unknown>([
      ...candidates,
      ['P', { type: 'candidate-pair', localCandidateId: 'L', remoteCandidateId: 'R', selected: true }],
    ])
    expect(readPath(report)).toEqual({ kind: 'turn', local: 'srflx', remote: 'relay' })
  })

  it('is unknown where the report does not say', () => {
    const unknown = { kind: 'unknown', local: '', remote: '' }
    expect(readPath(new Map())).toEqual(unknown)
    expect(
      readPath(new Map<string, unknown>([['T', { type: 'transport', selectedCandidatePairId: 'gone' }]])),
    ).toEqual(unknown)
  })
})
