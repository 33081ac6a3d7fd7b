/**
 * Explores every path of a small world, depth first. A state that was reached before is not explored again. Machines
 * cannot be copied (closures hold them), so a branch is reached by doing the same from the start once more.
 * @module
 */
import type { MachineFactory } from '../machine.ts'
import { type Plan, SmallWorld } from './small-world.ts'

export interface Explored {
  readonly name: string
  readonly summary: string
  /** Different states, and steps between them that were taken. */
  readonly states: number
  readonly steps: number
  /** Different states at the end of a path, all with the goal reached. */
  readonly ends: number
  /** The most steps of a path. */
  readonly depth: number
  /** Whether every state was explored; otherwise the limit on states was met. */
  readonly complete: boolean
  /** What went wrong on the first bad path, and its steps. */
  readonly failure: { readonly detail: string; readonly story: readonly string[] } | undefined
  readonly realMs: number
}

/**
 * @param most - states after which the exploration stops, and says so
 * @param progress - told the number of states each thousand
 */
export function explore(
  plan: Plan,
  factory: MachineFactory,
  most = Number.POSITIVE_INFINITY,
  progress?: (states: number) => void,
): Explored {
  const begun = performance.now()
  const seen = new Set<string>()
  const path: number[] = []
  const story: string[] = []
  let steps = 0
  let ends = 0
  let depth = 0
  let complete = true
  let failure: Explored['failure']

  const again = (): SmallWorld => {
    const small = new SmallWorld(plan, factory)
    for (const index of path) small.choices()[index]?.take()
    return small
  }

  /** Explores from the state that `small` is in, and leaves `small` somewhere else. */
  const visit = (small: SmallWorld): void => {
    const state = small.state()
    if (seen.has(state)) return
    if (seen.size >= most) {
      complete = false
      return
    }
    seen.add(state)
    if (seen.size % 1000 === 0) progress?.(seen.size)
    depth = Math.max(depth, path.length)
    const choices = small.choices()
    if (choices.length === 0) {
      if (!small.isDone()) throw new Error('nothing happens any more, and the goal is not reached')
      ends++
      for (const peer of small.world.live()) small.world.leave(peer)
      return
    }
    if (small.isLate) throw new Error(`the goal is not reached after ${small.world.now.toFixed(0)} ms`)
    for (let i = 0; i < choices.length; i++) {
      const here = i === 0 ? small : again()
      const choice = i === 0 ? choices[0] : here.choices()[i]
      if (choice === undefined) throw new Error('two runs of one path differ')
      path.push(i)
      story.push(choice.text)
      choice.take()
      steps++
      visit(here)
      path.pop()
      story.pop()
      if (!complete) return
    }
  }

  try {
    visit(new SmallWorld(plan, factory))
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    failure = { detail, story: [...story] }
    complete = false
  }
  const realMs = performance.now() - begun
  const { name, summary } = plan
  return { name, summary, states: seen.size, steps, ends, depth, complete, failure, realMs }
}
