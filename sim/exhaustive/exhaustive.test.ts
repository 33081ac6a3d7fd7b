import { describe, expect, it } from 'vitest'
import { protocolMachine } from '../protocol-machine.ts'
import { type ToyFault, ToyMachine } from '../testing/toy-machine.ts'
import { explore } from './explore.ts'
import { fingerprint } from './fingerprint.ts'
import { PLANS } from './plans.ts'
import type { Plan } from './small-world.ts'

const TWO: Plan = {
  name: 'two',
  summary: '',
  peers: 2,
  linked: true,
  drops: 0,
  senders: [0],
  eagerPackets: false,
}

function toys(plan: Plan, fault: ToyFault = 'none') {
  return explore(plan, setup => new ToyMachine(setup, fault))
}

describe('a fingerprint', () => {
  it('tells states apart that behave differently, and only those', () => {
    const of = (value: unknown) => fingerprint(value)
    expect(of({ a: new Map([[1, 'x']]), drops: 3 })).toBe(of({ a: new Map([[1, 'x']]), drops: 4 }))
    expect(of({ f: () => 1 })).toBe(of({ f: () => 2 }))
    expect(
      of(
        new Map([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).not.toBe(
      of(
        new Map([
          [3, 4],
          [1, 2],
        ]),
      ),
    )
    expect(of({ a: 1 })).not.toBe(of({ a: '1' }))
    expect(of([Uint8Array.of(1, 2)])).not.toBe(of([Uint8Array.of(1, 3)]))
    expect(of(0)).not.toBe(of(-0))
    const shared = { x: 1 }
    expect(of([shared, shared])).not.toBe(of([shared, { x: 1 }]))
  })

  it('comes to an end where things refer to each other', () => {
    const a: { b?: unknown } = {}
    a.b = { a }
    expect(fingerprint(a)).toHaveLength(22)
  })
})

describe('exploring', () => {
  it('counts every state of a toy once, whatever the order of what is asked', () => {
    const three = { ...TWO, peers: 3 }
    const first = toys(three)
    expect(first).toMatchObject({ complete: true, failure: undefined })
    expect(first.states).toBeGreaterThan(10)
    // Orders that come to the same are met more than once, and explored once.
    expect(first.steps).toBeGreaterThan(first.states)
    expect(toys(three)).toMatchObject({ states: first.states, steps: first.steps, ends: first.ends })
  })

  it('finds the one lost packet that a toy never repairs, and tells its story', () => {
    const { failure, complete } = toys({ ...TWO, drops: 1 })
    expect(complete).toBe(false)
    expect(failure?.detail).toContain('goal is not reached')
    expect(failure?.story.some(line => line.startsWith('LOST link'))).toBe(true)
  })

  it.each([
    ['settles-twice', 'settled-once'],
    ['lies', 'true'],
    ['timer-after-leave', 'silent-after-leave'],
  ] as const)('finds a toy that %s: %s', (fault, invariant) => {
    expect(toys(TWO, fault).failure?.detail).toContain(invariant)
  })

  it('says so when it stopped early', () => {
    expect(explore({ ...TWO, linked: false }, setup => new ToyMachine(setup), 25)).toMatchObject({
      states: 25,
      complete: false,
    })
  })
})

describe('the protocol', () => {
  it('brings a broadcast to both others in every order of events', { timeout: 60_000 }, () => {
    const whole: Plan = { ...TWO, name: 'whole', peers: 3 }
    expect(explore(whole, protocolMachine)).toMatchObject({ failure: undefined, complete: true })
  })

  // A part of each world; `npm run sim -- --exhaustive` explores them whole.
  it.each(PLANS.map(plan => [plan.name, plan] as const))('%s', { timeout: 60_000 }, (_, plan) => {
    const { failure, states } = explore(plan, protocolMachine, 80)
    expect(failure).toBeUndefined()
    expect(states).toBe(80)
  })
})
