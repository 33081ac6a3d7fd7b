/**
 * When and how an attempt is repeated: pure formulas.
 * @module
 */
import { Course } from './compass.ts'
import { MAX_BUDGET, TENTATIVE } from './frames.ts'
import type { RoutingLimits } from './limits.ts'

/** By which roads a letter may go; see `Sending.via`. */
export type Via = 'mesh' | 'signaling' | 'any'
export type Road = 'mesh' | 'signaling'

/**
 * The road of an attempt (the first is 1). The signaling server is for what the mesh cannot do: where that is silent, or
 * has come to a dead end twice; then the two take turns. An answer to what came through the server goes there first: who
 * sent it may have no link yet. The application's own data never leaves the mesh.
 */
export function roadOf(
  via: Via,
  attempt: number,
  hasLinks: boolean,
  signalingUp: boolean,
  deadEnds = 0,
): Road {
  if (via === 'mesh' || !signalingUp) return 'mesh'
  if (!hasLinks) return 'signaling'
  const odd = attempt % 2 === 1
  if (via === 'signaling') return odd ? 'signaling' : 'mesh'
  return attempt > 1 && odd === deadEnds > 0 ? 'signaling' : 'mesh'
}

export interface Turn {
  readonly course: Course
  /** Turns against the gradient that the attempt may take. */
  readonly budget: number
}

/** Turns against the gradient of an attempt by the shortest way. With fewer left a walk has been misled (compass.ts). */
export const NEAREST_BUDGET = 4
/** The same of an attempt from one side of the ring. */
const SIDE_BUDGET = 8
/** The same for each of the copies that go out at once: for eight of them it is known by it. */
export const FAN_BUDGET = 16

/** Whether a walk is one of several copies, sent because attempts were swallowed. */
export function isCopy(course: Course, budget: number): boolean {
  return course !== Course.LAST && budget > SIDE_BUDGET && budget < TENTATIVE
}

/**
 * The attempts over the mesh: the shortest way first; then from either side, for other last hops; then a search that
 * does not believe the ring, for a peer that has links but not yet those to its ring neighbours. Where the ring is whole
 * the first three need no budget, so that a peer that is gone costs little.
 */
const TURNS: readonly Turn[] = [
  { course: Course.NEAREST, budget: NEAREST_BUDGET },
  { course: Course.BEYOND, budget: SIDE_BUDGET },
  { course: Course.BEFORE, budget: SIDE_BUDGET },
  { course: Course.LAST, budget: 16 },
]

/** Ends only when its hops run out (relay.ts): for where a walk was spent, which a whole ring does not do to it. */
const SEARCH: Turn = { course: Course.LAST, budget: MAX_BUDGET }

/** The one attempt of a tentative letter: to where the ring would have its peer, and nowhere else. */
const LOOK: Turn = { course: Course.NEAREST, budget: TENTATIVE }

export function turnOf(turn: number, tentative = false): Turn {
  return tentative ? LOOK : (TURNS[turn] ?? SEARCH)
}

/** Whose turn it is after a turn that came to nothing; `astray`: because the walk was spent. */
export function nextTurn(turn: number, astray: boolean): number {
  if (astray) return TURNS.length
  return turn >= TURNS.length ? 0 : (turn + 1) % TURNS.length
}

/** The turn in place of one that looks about a little. */
export function searchInstead(turn: number): number {
  return turn === TURNS.length - 1 ? TURNS.length : turn
}

/** Milliseconds until the attempt after the `deadEnds`-th dead end. */
export function deadEndDelay(limits: RoutingLimits, deadEnds: number): number {
  return Math.min(limits.retryMax, limits.deadEndDelay * 2 ** (deadEnds - 1))
}

/**
 * The retransmission timeout from measured round trips end to end (RFC 6298 §2): smoothed round trip and four
 * deviations; doubled with each attempt, because a lost letter may mean a crowded way.
 */
export class RoundTrip {
  private smoothed = 0
  private deviation = 0
  private readonly limits: RoutingLimits

  constructor(limits: RoutingLimits) {
    this.limits = limits
  }

  /** Takes the round trip of a letter that was sent once (Karn's rule: RFC 6298 §3). */
  measured(milliseconds: number): void {
    if (this.smoothed === 0) {
      this.smoothed = milliseconds
      this.deviation = milliseconds / 2
      return
    }
    this.deviation += (Math.abs(this.smoothed - milliseconds) - this.deviation) / 4
    this.smoothed += (milliseconds - this.smoothed) / 8
  }

  /** Milliseconds to wait for the answer to an attempt (the first is 1) with a body of so many bytes. */
  timeout(attempt: number, bytes: number): number {
    const { retryInitial, retryMin, retryMax, bytesPerMs } = this.limits
    const base = this.smoothed === 0 ? retryInitial : Math.max(retryMin, this.smoothed + 4 * this.deviation)
    return Math.min(retryMax, base * 2 ** (attempt - 1)) + bytes / bytesPerMs
  }
}
