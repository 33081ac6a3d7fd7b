import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../arguments.ts'
import { DEFAULTS } from '../options.ts'
import type { Phase } from '../report.ts'
import { scenarios } from '../scenarios/index.ts'
import { parseFull } from './arguments.ts'
import { allCases, jobKey, planJobs } from './cases.ts'
import { fitLog, valueAt } from './fit.ts'
import { fill } from './page.ts'
import { plot } from './plot.ts'
import { type Figures, isFinal, keep, leftToDo, type Run, readResults, writeResults } from './results.ts'
import { failureList, growthTable, millionParagraph, plots, targetTable } from './tables.ts'
import { GROWTH, PLOTS, TARGETS } from './targets.ts'

function run(name: string, peers: number, seed: number, figures: Partial<Figures>): Run {
  return {
    key: `${name} ${peers} ${seed}`,
    name,
    peers,
    seed,
    command: `npm run sim -- --peers ${peers}`,
    version: 'v',
    figures: { missed: [], ok: true, ...figures } as Figures,
  }
}

describe('the plan', () => {
  it('has every scenario, and every case that a table asks for', () => {
    const cases = allCases()
    for (const { name } of scenarios) expect(cases.some(({ scenario }) => scenario === name)).toBe(true)
    for (const { of } of [...TARGETS, ...GROWTH].flatMap(({ from }) => from))
      expect(of === '*' || cases.some(({ name }) => name === of), of).toBe(true)
    for (const { plot } of GROWTH) expect(PLOTS[plot]).toBeDefined()
  })

  it.each(['survey', 'survey-faults'])('asks %s only for phases that it holds to a budget', name => {
    const survey = scenarios.find(scenario => scenario.name === name)
    const held = new Set(survey?.budgets({ ...DEFAULTS, ...survey.defaults }).map(({ phase }) => phase))
    const sources = [...TARGETS, ...GROWTH].flatMap(({ from }) => from).filter(({ of }) => of === name)
    expect(sources.length).toBeGreaterThan(0)
    for (const { phases } of sources)
      for (const phase of phases ?? []) expect(held.has(phase), phase).toBe(true)
  })

  it('runs small sizes first, and one seed of every case before the next seed', () => {
    const jobs = planJobs(
      allCases().filter(({ scenario }) => scenario === 'broadcast'),
      [1000, 100],
      3,
      1,
    )
    expect(jobs.map(jobKey)).toEqual([
      'broadcast 100 1',
      'broadcast-loss-5 100 1',
      'broadcast 1000 1',
      'broadcast-loss-5 1000 1',
      'broadcast 1000 2',
      'broadcast-loss-5 1000 2',
      'broadcast 1000 3',
      'broadcast-loss-5 1000 3',
    ])
  })

  it('is chosen by case or by scenario', () => {
    expect(parseFull(['--scenarios', 'direct']).cases.map(({ name }) => name)).toEqual(['direct'])
    expect(parseFull(['--scenarios=mass-kill']).cases).toHaveLength(3)
    expect(() => parseFull(['--scenarios', 'mas-kill'])).toThrow(
      new UsageError('unknown scenario mas-kill: did you mean mass-kill?'),
    )
    expect(() => parseFull(['--seed', '3'])).toThrow(
      new UsageError('unknown option --seed: did you mean --seeds?'),
    )
    expect(() => parseFull(['--peers', '10,x'])).toThrow(UsageError)
  })
})

describe('results', () => {
  it('come back from their file as they were', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tabmesh-results-'))
    const file = join(folder, 'deep', 'latest.json')
    const runs = [run('idle', 10, 1, { delivery: 1 - 1e-7 }), run('idle', 10, 2, { lastHop: 3 })]
    writeResults(file, new Map(runs.map(one => [one.key, one])))
    expect([...readResults(file).values()]).toEqual(runs)
    rmSync(folder, { recursive: true })
    expect(readResults(file).size).toBe(0)
  })

  it('are final with the same code, unless their process ended badly', () => {
    const done = run('idle', 10, 1, {})
    const { figures: _, ...none } = done
    expect(isFinal(done, new Set(['v']))).toBe(true)
    expect(isFinal(done, new Set(['w']))).toBe(false)
    expect(isFinal({ ...none, error: 'ended with SIGKILL' }, new Set(['v']))).toBe(false)
    expect(isFinal({ ...none, error: 'violated links: …' }, new Set(['v']))).toBe(true)
    const cut = run('idle', 10, 1, { stoppedAfter: 'joining' })
    expect(isFinal(cut, new Set(['v']))).toBe(false)
    expect(isFinal({ ...cut, error: 'violated ring: …' }, new Set(['v']))).toBe(true)
  })

  it('of a run that was cut short do not take the place of those of one that came to its end', () => {
    const [whole, cut] = [run('idle', 10, 1, {}), run('idle', 10, 1, { stoppedAfter: 'joining' })]
    const results = new Map([[whole.key, whole]])
    keep(results, cut)
    expect([...results.values()]).toEqual([whole])
    results.clear()
    for (const each of [cut, whole]) {
      keep(results, each)
      expect([...results.values()]).toEqual([each])
    }
  })
})

