/**
 * What `npm run sim:full` runs: every scenario, some of them with several options. A scenario that is not named
 * here runs once, as it is.
 * @module
 */
import type { SimOptions } from '../options.ts'
import { scenarios } from '../scenarios/index.ts'

export interface Case {
  /** How tables name it, and how `--scenarios` chooses it; its scenario's name chooses it too. */
  readonly name: string
  readonly scenario: string
  readonly options: Partial<SimOptions>
}

const VARIANTS: readonly Case[] = [
  // First: a run that is cut short has at least this at the largest size.
  { name: 'survey', scenario: 'survey', options: {} },
  { name: 'survey-faults', scenario: 'survey-faults', options: {} },
  { name: 'broadcast', scenario: 'broadcast', options: {} },
  { name: 'broadcast-loss-5', scenario: 'broadcast', options: { loss: 0.05 } },
  { name: 'many-senders', scenario: 'many-senders', options: {} },
  { name: 'many-senders-loss-5', scenario: 'many-senders', options: { loss: 0.05 } },
  { name: 'cold-senders', scenario: 'cold-senders', options: {} },
  { name: 'mass-kill-5', scenario: 'mass-kill', options: { kill: 0.05 } },
  { name: 'mass-kill-20', scenario: 'mass-kill', options: { kill: 0.2 } },
  { name: 'mass-kill-50', scenario: 'mass-kill', options: { kill: 0.5 } },
  // So many that ten thousand peers make 10⁷ deliveries.
  { name: 'churn-1-loss-20', scenario: 'churn', options: { churn: 0.01, loss: 0.2, messages: 1000 } },
  { name: 'partition', scenario: 'partition', options: {} },
  { name: 'partition-one-sided', scenario: 'partition', options: { oneSided: 1 } },
  { name: 'direct', scenario: 'direct', options: {} },
  { name: 'direct-kill-50', scenario: 'direct-kill', options: { kill: 0.5 } },
  { name: 'direct-5-links', scenario: 'direct', options: { maxPeers: 5 } },
]

export function allCases(): Case[] {
  const named = new Set(VARIANTS.map(variant => variant.scenario))
  const others = scenarios.filter(({ name }) => !named.has(name))
  return [...VARIANTS, ...others.map(({ name }) => ({ name, scenario: name, options: {} }))]
}

/** One run: a case at a size with a seed. */
export interface Job {
  readonly of: Case
  readonly peers: number
  readonly seed: number
}

/** The key of a run in the results. */
export function jobKey({ of, peers, seed }: Job): string {
  return `${of.name} ${peers} ${seed}`
}

/**
 * All runs in the order in which they are worth having: small sizes first, then one seed of every case after the
 * other at the largest size, so that a run that is cut short has every case.
 *
 * @param smallSeeds - seeds at all sizes but the largest
 */
export function planJobs(
  cases: readonly Case[],
  sizes: readonly number[],
  seeds: number,
  smallSeeds: number,
): Job[] {
  const jobs: Job[] = []
  const ordered = [...new Set(sizes)].sort((a, b) => a - b)
  const largest = ordered.at(-1)
  for (const peers of ordered) {
    const last = peers === largest ? seeds : Math.min(seeds, smallSeeds)
    for (let seed = 1; seed <= last; seed++) for (const one of cases) jobs.push({ of: one, peers, seed })
  }
  return jobs
}
