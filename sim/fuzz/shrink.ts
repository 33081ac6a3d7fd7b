/**
 * Makes a failing program small: steps are left out by halves (Zeller & Hildebrandt, "Simplifying and isolating
 * failure-inducing input", 2002), then options are set back and numbers lowered, as long as it fails in the same way.
 * @module
 */
import type { Program, Step } from './program.ts'

/** Whether a program still fails in the way that is looked for; `undefined` when there is no time left. */
type StillFails = (program: Program) => boolean | undefined

/** Ways to lower a number, the boldest first. */
const LOWER: readonly ((n: number) => number)[] = [() => 0, n => Math.floor(n / 2), n => n - 1]

export function shrink(program: Program, stillFails: StillFails): Program {
  let best = program
  let more = true
  /** Takes the candidate if it still fails. */
  const attempt = (candidate: Program): boolean => {
    if (!more) return false
    const fails = stillFails(candidate)
    if (fails === true) best = candidate
    more = fails !== undefined
    return fails === true
  }

  const leaveOutSteps = () => {
    for (let size = Math.ceil(best.steps.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
      for (let from = 0; from < best.steps.length && more; ) {
        const steps = best.steps.filter((_, i) => i < from || i >= from + size)
        if (!attempt({ ...best, steps })) from += size
      }
    }
  }
  const setBackOptions = () => {
    for (const field of Object.keys(best.options)) {
      if (field === 'seed') continue
      const kept = Object.entries(best.options).filter(([name]) => name !== field)
      attempt({ ...best, options: { seed: best.options.seed, ...Object.fromEntries(kept) } })
    }
  }
  const lowerNumbers = () => {
    best.steps.forEach(({ args }, i) => {
      args.forEach((_, arg) => {
        for (const lower of LOWER) {
          for (;;) {
            const now = (best.steps[i] as Step).args[arg] as number
            const less = lower(now)
            if (less >= now || less < 0 || !attempt(withNumber(best, i, arg, less))) break
          }
        }
      })
    })
  }

  for (let before = ''; more && before !== JSON.stringify(best); ) {
    before = JSON.stringify(best)
    leaveOutSteps()
    setBackOptions()
    lowerNumbers()
  }
  return best
}

function withNumber({ options, steps }: Program, at: number, arg: number, value: number): Program {
  const change = ({ name, args }: Step) => ({ name, args: args.map((n, of) => (of === arg ? value : n)) })
  return { options, steps: steps.map((step, i) => (i === at ? change(step) : step)) }
}
