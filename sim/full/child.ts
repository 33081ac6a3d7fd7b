/**
 * One run in a process of its own, through the simulator command that a person would use.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { commandOf } from '../arguments.ts'
import { DEFAULTS } from '../options.ts'
import type { Report } from '../report.ts'
import { scenarios } from '../scenarios/index.ts'
import { type Job, jobKey } from './cases.ts'
import type { Figures, Run } from './results.ts'

/** The heap that a process may fill, MB: 10,000 peers are to fit in 8 GB in all. */
const HEAP_MB = 8192
/** As `npm run sim` has it: with a larger one array buffers that are dead already make V8 mark the whole heap (docs/DECISIONS.md). */
const NURSERY_MB = 64
/** A full collection when the heap has grown by so much, per cent: left to itself V8 fills what it may. */
const GROWTH = 50
const LINES_OF_ERROR = 12

export interface Child {
  readonly process: ChildProcess
  /** `undefined` when it was stopped from outside. */
  readonly done: Promise<Run | undefined>
}

/** @param minutes - real minutes until it is cut short */
export function startRun(root: string, job: Job, version: string, minutes: number): Child {
  const { of, peers, seed } = job
  const defaults = scenarios.find(({ name }) => name === of.scenario)?.defaults
  const command = commandOf(of.scenario, { ...DEFAULTS, ...defaults, ...of.options, peers, seed }, defaults)
  const given = command.slice(command.indexOf(' -- ') + 4).split(' ')
  const child = spawn(
    process.execPath,
    [
      `--max-old-space-size=${HEAP_MB}`,
      `--max-semi-space-size=${NURSERY_MB}`,
      `--heap-growing-percent=${GROWTH}`,
      'scripts/run.mjs',
      'sim/cli.ts',
      ...given,
      '--json',
      ...(Number.isFinite(minutes) ? ['--minutes', String(minutes)] : []),
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', chunk => out.push(chunk))
  child.stderr.on('data', chunk => err.push(chunk))
  const base = { key: jobKey(job), name: of.name, peers, seed, command, version }
  const done = new Promise<Run | undefined>(resolve => {
    child.on('close', (code, signal) => {
      const figures = figuresOf(Buffer.concat(out).toString())
      const lines = Buffer.concat(err).toString().trim().split('\n')
      const violated = lines.findIndex(line => line.startsWith('violated'))
      // What it said on its way comes before.
      const start = Math.max(0, violated)
      const story = lines.slice(start, start + LINES_OF_ERROR).join('\n')
      if (figures !== undefined && violated >= 0) {
        const missed = [...figures.missed, lines[violated] ?? '']
        resolve({ ...base, figures: { ...figures, missed }, error: story })
      } else if (figures !== undefined) resolve({ ...base, figures })
      else if (signal === 'SIGTERM') resolve(undefined)
      else resolve({ ...base, error: story || `ended with ${signal ?? code}` })
    })
  })
  return { process: child, done }
}

function figuresOf(text: string): Figures | undefined {
  if (!text.startsWith('{')) return undefined
  const { budgets, ...report } = JSON.parse(text) as Report
  const missed = budgets
    .filter(({ ok }) => !ok)
    .map(
      ({ field, value, min, max }) =>
        `${field} ${value === null ? null : Number(value.toPrecision(4))}${min === null ? '' : `, at least ${min}`}${max === null ? '' : `, at most ${max}`}`,
    )
  if (report.stoppedAfter != null) missed.push(`cut short after ${report.stoppedAfter}`)
  return { ...report, missed }
}