describe('what is left to do', () => {
  it('is what has no result of this code; results of earlier code are not lost for it', () => {
    const [of] = allCases().filter(({ name }) => name === 'idle')
    const jobs = [1, 2, 3].map(seed => ({ of: of!, peers: 10, seed }))
    const results = new Map([run('idle', 10, 1, {}), run('idle', 10, 2, {})].map(one => [one.key, one]))
    expect(leftToDo(jobs, results, new Set(['v'])).map(jobKey)).toEqual(['idle 10 3'])
    expect(leftToDo(jobs, results, new Set(['w']))).toHaveLength(3)
    expect(results.size).toBe(2)
  })
})

describe('the line through the points', () => {
  it('is found where there is one', () => {
    const fit = fitLog([10, 100, 1000].map(n => ({ n, value: 2 + 3 * Math.log2(n) })))
    expect(fit?.a).toBeCloseTo(2)
    expect(fit?.b).toBeCloseTo(3)
    expect(fit?.r2).toBeCloseTo(1)
    expect(valueAt(fit!, 2 ** 20)).toBeCloseTo(62)
    expect(fitLog([{ n: 10, value: 1 }])).toBeUndefined()
  })
})

describe('the page', () => {
  it('shows the worst seed of a target and says when it is missed', () => {
    const table = targetTable([
      run('direct', 100, 1, { directMeanHops: 99 }),
      run('direct', 1000, 1, { directMeanHops: 7 }),
      run('direct', 1000, 2, { directMeanHops: 8.5 }),
    ])
    expect(table).toContain('| direct messages, mean hops | 8.9 | ≤ 8.00 | 8.50 | 1,000 | 2 | **no** |')
  })

  it('takes a phase of the survey where the row’s own case was not measured at that size', () => {
    const phase = (name: string, duplicatesPerDelivery: number) => ({ name, duplicatesPerDelivery }) as Phase
    const phases = [phase('very first', 0.2), phase('warm', 0), phase('cold', 0.1)]
    const runs = [
      run('cold-senders', 100, 1, { duplicatesPerDelivery: 0.15 }),
      run('survey', 100, 1, { phases }),
      run('survey', 1000, 1, { phases, directMeanHops: 7 }),
    ]
    const table = targetTable(runs)
    expect(table).toContain('| ≤ 0.3000 | 0.2000 | 1,000 | 1 | yes |')
    expect(table).toContain('| direct messages, mean hops | 8.9 | ≤ 8.00 | 7.00 | 1,000 | 1 | yes |')
    expect(table).toContain(
      '| duplicates per delivery, many senders | 0.12–0.88 (GossipSub 5.4) | ≤ 0.0500 | – |',
    )
    expect(growthTable(runs)).toContain('| duplicates, unheard senders | 0.1500 | 0.2000 |')
  })

  it('takes a recovery that never came for the worst', () => {
    const table = targetTable([
      run('mass-kill-5', 1000, 1, { recoveryMs: 100 }),
      run('mass-kill-5', 1000, 2, { recoveryMs: null }),
    ])
    expect(table).toContain('| ≤ 3.0 s | Infinity s | 1,000 | 2 | **no** |')
  })

  it('has means per size, the line, and what it says of a million', () => {
    const runs = [100, 1000].flatMap(n => [
      run('broadcast', n, 1, { meanHops: Math.log2(n) - 0.5 }),
      run('broadcast', n, 2, { meanHops: Math.log2(n) + 0.5 }),
    ])
    expect(growthTable(runs)).toContain('| mean hops between peers | 6.64 | 9.97 | 0.000 + 1.000·log₂ n')
    expect(millionParagraph(runs)).toContain('two peers are 19.93 links apart')
    expect(plots(runs).map(({ file }) => file)).toEqual(['hops.svg'])
  })

  it('lists what failed with its command', () => {
    const bad = run('idle', 10, 1, { missed: ['islands 2, at most 1'] })
    expect(failureList([bad], new Set(['v']))).toContain(
      '- `npm run sim -- --peers 10`: islands 2, at most 1',
    )
    expect(failureList([run('idle', 10, 1, {})], new Set(['v']))).toContain('every budget')
    expect(failureList([run('idle', 10, 1, {})], new Set(['w']))).toContain(
      '1 runs of 1 cases, 1 of them of earlier code',
    )
  })

  it('fills between its markers and leaves the prose alone', () => {
    expect(fill('a <!-- x -->old<!-- /x --> b', 'x', 'new')).toBe('a <!-- x -->\nnew\n<!-- /x --> b')
    expect(() => fill('a', 'x', 'new')).toThrow('<!-- x -->')
  })

  it('draws well-formed plots inside their frame', () => {
    const points = [100, 1000].map(n => ({ n, value: n / 10 }))
    const svg = plot('a < b', 'ms', [{ label: 'x & y', points, fit: fitLog(points) }])
    expect(svg).toContain('a &lt; b, ms')
    const [, width, height] = svg.match(/viewBox="0 0 (\d+) (\d+)"/) ?? []
    for (const [, x, y] of svg.matchAll(/x="([-\d.]+)" c?y="([-\d.]+)"/g)) {
      expect(Number(x)).toBeGreaterThan(0)
      expect(Number(y)).toBeGreaterThan(0)
      // The largest number of peers is centred below its place.
      expect(Number(x)).toBeLessThan(Number(width) - 25)
      expect(Number(y)).toBeLessThan(Number(height))
    }
    // Nothing is drawn over the legend.
    const places = [...svg.matchAll(/cy="([-\d.]+)" r="([\d.]+)"/g)]
    const legend = Number(places.find(([, , radius]) => radius === '3.5')?.[1])
    for (const [, y, radius] of places) if (radius === '2.5') expect(Number(y)).toBeLessThan(legend - 30)
  })
})
