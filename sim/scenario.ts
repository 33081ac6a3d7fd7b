/**
 * A scenario: a plan for a laboratory, and the budgets its figures must meet.
 * @module
 */
import type { Lab } from './lab.ts'
import type { SimOptions } from './options.ts'
import type { BudgetResult, Phase, Report } from './report.ts'

/** As much of a report as there is. */
type Found = Partial<Omit<Report, 'budgets'>> & Pick<Report, 'phases'>

/** A figure of the report, or of the phase with a name. */
export type Figure =
  | { readonly field: Exclude<keyof Report, 'budgets'>; readonly phase?: undefined }
  | { readonly field: keyof Phase; readonly phase: string }

/** A figure and where it must lie. A figure that was not measured misses its budget. */
export type Budget = Figure & { readonly min?: number; readonly max?: number }

export interface Scenario {
  readonly name: string
  /** One line for `--list`. */
  readonly summary: string
  /** Options that this scenario has other defaults for. */
  readonly defaults?: Partial<SimOptions>
  budgets(options: SimOptions): readonly Budget[]
  run(lab: Lab): void
}

/** What a figure came to; null where it was not measured, `undefined` where there was no such phase. */
export function figureIn(report: Found, figure: Figure): number | null | undefined {
  let value: unknown
  if (figure.phase === undefined) value = report[figure.field]
  else {
    const phase = report.phases.find(({ name }) => name === figure.phase)
    if (phase === undefined) return undefined
    value = phase[figure.field]
  }
  return typeof value === 'number' ? value : null
}

export function assess(budget: Budget, report: Found): BudgetResult {
  const number = figureIn(report, budget) ?? null
  const low = budget.min ?? null
  const high = budget.max ?? null
  const ok = number !== null && (low === null || number >= low) && (high === null || number <= high)
  const field = budget.phase === undefined ? budget.field : `${budget.field} of ${budget.phase}`
  return { field, value: number, min: low, max: high, ok }
}
