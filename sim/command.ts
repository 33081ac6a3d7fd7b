/**
 * The simulator command: one scenario, its report, an exit code. See {@link help} for the options.
 * @module
 */
import { commandOf, help, parseArguments, UsageError } from './arguments.ts'
import { CutShort } from './cut-short.ts'
import { exhaust } from './exhaustive/report.ts'
import { type FuzzReport, fuzz, replay } from './fuzz/fuzz.ts'
import { InvariantViolation } from './invariant.ts'
import type { MachineFactory } from './machine.ts'
import { DEFAULTS, type SimOptions } from './options.ts'
import type { Output } from './output.ts'
import { table } from './report.ts'
import { newLab, reportSoFar, runScenario } from './run.ts'
import { scenarios } from './scenarios/index.ts'
import type { World } from './world.ts'

/** Inputs of the guilty peer to show with a violated invariant. */
const STORY = 20

/** A run that is done within this says nothing on its way, real ms. */
const QUIET = 5000

const WIDEST = Math.max(...scenarios.map(({ name }) => name.length))

/** Runs the command and returns its exit code. */
export function main(args: readonly string[], factory: MachineFactory, output: Output): number {
  const names = scenarios.map(scenario => scenario.name)
  try {
    const parsed = parseArguments(args, names)
    if (parsed.switches.has('help')) {
      output.out(help())
      return 0
    }
    if (parsed.switches.has('list')) {
      for (const { name, summary } of scenarios) output.out(`${name.padEnd(WIDEST + 2)}${summary}`)
      return 0
    }
    if (parsed.switches.has('exhaustive')) return exhaust(parsed.switches.has('json'), factory, output)
    const { fuzz: programs, minutes, program } = parsed.instead
    if (program !== undefined) return replay(program, factory, output)
    if (programs !== undefined) {
      // Without a seed every run is another one; the seed is said, so that it can be had again.
      const seed = parsed.options.seed ?? Math.floor(performance.timeOrigin % 1e9)
      const report = fuzz(programs, seed, minutes ?? Number.POSITIVE_INFINITY, factory, output)
      output.out(parsed.switches.has('json') ? JSON.stringify(report) : summary(report))
      return report.failures.length === 0 ? 0 : 1
    }
    const scenario = scenarios.find(candidate => candidate.name === parsed.scenario)
    if (scenario === undefined) throw new UsageError(`unknown scenario ${parsed.scenario}`)
    const options: SimOptions = { ...DEFAULTS, ...scenario.defaults, ...parsed.options }
    const lab = newLab(options, factory)
    const say = progress(lab.world, output)
    let last = 'the start'
    lab.onStep = step => {
      last = step
      say(step)
    }
    const begun = performance.now()
    if (minutes !== undefined) lab.world.cutAt = begun + minutes * 60_000
    try {
      const report = runScenario(scenario, lab)
      output.out(parsed.switches.has('json') ? JSON.stringify(report) : table(report))
      if (!report.ok)
        output.err(`a budget was missed; again: ${commandOf(scenario.name, options, scenario.defaults)}`)
      return report.ok ? 0 : 1
    } catch (error) {
      if (error instanceof CutShort) {
        const report = reportSoFar(scenario, lab, performance.now() - begun, last)
        output.out(parsed.switches.has('json') ? JSON.stringify(report) : table(report))
        output.err(`cut short after ${last}`)
        return 1
      }
      if (!(error instanceof InvariantViolation)) throw error
      // Hours may lie behind it: what was found by then is told.
      const report = reportSoFar(scenario, lab, performance.now() - begun, last)
      if (parsed.switches.has('json')) output.out(JSON.stringify(report))
      else if (report.phases.length > 0) output.out(table(report))
      output.err(`violated ${error.message}`)
      for (const line of lab.world.trace.recent(error.peer, STORY)) output.err(`  ${line}`)
      output.err(`seed ${options.seed}; again: ${commandOf(scenario.name, options, scenario.defaults)}`)
      return 1
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    output.err(error.message)
    return 2
  }
}

/** A line for each step of a long run, as it is done: its name, the virtual time, all events so far, and its own pace. */
export function progress(world: World, output: Output, clock = () => performance.now()) {
  const begun = clock()
  let before = begun
  let events = 0
  return (step: string): void => {
    const now = clock()
    const pace = ((world.events - events) / Math.max(1, now - before)) * 1000
    before = now
    events = world.events
    if (now - begun < QUIET) return
    const seconds = (world.now / 1000).toFixed(1)
    output.err(
      `${step.padEnd(15)} done at ${seconds.padStart(7)} virtual s, ${events} events, ${pace.toFixed(0)} a second`,
    )
  }
}

function summary({ programs, firstSeed, failures, events, virtualMs, realMs }: FuzzReport): string {
  const hours = (virtualMs / 3_600_000).toFixed(1)
  const cost = `${events} events, ${hours} virtual hours, ${(realMs / 1000).toFixed(0)} s`
  return `${programs} programs from seed ${firstSeed}: ${failures.length} failed; ${cost}`
}
