/**
 * Where envelopes in transit came from and where they have been tried: the visited set of the depth-first walk,
 * spread over the peers it visits, so that no frame carries a path. Soft state: bounded, and forgotten
 * after a while.
 * @module
 */
import type { LinkId } from '../input.ts'
import { type Address, isAnswer } from './envelope.ts'

/** In place of a link: this peer sent it out itself. */
export const SELF: LinkId = -1

export interface Way {
  /** The link it came over first, or {@link SELF}. */
  readonly back: LinkId
  /** Links it was sent over, in order; the last is the one it is out on. */
  tried: readonly LinkId[]
  readonly at: number
  /** An answer has come by: whatever copies of the question are still about need go no further. */
  answered: boolean
}

export class Ways {
  /** In order of insertion, which is the order of age. */
  private readonly ways = new Map<number, Way>()
  private readonly max: number
  private readonly life: number

  constructor(max: number, life: number) {
    this.max = max
    this.life = life
  }

  get size(): number {
    return this.ways.size
  }

  get(address: Address): Way | undefined {
    return this.ways.get(keyOf(address.way, isAnswer(address.kind)))
  }

  /** The way of the letter or whois that an answer belongs to. */
  asked(way: number): Way | undefined {
    return this.ways.get(keyOf(way, false))
  }

  /** Remembers a way, forgetting what is too old, and the oldest where there is no room. */
  add(address: Address, back: LinkId, tried: readonly LinkId[], now: number): Way {
    const key = keyOf(address.way, isAnswer(address.kind))
    this.ways.delete(key)
    for (const [oldest, way] of this.ways) {
      if (this.ways.size < this.max && way.at + this.life > now) break
      this.ways.delete(oldest)
    }
    const way: Way = { back, tried, at: now, answered: false }
    this.ways.set(key, way)
    return way
  }

  clear(): void {
    this.ways.clear()
  }
}

/**
 * The envelope goes over a link. A new list each time: nearly all ways have one link, and a list that is pushed to takes room
 * for seventeen (V8), times the thousands of ways that a relay remembers.
 */
export function leaveBy(way: Way, link: LinkId): void {
  way.tried = [...way.tried, link]
}

/** An answer passes the peers of its question again, so it has a way of its own. Exact: 49 bits. */
function keyOf(way: number, answer: boolean): number {
  return way * 2 + (answer ? 1 : 0)
}
