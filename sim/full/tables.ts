/**
 * The tables and the paragraph of docs/SCALE.md, from the runs.
 * @module
 */
import { figureIn } from '../scenario.ts'
import { type Fit, fitLog, type Point, valueAt } from './fit.ts'
import { grouped, plot } from './plot.ts'
import type { Figures, Run } from './results.ts'
import { GROWTH, type Growth, PLOTS, type Source, TARGETS, type Target } from './targets.ts'

const MILLION = 1_000_000

/** Each target at the largest size that it was measured at: the worst of all seeds. */
export function targetTable(runs: readonly Run[]): string {
  const sizes = sizesOf(runs).reverse()
  const lines = [
    '| what | known | reach | worst seed | peers | seeds | met |',
    '|---|---|---|---|---|---|---|',
  ]
  for (const target of TARGETS) {
    const valuesAt = (size: number) =>
      valuesOf(
        runs.filter(({ peers }) => peers === size),
        target.from,
      )
    const size = sizes.find(each => valuesAt(each).length > 0)
    const values = size === undefined ? [] : valuesAt(size)
    const worst = worstOf(values, target)
    const cells = [
      target.what,
      target.known,
      reach(target),
      worst === undefined ? '–' : target.show(worst),
      size === undefined ? '–' : grouped(size),
      values.length,
      worst === undefined ? '–' : meets(worst, target) ? 'yes' : '**no**',
    ]
    lines.push(`| ${cells.join(' | ')} |`)
  }
  return lines.join('\n')
}

/** Figures at each size (mean of the seeds), the line through them, and what it says of a million peers. */
export function growthTable(runs: readonly Run[]): string {
  const sizes = sizesOf(runs)
  const lines = [
    `| figure (mean of seeds) | ${sizes.map(grouped).join(' | ')} | a + b·log₂ n | r² | line at 10⁶ |`,
    `|---|${'---|'.repeat(sizes.length + 3)}`,
  ]
  for (const growth of GROWTH) {
    const points = pointsOf(runs, growth)
    const fit = fitLog(points)
    const cells = sizes.map(size => {
      const mean = meanOf(points.filter(({ n }) => n === size))
      return mean === undefined ? '–' : mean.toFixed(growth.digits)
    })
    lines.push(`| ${[growth.label, ...cells, ...fitCells(fit, growth)].join(' | ')} |`)
  }
  return lines.join('\n')
}

/** What the lines say of a million peers, in words. */
export function millionParagraph(runs: readonly Run[]): string {
  const at = (label: string): string | undefined => {
    const growth = GROWTH.find(candidate => candidate.label === label)
    const fit = growth === undefined ? undefined : fitLog(pointsOf(runs, growth))
    return fit === undefined ? undefined : Math.max(0, valueAt(fit, MILLION)).toFixed(growth?.digits)
  }
  const said: string[] = []
  const say = (label: string, words: (value: string) => string) => {
    const value = at(label)
    if (value !== undefined) said.push(words(value))
  }
  say('mean hops between peers', value => `two peers are ${value} links apart on average`)
  say('last-delivery hop, many senders', value => `the last copy of a broadcast has crossed ${value} links`)
  say('last arrival, many senders, ms', value => `and arrives after ${value} ms`)
  say('last arrival, unheard senders, ms', value => `${value} ms for a sender that nobody has heard before`)
  say('mean hops of direct messages', value => `a direct message takes ${value} hops`)
  say('control bytes, many senders', value => `each delivery costs ${value} B beside the message`)
  say('idle bytes per link per second', value => `an idle link carries ${value} B/s`)
  say(
    'bytes of joining, per peer',
    value => `a peer that joins within a minute of all others has moved ${value} B`,
  )
  say(
    'recovery, 50 % killed, ms',
    value => `after half of them died, the others have everything in ${value} ms`,
  )
  say('routing recovery, 50 % killed, ms', value => `and reach each other at first go in ${value} ms`)
  say('partition healed, ms', value => `two halves that meet again are one in ${value} ms`)
  if (said.length === 0) return 'No figures at two sizes yet.'
  return `By these lines, with 10⁶ peers: ${said.join('; ')}.`
}

