/**
 * Which earlier code does the same as the code at hand. Moving a function to another file changes the version of the
 * code and nothing that it does; the hours that ten thousand peers take need not be spent again for it. The runs of the smallest
 * size are the witnesses: when each of them, run again, has left the trace that it left before, runs of the code of before
 * count as runs of this one. A change that shows in larger swarms only (of a bound that a hundred peers never reach) passes
 * unseen: who makes one runs the larger sizes again.
 * @module
 */

/** What is looked at of a run. */
export interface Traced {
  readonly peers: number
  readonly version: string
  /** Earlier versions whose run left the same trace. */
  readonly sameAs?: readonly string[]
  readonly figures?: { readonly traceHash: string }
}

/** Versions that a run remembers. */
const REMEMBERED = 8

/** A run that takes the place of `before`: with the versions of code that left the same trace. */
export function descend<R extends Traced>(run: R, before: R | undefined): R {
  const trace = run.figures?.traceHash
  if (before === undefined || trace === undefined || before.figures?.traceHash !== trace) return run
  const earlier = new Set([...(before.sameAs ?? []), before.version])
  earlier.delete(run.version)
  return earlier.size === 0 ? run : { ...run, sameAs: [...earlier].slice(-REMEMBERED) }
}

/** The versions of code that did what `version` does, itself among them. */
export function alike(runs: Iterable<Traced>, version: string): ReadonlySet<string> {
  const witnesses = smallest([...runs])
  const only = new Set([version])
  if (witnesses.length === 0 || witnesses.some(run => run.version !== version)) return only
  const [first, ...others] = witnesses.map(({ sameAs }) => new Set(sameAs))
  for (const earlier of first ?? []) if (others.every(other => other.has(earlier))) only.add(earlier)
  return only
}

function smallest(runs: readonly Traced[]): Traced[] {
  const peers = Math.min(...runs.map(run => run.peers))
  return runs.filter(run => run.peers === peers)
}
