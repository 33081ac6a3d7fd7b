/**
 * Where the healing of a cut stands, as one peer along it sees it: see heal.ts.
 * @module
 */
const NEVER = Number.POSITIVE_INFINITY

/** What a peer along a cut knows of its healing. */
export class Healing {
  /** When to act; Infinity while nothing is offered. */
  at = NEVER
  /** When the first of it was offered. */
  since = 0
  /** What this peer has asked for, in the name of all. */
  claim: { readonly stream: number; readonly seq: number } | undefined
  /** Somebody has a better claim. */
  outbid = false

  get pending(): boolean {
    return this.at !== NEVER
  }
}
