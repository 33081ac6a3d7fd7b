/**
 * The course of a link in the drawing: straight to this tab, bowed away from the middle between others, so that
 * hearsay does not run through the centre.
 * @module
 */
import type { Point } from './ring-layout.ts'

/** A quadratic Bézier curve. */
export interface Curve {
  readonly from: Point
  readonly control: Point
  readonly to: Point
}

/** How far a link between others is bowed, as a share of its length … */
const BOW = 0.14
/** … and how much more when it would meet the middle, where this tab stands. */
const WAY_AROUND = 0.2

export function courseOf(from: Point, to: Point, centre: Point, own: boolean): Curve {
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 }
  if (own) return { from, control: middle, to }
  const dx = to.x - from.x
  const dy = to.y - from.y
  const length = Math.hypot(dx, dy) || 1
  const clearance = Math.hypot(middle.x - centre.x, middle.y - centre.y) / length
  const bow = BOW + WAY_AROUND * Math.max(0, 1 - clearance * 4)
  // The normal that points away from the centre; either will do for a link through it.
  const side = -dy * (middle.x - centre.x) + dx * (middle.y - centre.y) < 0 ? -1 : 1
  return { from, control: { x: middle.x - dy * bow * side, y: middle.y + dx * bow * side }, to }
}

/** The point a share `t` of the way along, 0 … 1. */
export function pointAt({ from, control, to }: Curve, t: number): Point {
  const u = 1 - t
  return {
    x: u * u * from.x + 2 * u * t * control.x + t * t * to.x,
    y: u * u * from.y + 2 * u * t * control.y + t * t * to.y,
  }
}

/** The same course in the other direction. */
export function reversed({ from, control, to }: Curve): Curve {
  return { from: to, control, to: from }
}

export function pathData({ from, control, to }: Curve): string {
  const f = (value: number): string => value.toFixed(1)
  return `M${f(from.x)} ${f(from.y)}Q${f(control.x)} ${f(control.y)} ${f(to.x)} ${f(to.y)}`
}
