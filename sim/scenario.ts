/**
 * A scenario: a plan for a laboratory, and the budgets its figures must meet.
 * @module
 */
import type { Lab } from './lab.ts'
import type { SimOptions } from './options.ts'
import type { BudgetResult, Report } from './report.ts'

/** A figure of the report and where it must lie. A figure that was not measured misses its budget. */
export interface Budget {
  readonly field: keyof Report
  readonly min?: number
  readonly max?: number
}

export interface Scenario {
  readonly name: string
  /** One line for `--list`. */
  readonly summary: string
  /** Options that this scenario has other defaults for. */
  readonly defaults?: Partial<SimOptions>
  budgets(options: SimOptions): readonly Budget[]
  run(lab: Lab): void
}

export function assess(budget: Budget, value: unknown): BudgetResult {
  const number = typeof value === 'number' ? value : null
  const low = budget.min ?? null
  const high = budget.max ?? null
  const ok = number !== null && (low === null || number >= low) && (high === null || number <= high)
  return { field: budget.field, value: number, min: low, max: high, ok }
}
