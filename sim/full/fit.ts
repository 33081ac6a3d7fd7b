/**
 * How a figure grows with the number of peers: the line a + b·log₂ n with the least squared error.
 * @module
 */

export interface Fit {
  readonly a: number
  readonly b: number
  /** Share of the variance that the line explains; 1 where there is none. */
  readonly r2: number
}

export interface Point {
  readonly n: number
  readonly value: number
}

/** `undefined` with fewer than two sizes. */
export function fitLog(points: readonly Point[]): Fit | undefined {
  if (new Set(points.map(point => point.n)).size < 2) return undefined
  const count = points.length
  const xs = points.map(({ n }) => Math.log2(n))
  const meanX = xs.reduce((sum, x) => sum + x, 0) / count
  const meanY = points.reduce((sum, { value }) => sum + value, 0) / count
  let xx = 0
  let xy = 0
  let yy = 0
  points.forEach(({ value }, i) => {
    const x = (xs[i] as number) - meanX
    xx += x * x
    xy += x * (value - meanY)
    yy += (value - meanY) ** 2
  })
  const b = xy / xx
  const a = meanY - b * meanX
  return { a, b, r2: yy === 0 ? 1 : (xy * xy) / (xx * yy) }
}

export function valueAt(fit: Fit, n: number): number {
  return fit.a + fit.b * Math.log2(n)
}
