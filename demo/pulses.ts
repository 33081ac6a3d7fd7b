/**
 * Dots that run along links where a message passes, from peer to peer.
 * @module
 */
import type { PeerId } from 'tabmesh'
import { type Curve, pointAt } from './curve.ts'
import { svgElement } from './element.ts'

/** Milliseconds along one link: slow enough to follow with the eye. */
export const PULSE = 520
/** More pulses than this at once are noise. */
const MAX_PULSES = 60

/** The course from one peer to the next as it runs now, or `undefined` where that link is gone. */
export type CourseFinder = (from: PeerId, to: PeerId) => Curve | undefined

interface Pulse {
  readonly dot: SVGCircleElement
  readonly way: readonly PeerId[]
  readonly began: number
}

export class Pulses {
  readonly layer = svgElement('g', { 'aria-hidden': 'true' })
  private running: Pulse[] = []

  add(way: readonly PeerId[], now: number): void {
    if (this.running.length >= MAX_PULSES) return
    const dot = svgElement('circle', { class: 'pulse', r: '4', cx: '-20', cy: '-20' })
    this.layer.append(dot)
    this.running.push({ dot, way, began: now })
  }

  /** Moves every dot to where it is now; false when none is left. */
  move(now: number, courseBetween: CourseFinder): boolean {
    this.running = this.running.filter(({ dot, way, began }) => {
      const travelled = Math.max(0, now - began) / PULSE
      const leg = Math.floor(travelled)
      const from = way[leg]
      const to = way[leg + 1]
      const course = from === undefined || to === undefined ? undefined : courseBetween(from, to)
      if (!course) {
        dot.remove()
        return false
      }
      const along = travelled - leg
      const { x, y } = pointAt(course, along * along * (3 - 2 * along))
      dot.setAttribute('cx', x.toFixed(1))
      dot.setAttribute('cy', y.toFixed(1))
      return true
    })
    return this.running.length > 0
  }
}
