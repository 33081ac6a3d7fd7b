/**
 * The program behind `npm run sim:full`: plans the runs, keeps one process per core busy, writes results and page.
 * @module
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../arguments.ts'
import { FULL_HELP, type FullArguments, parseFull } from './arguments.ts'
import { allCases, type Job, planJobs } from './cases.ts'
import { type Child, startRun } from './child.ts'
import { alike } from './lineage.ts'
import { render } from './page.ts'
import { codeVersion, keep, leftToDo, type Results, type Run, readResults, writeResults } from './results.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FILE = join(ROOT, 'sim', 'results', 'latest.json')

/** What a run that is cut short needs to start and to say what it has found, ms: with 15 s a run of ten thousand peers was ended before it had. */
const LAST_WORDS = 60_000

const say = (line: string) => process.stderr.write(`${line}\n`)

async function runAll(jobs: readonly Job[], given: FullArguments, results: Results, version: string) {
  const begun = performance.now()
  const end = begun + given.minutes * 60_000
  const running = new Set<Child>()
  /** Real ms of the slowest run so far per case and size, the start of the process included. */
  const known = new Map<string, number>()
  for (const run of results.values()) noteTime(known, run)
  let next = 0
  let done = 0
  const stop = () => {
    for (const child of running) child.process.kill('SIGTERM')
  }
  const atEnd = Number.isFinite(end) ? setTimeout(stop, Math.max(0, end - performance.now())) : undefined
  const worker = async () => {
    for (;;) {
      const job = jobs[next++]
      if (job === undefined) return
      // Runs of the smallest size may just have shown that the code does what it did.
      if (leftToDo([job], results, alike(results.values(), version)).length === 0) {
        done++
        continue
      }
      const left = end - performance.now()
      if (left <= (known.get(`${job.of.name} ${job.peers}`) ?? 0)) continue
      const child = startRun(ROOT, job, version, (left - LAST_WORDS) / 60_000)
      running.add(child)
      const run = await child.done
      running.delete(child)
      if (run === undefined) continue
      keep(results, run)
      noteTime(known, run)
      writeResults(FILE, results)
      say(`[${++done} of ${jobs.length}] ${run.key}: ${summary(run)}`)
    }
  }
  await Promise.all(Array.from({ length: given.cores }, worker))
  clearTimeout(atEnd)
  if (done < jobs.length) say(`${jobs.length - done} runs are left; the same command takes them up`)
}

function noteTime(known: Map<string, number>, run: Run): void {
  // What was cut short says what it had found, and may again: how long it would take is not known.
  if (run.figures === undefined || run.figures.stoppedAfter != null) return
  const key = `${run.name} ${run.peers}`
  known.set(key, Math.max(known.get(key) ?? 0, run.figures.realMs))
}

function summary({ figures, error }: Run): string {
  if (figures === undefined) return `FAILED: ${error?.split('\n')[0]}`
  const cost = `${(figures.realMs / 1000).toFixed(1)} s, ${figures.memoryMB.toFixed(0)} MB`
  return figures.ok ? `ok, ${cost}` : `MISSED ${figures.missed.join('; ')}; ${cost}`
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(`${FULL_HELP}\n`)
    return 0
  }
  if (args.includes('--list')) {
    for (const { name, scenario, options } of allCases())
      process.stdout.write(`${name.padEnd(22)}${scenario} ${JSON.stringify(options)}\n`)
    return 0
  }
  const given = parseFull(args)
  const version = codeVersion(ROOT)
  const results = readResults(FILE)
  const all = planJobs(given.cases, given.sizes, given.seeds, given.smallSeeds)
  if (given.minutes > 0) {
    const jobs = leftToDo(all, results, alike(results.values(), version))
    say(`${jobs.length} of ${all.length} runs to do, code ${version}`)
    await runAll(jobs, given, results, version)
  }
  const runs = [...results.values()].sort((a, b) => a.peers - b.peers || a.seed - b.seed)
  render(ROOT, runs, alike(runs, version))
  return runs.every(run => run.figures?.ok === true) ? 0 : 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  say(error.message)
  process.exitCode = 2
}
