/**
 * Gives property names short ones. Two names may get the same one where no object has both, as two functions
 * may call their variables the same: what is short and frequent compresses best.
 *
 * @module
 */

/** The letters of minified code, the most frequent first. */
const LETTERS = 'etisnroahludcpfgmvywbkxMTA_SE$qzCjRUIPLNFHDOGQWBKVXZYJ'

export interface Naming {
  /** How often each name stands in the code. */
  readonly uses: ReadonlyMap<string, number>
  /** Names that shall be short. */
  readonly names: ReadonlySet<string>
  /** Those that share their short name with no other. */
  readonly alone: ReadonlySet<string>
  /** Those that no two of may be called the same. */
  readonly together: readonly Iterable<string>[]
}

/** Short names, by name. None is what another property in the code is called. */
export function shortNames({ uses, names, alone, together }: Naming): Map<string, string> {
  const apart = new Map<string, Set<string>>()
  for (const group of together) {
    const members = [...group].filter(name => names.has(name))
    for (const name of members) {
      const others = apart.get(name) ?? new Set()
      apart.set(name, others)
      for (const other of members) if (other !== name) others.add(other)
    }
  }
  const frequency = (name: string): number => uses.get(name) ?? 0
  const frequent = [...names].filter(name => uses.has(name))
  frequent.sort((a, b) => frequency(b) - frequency(a) || (a < b ? -1 : 1))
  const free = [...candidates()].filter(short => names.has(short) || !uses.has(short))
  const given = new Map<string, string>()
  const give = (name: string, taken: ReadonlySet<string | undefined>): void => {
    const short = free.find(each => !taken.has(each))
    if (short === undefined) throw new Error('there are no more short names')
    given.set(name, short)
  }
  for (const name of frequent)
    if (!alone.has(name)) give(name, new Set([...(apart.get(name) ?? [])].map(other => given.get(other))))
  // What is called like nothing else comes last: it would keep a short name from all the others.
  for (const name of frequent) if (alone.has(name)) give(name, new Set(given.values()))
  return given
}

/** Methods that every array or string has: a class of ours may extend the platform's. */
const PLATFORM = new Set(['at', 'is', 'of'])

function* candidates(): Generator<string> {
  yield* LETTERS
  for (const first of LETTERS)
    for (const second of `${LETTERS}0123456789`) if (!PLATFORM.has(first + second)) yield first + second
}
