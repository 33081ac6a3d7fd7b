/**
 * The numbers of one sender's letters that have arrived: what makes delivery exactly once. A sender numbers
 * its letters to one peer upwards, so that what has arrived is a few ranges. When there are too many gaps the
 * lowest is closed for good: what is missing below it can no longer be delivered, nor receipted.
 * @module
 */

/** Ranges kept apart: twice the letters that may be in flight (limits.ts), so that gaps of time-outs fit too. */
export const MAX_RANGES = 128

/** `new`: deliver it. `seen`: it was delivered, receipt it again. `stale`: it cannot be known any more. */
export type Sighting = 'new' | 'seen' | 'stale'

export class Seen {
  private floor = -1
  /** Inclusive bounds, ascending, never touching: first, last, first, last … */
  private readonly bounds: number[] = []

  /** Ranges held. */
  get size(): number {
    return this.bounds.length / 2
  }

  add(number: number): Sighting {
    if (number <= this.floor) return 'stale'
    const bounds = this.bounds
    let at = bounds.length
    // From the top, because letters arrive nearly in order.
    while (at > 0 && number < (bounds[at - 2] as number)) at -= 2
    // Now the range before `at` begins at or below the number, and the one at `at` above it.
    const last = at > 0 ? (bounds[at - 1] as number) : Number.NaN
    if (number <= last) return 'seen'
    const joinsBelow = number === last + 1
    const joinsAbove = at < bounds.length && number + 1 === (bounds[at] as number)
    if (joinsBelow && joinsAbove) bounds.splice(at - 1, 2)
    else if (joinsBelow) bounds[at - 1] = number
    else if (joinsAbove) bounds[at] = number
    else bounds.splice(at, 0, number, number)
    if (bounds.length > 2 * MAX_RANGES) {
      this.floor = bounds[1] as number
      bounds.splice(0, 2)
    }
    return 'new'
  }
}
