/**
 * The command line of `npm run sim:full`.
 * @module
 */
import { availableParallelism } from 'node:os'
import { nearest, UsageError } from '../arguments.ts'
import { allCases, type Case } from './cases.ts'

export interface FullArguments {
  readonly cases: readonly Case[]
  readonly sizes: readonly number[]
  readonly seeds: number
  readonly smallSeeds: number
  /** Real minutes; Infinity for as long as it takes. */
  readonly minutes: number
  readonly cores: number
}

export const FULL_HELP = [
  'npm run sim:full -- [options]',
  '',
  'Runs every scenario in processes of their own, writes sim/results/latest.json after each run and renders',
  'docs/SCALE.md and docs/scale/*.svg. Runs that are done with the same code are not done again, nor are',
  'those of earlier code once every run of the smallest size has left its trace of then with this code;',
  'other runs of earlier code stay until they are done again.',
  '',
  '  --peers 100,1000,10000   sizes; the largest gets all seeds',
  '  --seeds 20               seeds at the largest size',
  '  --small-seeds 5          seeds at the other sizes',
  '  --scenarios a,b          only these cases or scenarios; --list names them',
  '  --minutes 600            stop after so many real minutes (no limit); 0 only renders',
  '  --cores 2                processes at once (one per core)',
  '  --list                   names the cases',
  '  --help                   this page',
].join('\n')

const FLAGS = ['peers', 'seeds', 'small-seeds', 'scenarios', 'minutes', 'cores']

/** Throws {@link UsageError}. */
export function parseFull(args: readonly string[]): FullArguments {
  const given = new Map<string, string>()
  for (let i = 0; i < args.length; i++) {
    const [flag = '', inline] = (args[i] as string).replace(/^--/, '').split('=', 2)
    if (!FLAGS.includes(flag))
      throw new UsageError(`unknown option --${flag}: did you mean --${nearest(flag, FLAGS)}?`)
    const value = inline ?? args[++i]
    if (value === undefined) throw new UsageError(`--${flag} needs a value`)
    given.set(flag, value)
  }
  const number = (flag: string, otherwise: number, least = 1): number => {
    const text = given.get(flag)
    if (text === undefined) return otherwise
    const value = Number(text)
    if (!(value >= least) || text.trim() === '')
      throw new UsageError(`--${flag} ${text}: needs a number from ${least}`)
    return value
  }
  const sizes = (given.get('peers') ?? '100,1000,10000').split(',').map(Number)
  if (!sizes.every(size => Number.isInteger(size) && size > 0))
    throw new UsageError(`--peers ${given.get('peers')}: needs integers with commas between`)
  return {
    cases: choose(given.get('scenarios')),
    sizes,
    seeds: number('seeds', 20),
    smallSeeds: number('small-seeds', 5),
    minutes: number('minutes', Number.POSITIVE_INFINITY, 0),
    cores: number('cores', availableParallelism()),
  }
}

function choose(list: string | undefined): Case[] {
  const all = allCases()
  if (list === undefined) return all
  const chosen = new Set<Case>()
  for (const name of list.split(',')) {
    const named = all.filter(candidate => candidate.name === name)
    const found = named.length > 0 ? named : all.filter(candidate => candidate.scenario === name)
    if (found.length === 0) {
      const names = all.flatMap(candidate => [candidate.name, candidate.scenario])
      throw new UsageError(`unknown scenario ${name}: did you mean ${nearest(name, names)}?`)
    }
    for (const one of found) chosen.add(one)
  }
  return [...chosen]
}
