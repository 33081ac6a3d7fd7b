import { describe, expect, it } from 'vitest'
import { alike, descend } from './lineage.ts'
import type { Figures, Run } from './results.ts'

function run(peers: number, version: string, traceHash: string, name = 'idle'): Run {
  const figures = { missed: [], ok: true, traceHash } as unknown as Figures
  return { key: `${name} ${peers} 1`, name, peers, seed: 1, command: '', version, figures }
}

describe('code that was changed and does the same', () => {
  it('is known by the traces of the smallest runs', () => {
    const before = [run(100, 'old', 'a'), run(100, 'old', 'b', 'churn'), run(10_000, 'old', 'c')]
    expect(alike(before, 'new')).toEqual(new Set(['new']))
    const [idle, churn, large] = before as [Run, Run, Run]
    const again = [descend(run(100, 'new', 'a'), idle), descend(run(100, 'new', 'b', 'churn'), churn), large]
    expect(alike(again, 'new')).toEqual(new Set(['new', 'old']))
  })

  it('is not known before all of them have been repeated', () => {
    const runs = [descend(run(100, 'new', 'a'), run(100, 'old', 'a')), run(100, 'old', 'b', 'churn')]
    expect(alike(runs, 'new')).toEqual(new Set(['new']))
  })

  it('is told from code of which a single run took another course', () => {
    const same = descend(run(100, 'new', 'a'), run(100, 'old', 'a'))
    const other = descend(run(100, 'new', 'x', 'churn'), run(100, 'old', 'b', 'churn'))
    expect(other.sameAs).toBeUndefined()
    expect(alike([same, other], 'new')).toEqual(new Set(['new']))
  })

  it('is followed over several changes, and a run that is repeated keeps what it knows', () => {
    const second = descend(run(100, 'second', 'a'), run(100, 'first', 'a'))
    const third = descend(run(100, 'third', 'a'), second)
    expect(alike([third], 'third')).toEqual(new Set(['third', 'first', 'second']))
    expect(descend(run(100, 'third', 'a'), third).sameAs).toEqual(['first', 'second'])
    expect(alike([descend(run(100, 'fourth', 'z'), third)], 'fourth')).toEqual(new Set(['fourth']))
  })

  it('learns nothing from a run without an end', () => {
    const { figures: _, ...broken } = run(100, 'old', 'a')
    expect(descend(run(100, 'new', 'a'), broken).sameAs).toBeUndefined()
    const failed: Run = { ...broken, version: 'new', error: 'ended with 1' }
    expect(descend(failed, run(100, 'old', 'a')).sameAs).toBeUndefined()
    expect(alike([], 'new')).toEqual(new Set(['new']))
  })
})
