/**
 * How badly a link behaves. Points for bad input leak away with time, so that an accident is forgiven and a
 * habit is not.
 * @module
 */
import type { Drop } from './effect.ts'

/** Points at which a link is closed. */
export const LIMIT = 100
/** Points forgiven per second. */
export const LEAK = 1

/** What each reason costs. What an honest peer may cause (a race, a full table) costs little or nothing. */
const POINTS: Readonly<Record<Drop, number>> = {
  malformed: 20,
  'too-large': 50,
  unexpected: 5,
  'bad-signature': 50,
  'bad-seal': 0,
  'bad-record': 10,
  'bad-binding': 100,
  'wrong-swarm': 100,
  'not-for-us': 5,
  'hop-limit': 0,
  replay: 2,
  rate: 1,
  'table-full': 0,
}

export class Score {
  private points = 0
  private at = 0

  /** True when the link has gone too far. */
  add(drop: Drop, now: number): boolean {
    this.points = Math.max(0, this.points - ((now - this.at) / 1000) * LEAK) + POINTS[drop]
    this.at = now
    return this.points >= LIMIT
  }
}
