/**
 * The kinds of networks a tab may sit in, and which pairs of them are measured.
 *
 * @module
 */

/** See docs/LAB.md for what each one is. */
export const KINDS = ['public', 'home', 'symmetric', 'blocked'] as const
export type Kind = (typeof KINDS)[number]

/** A pair of networks, once with TURN servers configured and once without. */
export interface Case {
  readonly a: Kind
  readonly b: Kind
  readonly turn: boolean
}

/** How a pair got connected: `turn` through the TURN server, `relayed` through a peer, `null` not at all. */
export type Path = 'direct' | 'turn' | 'relayed' | null

export interface Measured extends Case {
  readonly path: Path
  /** Milliseconds from `join()` to the link; `null` without one. */
  readonly ms: number | null
  /** Why there is no link; left out where there is one. */
  readonly why?: string
}

/** Every pair of kinds, first without TURN and then with it. */
export function allCases(): Case[] {
  const cases: Case[] = []
  for (const turn of [false, true])
    for (const [i, a] of KINDS.entries()) for (const b of KINDS.slice(i)) cases.push({ a, b, turn })
  return cases
}

/** One pair for each way to get connected: what `npm test` has time for. */
export const FEW_CASES: readonly Case[] = [
  { a: 'home', b: 'home', turn: false },
  { a: 'home', b: 'blocked', turn: false },
  { a: 'symmetric', b: 'symmetric', turn: false },
  { a: 'symmetric', b: 'symmetric', turn: true },
]

/**
 * Whether the hosts of a network are given TURN servers. Those of one without UDP always are: browsers offer each other no
 * ICE-TCP (RFC 6544), so that such a host reaches no peer at all, not even one that would relay for it.
 */
export function hasTurn(kind: Kind, turn: boolean): boolean {
  return turn || kind === 'blocked'
}
