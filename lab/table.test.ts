import { describe, expect, it } from 'vitest'
import type { Diagnosed } from './diagnoses.ts'
import type { Measured } from './kinds.ts'
import { pathBetween } from './measure.ts'
import { diagnosisLine, progressOf, tableOf } from './table.ts'

const PAIRS: readonly Measured[] = [
  { a: 'home', b: 'home', turn: false, path: 'direct', ms: 880 },
  { a: 'home', b: 'blocked', turn: false, path: 'turn', ms: 1030 },
  { a: 'symmetric', b: 'symmetric', turn: false, path: 'relayed', ms: 11_234 },
  { a: 'home', b: 'home', turn: true, path: 'direct', ms: 795 },
]

describe('the table', () => {
  it('has a row for each pair and a column for each run, and says what is impossible', () => {
    expect(tableOf({ pairs: PAIRS, failed: 0, loss: 0, diagnoses: [] })).toBe(`\
pair                   no TURN configured          TURN configured
home – home            direct, 0.88 s              direct, 0.80 s
home – blocked *       TURN, 1.03 s
symmetric – symmetric  relayed by a peer, 11.23 s

* A network without UDP reaches no peer by itself, since browsers offer each other no ICE-TCP: not even one that
  would relay for it. Its hosts have TURN over TCP in both columns.
4 of 4 pairs connected
`)
  })

  it('shows a pair without a link, and why', () => {
    const failed: Measured = { a: 'home', b: 'symmetric', turn: true, path: null, ms: null, why: 'no link' }
    const text = tableOf({ pairs: [failed], failed: 1, loss: 10, diagnoses: [] })
    expect(text).toContain('NOT CONNECTED')
    expect(text).toContain('home – symmetric, TURN configured: no link\n')
    expect(text).toContain('0 of 1 pairs connected, with 10 % of packets lost')
    expect(text).not.toContain('*')
  })

  it('is told line by line while it grows', () => {
    expect(PAIRS.slice(1, 2).map(progressOf)).toEqual(['home – blocked, no TURN configured: TURN, 1.03 s'])
  })
})

describe('a diagnosis', () => {
  const told: Diagnosed = {
    kind: 'home',
    given: 'wrong password',
    peer: null,
    verdict: 'turn-refused',
    remedy: 'Check it.',
    candidates: ['host', 'srflx'],
    stun: [true, true],
    turn: [false],
    pair: null,
    relayed: false,
    faults: [],
  }

  it('is a line below the table, with what of it is wrong', () => {
    const line = 'diagnosis of home, TURN, wrong password: turn-refused (host, srflx)'
    expect(tableOf({ pairs: PAIRS, failed: 0, loss: 0, diagnoses: [told] })).toContain(`\n\n${line}\n`)
    expect(diagnosisLine({ ...told, faults: ['a', 'b'] })).toBe(`${line} WRONG: a; b`)
    const linked = {
      ...told,
      given: 'tcp',
      peer: 'blocked',
      verdict: 'ok',
      pair: ['srflx', 'relay'],
    } as const
    expect(diagnosisLine({ ...linked, relayed: true })).toContain(': ok (relayed by a peer)')
    expect(diagnosisLine(linked)).toBe('diagnosis of home – blocked, TURN over TCP: ok (by srflx – relay)')
  })
})

describe('the path of a link', () => {
  const wire = (own: string, other: string, ...types: string[]) => ({ own, other, types })

  it('is that of the connection which both have in common', () => {
    const left = [wire('l1', 'relay', 'relay', 'host'), wire('l2', 'r2', 'srflx', 'prflx')]
    expect(pathBetween(left, [wire('r2', 'l2', 'srflx', 'srflx')])).toBe('direct')
    expect(pathBetween([wire('l2', 'r2', 'prflx', 'relay')], [wire('r2', 'l2', 'relay', 'srflx')])).toBe(
      'turn',
    )
  })

  it('is TURN where only one end knows of it yet', () => {
    const ends = [[wire('l1', 'r1', 'host', 'prflx')], [wire('r1', 'l1', 'relay', 'host')]] as const
    expect(pathBetween(ends[0], ends[1])).toBe('turn')
    expect(pathBetween(ends[1], ends[0])).toBe('turn')
  })

  it('is a peer where they have none in common', () => {
    expect(pathBetween([wire('l1', 'relay', 'relay', 'host')], [wire('r1', 'relay2', 'host', 'host')])).toBe(
      'relayed',
    )
    expect(pathBetween([], [])).toBe('relayed')
  })
})
