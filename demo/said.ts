/**
 * Which lines the page has shown, so that none is shown twice: one may come as a message and be found in the past too.
 * The past names no message, so a line is known by its sender, its text and the sender's own time: one moment of one
 * sender is one line, even where a second try sent it again. Lines without a time may be alike, and are counted.
 * @module
 */
import type { PeerId } from 'tabmesh'
import type { ChatLine } from './presence.ts'

/** Kinds of lines remembered; far more than one look into the past brings. */
const MAX_KEPT = 2000

export interface Found {
  readonly from: PeerId
  readonly line: ChatLine
  /** Has come as a message. */
  readonly delivered: boolean
}

const keyOf = (from: PeerId, { at, text }: ChatLine): string => `${from} ${at ?? ''} ${text}`

export class Said {
  private readonly counts = new Map<string, number>()

  /** A line has come or was written; false where it is shown already. */
  add(from: PeerId, line: ChatLine): boolean {
    const key = keyOf(from, line)
    const count = this.counts.get(key) ?? 0
    if (count > 0 && line.at !== undefined) return false
    this.counts.delete(key)
    this.counts.set(key, count + 1)
    for (const oldest of this.counts.keys()) {
      if (this.counts.size <= MAX_KEPT) break
      this.counts.delete(oldest)
    }
    return true
  }

  /** Of lines found in the past, those not shown yet; they count as shown from now on. */
  missing<F extends Found>(found: readonly F[]): F[] {
    const met = new Map<string, number>()
    return found.filter(({ from, line, delivered }) => {
      const key = keyOf(from, line)
      const nth = (met.get(key) ?? 0) + 1
      met.set(key, nth)
      return !delivered && nth > (this.counts.get(key) ?? 0) && this.add(from, line)
    })
  }
}
