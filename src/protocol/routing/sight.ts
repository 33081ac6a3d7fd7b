/**
 * The places that a neighbour sees beyond its own neighbours, in ring order: the one nearest to a target is found in seven
 * steps, where walking through all of them was an eighth of what a growing swarm of ten thousand costs.
 * @module
 */
import { RING } from '../id.ts'

/** Steps of the ring to the unit of a horizon's places: 24 bits of an id. */
export const PLACE_UNIT = RING / 2 ** 24

const AROUND = RING / PLACE_UNIT

/** How far from `target` the nearest of some places is, in steps of the ring, clockwise of it and counter-clockwise. */
export class Sight {
  /** Steps from the target clockwise to the first place; Infinity without places. */
  beyond = Number.POSITIVE_INFINITY
  /** The same counter-clockwise. */
  before = Number.POSITIVE_INFINITY

  /** Looks at places in units, ascending. A place in the unit of the target is no step away from it. */
  look(places: Uint32Array, target: number): this {
    const count = places.length
    const unit = Math.floor(target / PLACE_UNIT)
    if (count === 0) {
      this.beyond = Number.POSITIVE_INFINITY
      this.before = Number.POSITIVE_INFINITY
      return this
    }
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((places[middle] as number) < unit) low = middle + 1
      else high = middle
    }
    if (low < count && places[low] === unit) {
      this.beyond = 0
      this.before = 0
      return this
    }
    const next = low < count ? (places[low] as number) : (places[0] as number) + AROUND
    const last = low > 0 ? (places[low - 1] as number) : (places[count - 1] as number) - AROUND
    this.beyond = next * PLACE_UNIT - target
    this.before = target - last * PLACE_UNIT
    return this
  }
}
