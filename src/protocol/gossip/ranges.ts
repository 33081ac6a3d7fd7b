/**
 * A set of sequence numbers as sorted, disjoint, inclusive ranges: what a peer has of a stream. A stream that
 * arrives in order is one range, whatever its length; a set never holds more ranges than it is allowed.
 * @module
 */
export class RangeSet {
  /** start, end, start, end, …; ascending, with at least one number missing between two ranges. */
  private bounds: number[] = []

  /** Ranges in the set. */
  get count(): number {
    return this.bounds.length / 2
  }

  /** The lowest number; `undefined` when empty. */
  get first(): number | undefined {
    return this.bounds[0]
  }

  /** The highest number; `undefined` when empty. */
  get last(): number | undefined {
    return this.bounds[this.bounds.length - 1]
  }

  /** Where the range at `index` begins. */
  start(index: number): number {
    return this.bounds[index * 2] as number
  }

  /** Where the range at `index` ends, inclusive. */
  end(index: number): number {
    return this.bounds[index * 2 + 1] as number
  }

  has(n: number): boolean {
    const index = this.at(n)
    return index < this.count && this.start(index) <= n
  }

  add(from: number, to = from): void {
    const bounds = this.bounds
    const last = bounds.length - 1
    // In order, the common case: the last range grows, or a new one follows it.
    if (last < 0) {
      // Most sets never have a second range; an array that is pushed to takes room for seventeen numbers at once.
      this.bounds = [from, to]
      return
    }
    if (from > (bounds[last] as number) + 1) {
      bounds.push(from, to)
      return
    }
    if (from >= (bounds[last - 1] as number)) {
      if (to > (bounds[last] as number)) bounds[last] = to
      return
    }
    let low = this.at(from - 1)
    let start = from
    let end = to
    const first = low
    while (low < this.count && this.start(low) <= to + 1) {
      start = Math.min(start, this.start(low))
      end = Math.max(end, this.end(low))
      low++
    }
    // Where one range is left of many, the room of the others is let go.
    if (first === 0 && low === this.count) this.bounds = [start, end]
    else bounds.splice(first * 2, (low - first) * 2, start, end)
  }

  /** Forgets every number below `n`. */
  dropBelow(n: number): void {
    const index = this.at(n)
    this.bounds.splice(0, index * 2)
    if (this.bounds.length > 0 && (this.bounds[0] as number) < n) this.bounds[0] = n
  }

  /** Forgets the lowest ranges until at most `max` are left. */
  limit(max: number): void {
    if (this.count > max) this.bounds.splice(0, (this.count - max) * 2)
  }

  /** Adds every range of another set, keeping at most `max`. */
  addAll(other: RangeSet, max: number): void {
    for (let i = 0; i < other.count; i++) this.add(other.start(i), other.end(i))
    this.limit(max)
  }

  /** Forgets `from` … `to`. */
  remove(from: number, to: number): void {
    for (let i = this.at(from); i < this.count && this.start(i) <= to; ) {
      const [start, end] = [this.start(i), this.end(i)]
      const left: number[] = []
      if (start < from) left.push(start, from - 1)
      if (end > to) left.push(to + 1, end)
      this.bounds.splice(i * 2, 2, ...left)
      i += left.length / 2
      if (end > to) return
    }
  }

  clear(): void {
    this.bounds.length = 0
  }

  /** The index of the first range that ends at or above `n`; `count` when there is none. */
  at(n: number): number {
    let low = 0
    let high = this.count
    // The end of the set is where a live stream is.
    if (high > 0 && this.end(high - 1) < n) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.end(middle) < n) low = middle + 1
      else high = middle
    }
    return low
  }
}
