/**
 * sim/results/latest.json: one run per line, written again after each run, so that a run of hours can be stopped
 * and taken up again. A run is done when the code that made it does the same as the code at hand; one of earlier code stays until
 * it is done again.
 * @module
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import type { Report } from '../report.ts'
import { type Job, jobKey } from './cases.ts'
import { descend, type Traced } from './lineage.ts'

/** A report without what the table does not need. */
export type Figures = Omit<Report, 'budgets'> & { readonly missed: readonly string[] }

export interface Run extends Traced {
  /** Name of the case, peers and seed: see `jobKey`. */
  readonly key: string
  readonly name: string
  readonly peers: number
  readonly seed: number
  /** The command that repeats it. */
  readonly command: string
  /** Of the code that made it: see {@link codeVersion}. */
  readonly version: string
  /** `undefined` where the run did not come to its end. */
  readonly figures?: Figures
  /** Why it did not: a violated invariant, or how its process ended. */
  readonly error?: string
}

export type Results = Map<string, Run>

/** Rooms whose code decides what a run does. */
const ROOMS = ['src/protocol', 'src/crypto', 'sim']
/** What only starts runs or shows them, and tests. */
const BESIDE =
  /^sim\/((full|fuzz|exhaustive|testing|results)\/|(cli|command|output)\.ts$)|\.(test|testing|test-support)\.ts$/

/** 16 hexadecimal digits over the sources that a run is made of. */
export function codeVersion(root: string): string {
  const hash = createHash('sha256')
  const files: string[] = []
  for (const room of ROOMS) collect(join(root, room), files)
  const names = files.map(file => relative(root, file).split(sep).join('/'))
  for (const name of names.sort()) {
    if (BESIDE.test(name)) continue
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(root, name)))
      .update('\0')
  }
  return hash.digest('hex').slice(0, 16)
}

function collect(folder: string, files: string[]): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) collect(path, files)
    else if (entry.name.endsWith('.ts')) files.push(path)
  }
}

/** The runs in a file; none where there is no file. */
export function readResults(file: string): Results {
  if (!existsSync(file)) return new Map()
  const { runs } = JSON.parse(readFileSync(file, 'utf8')) as { runs: Run[] }
  return new Map(runs.map(run => [run.key, run]))
}

/** Writes beside the file first: a reader never finds half of it. */
export function writeResults(file: string, results: Results): void {
  mkdirSync(dirname(file), { recursive: true })
  const lines = [...results.values()].map(run => JSON.stringify(run, shorten))
  const beside = `${file}.part`
  writeFileSync(beside, `{"runs":[\n${lines.join(',\n')}\n]}\n`)
  renameSync(beside, file)
}

/** A violated invariant comes again with the same code; what else stopped a run may not. */
export function isFinal(run: Run, versions: ReadonlySet<string>): boolean {
  if (!versions.has(run.version)) return false
  return run.error === undefined ? run.figures?.stoppedAfter == null : run.error.startsWith('violated')
}

/** Takes a run into the results. One that was cut short is no reason to forget one that came to its end. */
export function keep(results: Results, run: Run): void {
  const before = results.get(run.key)
  const isWhole = before?.figures !== undefined && before.figures.stoppedAfter == null
  if (run.figures?.stoppedAfter != null && isWhole) return
  results.set(run.key, descend(run, before))
}

/** The runs that code of these versions has not made to their end. */
export function leftToDo(jobs: readonly Job[], results: Results, versions: ReadonlySet<string>): Job[] {
  return jobs.filter(job => {
    const run = results.get(jobKey(job))
    return run === undefined || !isFinal(run, versions)
  })
}

/** Nine significant digits: shares of 10⁷ deliveries stay exact. */
function shorten(_: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isInteger(value)) return value
  return Number(value.toPrecision(9))
}
