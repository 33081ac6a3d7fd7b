/**
 * A set of sequence numbers as sorted, disjoint, inclusive ranges: what a peer has of a stream. A stream that
 * arrives in order is one range, whatever its length; a set never holds more ranges than it is allowed.
 * @module
 */
export class RangeSet {
  /** The only range there is, empty when it ends before it begins: sets of thousands of streams have no array for it. */
  private from = 1
  private to = 0
  /** Two ranges or more: start, end, start, end, …; ascending, with at least one number missing between two. */
  private bounds: number[] | undefined = undefined

  /** Ranges in the set. */
  get count(): number {
    return this.bounds === undefined ? (this.to < this.from ? 0 : 1) : this.bounds.length / 2
  }

  /** The lowest number; `undefined` when empty. */
  get first(): number | undefined {
    return this.count === 0 ? undefined : this.start(0)
  }

  /** The highest number; `undefined` when empty. */
  get last(): number | undefined {
    const { count } = this
    return count === 0 ? undefined : this.end(count - 1)
  }

  /** Where the range at `index` begins. */
  start(index: number): number {
    return this.bounds === undefined ? this.from : (this.bounds[index * 2] as number)
  }

  /** Where the range at `index` ends, inclusive. */
  end(index: number): number {
    return this.bounds === undefined ? this.to : (this.bounds[index * 2 + 1] as number)
  }

  has(n: number): boolean {
    if (this.bounds === undefined) return this.from <= n && n <= this.to
    const index = this.at(n)
    return index < this.count && this.start(index) <= n
  }

  add(from: number, to = from): void {
    const { bounds } = this
    if (bounds === undefined) {
      if (this.to < this.from) this.only(from, to)
      else if (from <= this.to + 1 && to >= this.from - 1)
        this.only(Math.min(from, this.from), Math.max(to, this.to))
      else this.several(from > this.to ? [this.from, this.to, from, to] : [from, to, this.from, this.to])
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
    if (low - first === 1) {
      // In order, the common case: a range grows.
      bounds[first * 2] = start
      bounds[first * 2 + 1] = end
    } else this.put(first, low, start, end)
  }

  /** Forgets every number below `n`. */
  dropBelow(n: number): void {
    this.remove(0, n - 1)
  }

  /** Forgets the lowest ranges until at most `max` are left. */
  limit(max: number): void {
    if (this.count > max) this.put(0, this.count - max)
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
      this.put(i, i + 1, ...left)
      i += left.length / 2
      if (end > to) return
    }
  }

  clear(): void {
    this.only(1, 0)
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

  /** Puts ranges, start and end by turns, in the place of those from `first` up to `end`. */
  private put(first: number, end: number, ...ranges: number[]): void {
    const bounds = this.bounds ?? (this.count === 0 ? [] : [this.from, this.to])
    bounds.splice(first * 2, (end - first) * 2, ...ranges)
    if (bounds.length > 2) this.several(bounds)
    else this.only(bounds[0] ?? 1, bounds[1] ?? 0)
  }

  private several(bounds: number[]): void {
    this.only(1, 0)
    this.bounds = bounds
  }

  private only(from: number, to: number): void {
    this.from = from
    this.to = to
    this.bounds = undefined
  }
}
