/**
 * The nearest known name to a misspelt one, by edit distance with transpositions (Damerau 1964, in the
 * restricted form): what "did you mean" is made of.
 * @module
 */

/** How many insertions, deletions, replacements and swaps of neighbours turn `a` into `b`; case does not count. */
export function editDistance(a: string, b: string): number {
  const from = a.toLowerCase()
  const to = b.toLowerCase()
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1]
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[to.length] ?? from.length
}

/** The name of `known` that takes the fewest edits; the first of several. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const distance = editDistance(name.slice(0, 64), candidate)
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}
