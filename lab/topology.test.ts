import { describe, expect, it } from 'vitest'
import { lossRules, routerRules } from './nat.ts'
import { PLACES, PREFIX, PUBLIC, placesOf } from './place.ts'
import { topologyScript } from './topology.ts'

describe('the rules of a router', () => {
  it('masquerade; only a symmetric one takes another port for each destination', () => {
    expect(routerRules('home')).toMatch(/oifname "outside" masquerade$/m)
    expect(routerRules('blocked')).toMatch(/oifname "outside" masquerade$/m)
    expect(routerRules('symmetric')).toMatch(/oifname "outside" masquerade fully-random$/m)
  })

  it('let nothing in that was not asked for, and keep early packets from holding a port', () => {
    for (const kind of ['home', 'symmetric', 'blocked'] as const) {
      expect(routerRules(kind)).toContain('hook forward priority 0; policy drop;')
      expect(routerRules(kind)).toContain('iifname "outside" meta l4proto udp drop')
    }
  })

  it('drop UDP of a blocked network before anything lets it out', () => {
    const rules = routerRules('blocked')
      .split('\n')
      .map(line => line.trim())
    expect(rules.indexOf('meta l4proto udp drop')).toBeGreaterThan(0)
    expect(rules.indexOf('meta l4proto udp drop')).toBeLessThan(rules.indexOf('iifname "inside" accept'))
    expect(routerRules('home')).not.toMatch(/^ *meta l4proto udp drop$/m)
  })
})

describe('the script of the networks', () => {
  const script = topologyScript(PLACES, 0)

  it('makes every namespace once, under the prefix by which they are found again', () => {
    const made = [...script.matchAll(/^ip netns add (\S+)$/gm)].map(([, name]) => name)
    const wanted = PLACES.flatMap(({ namespace, router }) => [namespace, ...(router ? [router] : [])])
    expect(made.sort()).toEqual([PUBLIC.namespace, ...wanted].sort())
    for (const name of made) expect(name?.startsWith(PREFIX)).toBe(true)
  })

  it('gives every host a default route: Chromium finds no candidates without one', () => {
    for (const host of [PUBLIC.namespace, ...PLACES.map(place => place.namespace)])
      expect(script).toContain(`ip -n ${host} route add default `)
  })

  it('loses packets at hosts only, and only where that was asked for', () => {
    expect(script).not.toContain('numgen')
    const lossy = topologyScript(PLACES, 10)
    expect(lossy.split(lossRules(10))).toHaveLength(PLACES.length + 2)
    expect(lossRules(10)).toContain('numgen random mod 100 < 10 drop')
  })

  it('ends at the first thing that goes wrong', () => {
    expect(script.startsWith('set -eu\n')).toBe(true)
    expect(topologyScript(placesOf('home', 'public'), 0).split('\n').length).toBeGreaterThan(20)
  })
})
