/**
 * `npm run sim -- --fuzz 500`: program after program, each from a seed of its own; every failure with the command
 * that replays it, and a small one that fails in the same way.
 * @module
 */
import type { MachineFactory } from '../machine.ts'
import type { Output } from '../output.ts'
import { generate } from './generate.ts'
import type { Failure } from './judge.ts'
import { play } from './play.ts'
import { formatProgram, type Program, parseProgram } from './program.ts'
import { shrink } from './shrink.ts'

/** Real ms that shrinking one failure may take. */
const SHRINK_FOR = 60_000
/** Real ms between two words of progress. */
const PROGRESS = 10_000
/** After so many failures there is enough to do. */
const ENOUGH = 20
/** Inputs of the peer in question to show. */
const STORY = 20

export interface FuzzFailure extends Failure {
  readonly seed: number
  /** Replays it. */
  readonly command: string
  /** Replays the least program found that fails in the same way. */
  readonly shrunk: string
}

export interface FuzzReport {
  readonly programs: number
  readonly firstSeed: number
  readonly failures: readonly FuzzFailure[]
  readonly events: number
  readonly virtualMs: number
  readonly realMs: number
}

export function commandOfProgram(program: Program): string {
  return `npm run sim -- --program '${formatProgram(program)}'`
}

/** Runs programs of the seeds `first`, `first` + 1 … */
export function fuzz(
  count: number,
  first: number,
  minutes: number,
  factory: MachineFactory,
  output: Pick<Output, 'err'>,
): FuzzReport {
  const begun = performance.now()
  const end = begun + minutes * 60_000
  const failures: FuzzFailure[] = []
  let programs = 0
  let events = 0
  let virtualMs = 0
  let said = begun
  output.err(`fuzz: ${count} programs from seed ${first}`)
  while (programs < count && failures.length < ENOUGH && performance.now() < end) {
    const program = generate(first + programs++)
    const { failure, world } = play(program, factory)
    events += world.events
    virtualMs += world.now
    if (failure !== undefined) failures.push(tell(program, failure, factory, output))
    if (performance.now() - said < PROGRESS) continue
    said = performance.now()
    output.err(`fuzz: ${programs} of ${count} programs, ${failures.length} failures, ${events} events`)
  }
  return { programs, firstSeed: first, failures, events, virtualMs, realMs: performance.now() - begun }
}

function tell(
  program: Program,
  failure: Failure,
  factory: MachineFactory,
  output: Pick<Output, 'err'>,
): FuzzFailure {
  const command = commandOfProgram(program)
  output.err(`FAILED ${failure.kind}: ${failure.detail}`)
  output.err(`  again: ${command}`)
  const until = performance.now() + SHRINK_FOR
  const small = shrink(program, candidate =>
    performance.now() > until ? undefined : play(candidate, factory).failure?.kind === failure.kind,
  )
  const shrunk = commandOfProgram(small)
  output.err(`  small: ${shrunk}`)
  return { ...failure, seed: program.options.seed, command, shrunk }
}

/** Replays one program and tells its end; returns the exit code. */
export function replay(text: string, factory: MachineFactory, output: Output): number {
  const { failure, world } = play(parseProgram(text), factory)
  const hash = world.trace.hash.digest()
  output.out(`${world.events} events, ${(world.now / 1000).toFixed(1)} virtual s, trace hash ${hash}`)
  if (failure === undefined) {
    output.out('all invariants held, and everything is where it is due')
    return 0
  }
  output.err(`FAILED ${failure.kind}: ${failure.detail}`)
  const peer = /peer (\d+)\D*$/.exec(failure.detail)?.[1]
  for (const line of world.trace.recent(Number(peer ?? -1), STORY)) output.err(`  ${line}`)
  return 1
}
