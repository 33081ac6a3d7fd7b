/**
 * Where each peer stands in the drawing: this tab in the middle, the others around it in the order of their
 * ids, so that nobody moves but to make room. With both kinds present and room for it, neighbours stand on an inner
 * ring.
 * @module
 */
import type { PeerId } from 'tabmesh'
import type { GraphNode } from './graph.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Frame {
  readonly width: number
  readonly height: number
  /** Pixels kept free for avatars and names: at either side, above and below. */
  readonly side: number
  readonly above: number
  readonly below: number
}

export interface Ellipse {
  readonly centre: Point
  readonly rx: number
  readonly ry: number
}

/** The outer ring of a frame. */
export function outerRing({ width, height, side, above, below }: Frame): Ellipse {
  const rx = Math.max(20, width / 2 - side)
  const ry = Math.max(20, (height - above - below) / 2)
  return { centre: { x: width / 2, y: above + ry }, rx, ry }
}

/** The inner ring's share of the outer one. */
export const INNER = 0.54

/** Below this height of the inner ring, pixels, its avatars would cover the one in the middle. */
const LOWEST_INNER = 60

/** Whether a frame has room for an inner ring. */
export const hasInnerRing = ({ ry }: Ellipse): boolean => ry * INNER >= LOWEST_INNER

/** Base32 counts a … z before 2 … 7; characters do not. */
const ringOrder = (id: PeerId): string =>
  id.replace(/[2-7]/g, digit => String.fromCharCode(digit.charCodeAt(0) + 73))

/** Peers in the order in which one meets them clockwise from `self`. */
export function clockwiseFrom(self: PeerId, peers: readonly PeerId[]): readonly PeerId[] {
  const start = ringOrder(self)
  return peers
    .map(id => ({ id, key: ringOrder(id) }))
    .map(({ id, key }) => ({ id, key: `${key < start ? 1 : 0}${key}` }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ id }) => id)
}

export function ringLayout(nodes: readonly GraphNode[], ring: Ellipse): ReadonlyMap<PeerId, Point> {
  const { centre, rx, ry } = ring
  const places = new Map<PeerId, Point>()
  const self = nodes.find(({ kind }) => kind === 'self')?.id
  if (self === undefined) return places
  places.set(self, centre)
  const clockwise = (...kinds: GraphNode['kind'][]): readonly PeerId[] =>
    clockwiseFrom(
      self,
      nodes.filter(({ kind }) => kinds.includes(kind)).map(({ id }) => id),
    )
  const stand = (peers: readonly PeerId[], reach: number): void =>
    peers.forEach((id, index) => {
      // Half a step off the top: predecessor and successor stand at either side of it.
      const angle = 2 * Math.PI * ((index + 0.5) / peers.length) - Math.PI / 2
      places.set(id, {
        x: centre.x + rx * reach * Math.cos(angle),
        y: centre.y + ry * reach * Math.sin(angle),
      })
    })
  const known = clockwise('known')
  if (known.length === 0 || !hasInnerRing(ring)) {
    stand(clockwise('neighbour', 'known'), 1)
  } else {
    stand(clockwise('neighbour'), INNER)
    stand(known, 1)
  }
  return places
}