/** Every run that missed a budget or did not end, with its command. */
export function failureList(runs: readonly Run[], versions: ReadonlySet<string>): string {
  const lines: string[] = []
  for (const run of runs) {
    const what = run.error ?? run.figures?.missed.join('; ') ?? ''
    if (what !== '') lines.push(`- \`${run.command}\`: ${what.split('\n')[0]}`)
  }
  const cases = new Set(runs.map(({ name }) => name)).size
  const earlier = runs.filter(run => !versions.has(run.version)).length
  const whole = `${runs.length} runs of ${cases} cases${earlier > 0 ? `, ${earlier} of them of earlier code` : ''}`
  if (lines.length === 0)
    return `${whole}; every budget of every scenario was met, no invariant was violated.`
  return [`${whole}; ${lines.length} of them failed:`, '', ...lines].join('\n')
}

/** File name and SVG text of every plot that has something to show. */
export function plots(runs: readonly Run[]): { readonly file: string; readonly svg: string }[] {
  const drawn: { file: string; svg: string }[] = []
  for (const [name, { title, unit }] of Object.entries(PLOTS)) {
    const series = GROWTH.filter(growth => growth.plot === name)
      .map(growth => ({ label: growth.label, points: pointsOf(runs, growth) }))
      .filter(({ points }) => points.length > 0)
      .map(({ label, points }) => ({ label, points, fit: fitLog(points) }))
    if (series.length > 0) drawn.push({ file: `${name}.svg`, svg: plot(title, unit, series) })
  }
  return drawn
}

function reach({ min, max, show }: Target): string {
  return min === undefined ? `≤ ${show(max ?? 0)}` : `${min === 1 ? '' : '≥ '}${show(min)}`
}

function meets(value: number, { min, max }: Target): boolean {
  return (min === undefined || value >= min) && (max === undefined || value <= max)
}

/** A figure that a run should have and has not (it never got there) is the worst there is. */
function worstOf(values: readonly (number | null)[], { max }: Target): number | undefined {
  if (values.length === 0) return undefined
  const nothing = max === undefined ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const known = values.map(value => value ?? nothing)
  return max === undefined ? Math.min(...known) : Math.max(...known)
}

/** The figures that runs of one size have: those of the first source that was measured at all. */
function valuesOf(runs: readonly Run[], from: readonly Source[]): (number | null)[] {
  for (const source of from) {
    const values: (number | null)[] = []
    for (const { name, figures } of runs) {
      if (figures === undefined || (source.of !== '*' && source.of !== name)) continue
      const value = valueIn(figures, source)
      if (value !== undefined) values.push(value)
    }
    if (values.length > 0) return values
  }
  return []
}

/** `undefined` where the run had no such phase, or was stopped before it came to the figure. */
function valueIn(figures: Figures, source: Source): number | null | undefined {
  if (source.phases === undefined) return source.field in figures ? figureIn(figures, source) : undefined
  const { phases, field } = source
  const values = phases.map(phase => figureIn(figures, { phase, field })).filter(value => value != null)
  return values.length === 0 ? undefined : Math.max(...values)
}

function pointsOf(runs: readonly Run[], { from }: Growth): Point[] {
  const points: Point[] = []
  for (const n of sizesOf(runs)) {
    const values = valuesOf(
      runs.filter(({ peers }) => peers === n),
      from,
    )
    for (const value of values) if (value !== null) points.push({ n, value })
  }
  return points
}

function fitCells(fit: Fit | undefined, { digits }: Growth): string[] {
  if (fit === undefined) return ['–', '–', '–']
  const b = Math.abs(fit.b).toFixed(digits + 1)
  const line = `${fit.a.toFixed(digits + 1)} ${fit.b < 0 ? '−' : '+'} ${b}·log₂ n`
  return [line, fit.r2.toFixed(2), Math.max(0, valueAt(fit, MILLION)).toFixed(digits)]
}

function sizesOf(runs: readonly Run[]): number[] {
  return [...new Set(runs.map(({ peers }) => peers))].sort((a, b) => a - b)
}

function meanOf(points: readonly Point[]): number | undefined {
  if (points.length === 0) return undefined
  return points.reduce((sum, { value }) => sum + value, 0) / points.length
}
