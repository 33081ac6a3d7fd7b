import { describe, expect, it } from 'vitest'
import type { Diagnosis } from '../src/index.ts'
import { judged, LINKED, TROUBLES, type Trouble } from './diagnoses.ts'
import { KINDS } from './kinds.ts'
import { serversGiven } from './services.ts'

/** What a tab in this trouble is told when all goes well. */
function told({ verdict, candidates, stun, turn, remedy, pair, relayed = false }: Trouble): Diagnosis {
  const probe = (ok: boolean) => ({ url: '', ok, ms: 1 })
  return {
    verdict,
    remedy: `${remedy}.`,
    webrtc: true,
    signaling: [probe(true)],
    stun: [probe(stun), probe(stun)],
    turn: turn === undefined ? [] : [probe(turn)],
    candidates,
    peer:
      pair || relayed
        ? {
            peer: 'x' as NonNullable<Diagnosis['peer']>['peer'],
            linked: true,
            relayed,
            local: pair ? (pair[0] ?? 'srflx') : '',
            remote: pair ? (pair[1] ?? 'prflx') : '',
          }
        : undefined,
  }
}

describe('a diagnosis', () => {
  it('is right where all of it is as the network is built', () => {
    for (const trouble of [...TROUBLES, ...LINKED.flat()])
      expect(judged(trouble, null, told(trouble)).faults).toEqual([])
  })

  it('of one trouble is wrong for every other', () => {
    for (const one of TROUBLES)
      for (const other of TROUBLES)
        if (one !== other) expect(judged(one, null, told(other)).faults).not.toEqual([])
  })

  it('is wrong by the name of what is wrong', () => {
    const [home] = TROUBLES as [Trouble]
    const good = told(home)
    const faults = (wrong: Partial<Diagnosis>) => judged(home, null, { ...good, ...wrong }).faults
    expect(faults({ verdict: 'udp-blocked' })).toEqual(['verdict "udp-blocked" instead of "ok"'])
    expect(faults({ remedy: 'Buy a router.' })[0]).toContain('remedy')
    expect(faults({ signaling: [] })[0]).toContain('signaling')
    expect(faults({ webrtc: false })[0]).toContain('webrtc')
  })

  it('of a link needs the link, and its pair of candidates', () => {
    const [[, blocked], [barred]] = LINKED as [[Trouble, Trouble], [Trouble, Trouble]]
    const good = told(blocked)
    const faults = (peer: Partial<NonNullable<Diagnosis['peer']>>) =>
      judged(blocked, 'home', { ...good, peer: { ...(good.peer as never as object), ...peer } as never })
        .faults
    expect(faults({ local: 'srflx' })).toEqual(['own candidate srflx instead of relay'])
    expect(faults({ remote: '' })).toEqual(['other candidate  instead of any type'])
    expect(faults({ linked: false })[0]).toBe('linked false instead of true')
    expect(faults({ relayed: true })[0]).toBe('relayed true instead of false')
    expect(judged(barred, 'symmetric', told(barred))).toMatchObject({ pair: null, relayed: true })
    expect(judged(blocked, 'home', good)).toMatchObject({ peer: 'home', pair: ['relay', 'prflx'] })
  })
})

describe('the troubles', () => {
  it('are there behind every kind of router, and with every kind of TURN', () => {
    expect(new Set(TROUBLES.map(({ kind }) => kind))).toEqual(
      new Set(KINDS.filter(kind => kind !== 'public')),
    )
    expect(new Set(TROUBLES.map(({ given }) => given))).toEqual(
      new Set(['stun', 'udp', 'tcp', 'wrong password']),
    )
  })

  it('ask two STUN servers, as one cannot show a symmetric NAT', () => {
    for (const { given } of TROUBLES) {
      const [stun, turn] = serversGiven(given)
      expect(new Set(stun?.urls).size).toBe(2)
      expect(turn === undefined).toBe(given === 'stun')
    }
    expect(serversGiven('tcp')[1]?.urls).toMatch(/^turn:.*transport=tcp$/)
    expect(serversGiven('wrong password')[1]?.credential).not.toBe(serversGiven('udp')[1]?.credential)
  })
})
