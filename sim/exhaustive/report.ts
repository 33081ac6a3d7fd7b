/**
 * `npm run sim -- --exhaustive`: the small worlds, one after the other, and what came of each.
 * @module
 */
import type { MachineFactory } from '../machine.ts'
import type { Output } from '../output.ts'
import { type Explored, explore } from './explore.ts'
import { PLANS } from './plans.ts'

/** States of one world after which it is given up as too large, and says so. */
const MOST_STATES = 200_000

/** Explores all small worlds; returns the exit code. */
export function exhaust(json: boolean, factory: MachineFactory, output: Output): number {
  const found: Explored[] = []
  for (const plan of PLANS) {
    output.err(`exhaustive: ${plan.name}: ${plan.summary}`)
    const explored = explore(plan, factory, MOST_STATES, states =>
      output.err(`exhaustive: ${plan.name}: ${states} states`),
    )
    found.push(explored)
    if (!json) output.out(lineOf(explored))
    if (explored.failure === undefined) continue
    output.err(`FAILED ${explored.failure.detail}`)
    for (const line of explored.failure.story) output.err(`  ${line}`)
  }
  if (json) output.out(JSON.stringify(found))
  return found.every(({ failure }) => failure === undefined) ? 0 : 1
}

function lineOf({ name, states, steps, ends, depth, complete, failure, realMs }: Explored): string {
  const how = failure !== undefined ? 'FAILED' : complete ? 'every state' : `the first ${states} states only`
  const sizes = `${states} states, ${steps} steps, ${ends} ends, ${depth} deep`
  return `${name.padEnd(26)}${how}: ${sizes}; ${(realMs / 1000).toFixed(0)} s`
}
