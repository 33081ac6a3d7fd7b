/**
 * Which neighbour an envelope goes to next: greedy by ring distance, with one step of look-ahead into what the
 * neighbours say their neighbours are (Manku, Naor & Wieder, "Know thy neighbor's neighbor", STOC 2004).
 *
 * An envelope has a course, which says from which side of the ring it comes near its target. The nearest
 * way is the shortest; the two sides serve retries and detours, because the last hops before the target differ.
 * @module
 */
import { type PeerId, RING, ringPosition } from '../id.ts'
import type { LinkId } from '../input.ts'
import { type Random, unit } from '../random.ts'
import type { PeerRecord } from '../record.ts'
import { PLACE_UNIT, Sight } from './sight.ts'

/** How nearness is measured. The values travel, two bits wide. */
export const Course = {
  /** Whichever way around is shorter. At its nearest peer it becomes the side that this peer is not on. */
  NEAREST: 0,
  /** From the peers clockwise of the target, towards its successor. At its nearest peer it becomes LAST. */
  BEYOND: 1,
  /** From the peers counter-clockwise of the target, towards its predecessor. At its nearest peer it becomes LAST. */
  BEFORE: 2,
  /** As NEAREST, and stays so: a search, whose frames carry where it has been. */
  LAST: 3,
} as const
export type Course = (typeof Course)[keyof typeof Course]

/** An id and where it stands on the ring. */
export interface Place {
  readonly id: PeerId
  readonly at: number
}

export function placeOf(id: PeerId): Place {
  return { id, at: ringPosition(id) }
}

/** What the visited set of a search knows a peer by: the low 16 bits of its place. */
export function markOf(place: Place): number {
  return place.at % 65_536
}

/** A linked peer as routing sees it. */
export interface Neighbour extends Place {
  readonly link: LinkId
  readonly record: PeerRecord
  suspect: boolean
  /** Questions that went to it since it last passed on anything of others. */
  owing: number
  /** Milliseconds; `Infinity` until measured. */
  roundTrip: number
  /** When it last took some of what was sent, where its link tells; `-Infinity` otherwise. */
  takenAt: number
  /** What it says its neighbours are. */
  peers: readonly Place[]
  /** Places further on, in units (sight.ts), as it told them: the first `farNear` of its neighbours' neighbours (horizon.ts). */
  far: Uint32Array
  farNear: number
  /** The first of them, and the others, in ring order. */
  near: Uint32Array
  further: Uint32Array
}

/** Steps around the ring between a place and the target on a course; 0 only for the target itself. */
export function distance(course: Course, place: Place, target: Place): number {
  // Numbers first: two texts that differ are compared letter by letter.
  return place.at === target.at && place.id === target.id ? 0 : stepsBetween(course, place.at, target.at)
}

function stepsBetween(course: Course, place: number, target: number): number {
  const difference = place - target
  const steps = difference === 0 ? 0.5 : difference < 0 ? difference + RING : difference
  if (course === Course.BEYOND) return steps
  if (course === Course.BEFORE) return RING - steps
  return Math.min(steps, RING - steps)
}

/** The course after `course` has come as near as it can, at `place`. */
export function turned(course: Course, place: Place, target: Place): Course {
  if (course !== Course.NEAREST) return Course.LAST
  const isBeyond = distance(Course.BEYOND, place, target) < distance(Course.BEFORE, place, target)
  return isBeyond ? Course.BEFORE : Course.BEYOND
}

export interface Choice {
  readonly neighbour: Neighbour
  /** The least distance to the target that this neighbour, or one of its neighbours, is known to have. */
  readonly reach: number
}

/**
 * The neighbour to go to next, or `undefined` when all of them are in `visited`. Suspected neighbours and
 * those that owe `doubt` or more come last. Of equals: the nearer itself, then the shorter round trip, or any when `random`
 * is given.
 *
 * A search gives `marks`, the peers that it has been at: those are left out, and who leads to nobody new (nobody but
 * them and neighbours of this peer) comes last, so that it gets out of a clique by its one door.
 *
 * A walk that was `misled` before goes by what neighbours say of their own links, and no longer by what they have heard of
 * others': where many have died, peers that tell each other of the same dead one send a letter around among themselves.
 */
export function choose(
  neighbours: Iterable<Neighbour>,
  self: PeerId,
  target: Place,
  course: Course,
  visited: readonly LinkId[],
  random?: Random,
  marks?: ReadonlySet<number>,
  doubt = Number.POSITIVE_INFINITY,
  misled = false,
): Choice | undefined {
  const passed: PeerId[] = [self]
  let open: Neighbour[] = []
  for (const neighbour of neighbours) {
    const isVisited = visited.includes(neighbour.link) || marks?.has(markOf(neighbour)) === true
    if (isVisited || marks !== undefined) passed.push(neighbour.id)
    if (!isVisited) open.push(neighbour)
  }
  if (marks !== undefined) {
    const isNews = (peer: Place) => !marks.has(markOf(peer)) && !passed.includes(peer.id)
    const doors = open.filter(({ peers, suspect }) => !suspect && (peers.length === 0 || peers.some(isNews)))
    if (doors.length > 0) open = doors
  }
  const trusted = open.filter(({ suspect, owing }) => !suspect && owing < doubt)
  if (trusted.length > 0) open = trusted
  let best: Neighbour | undefined
  let bestReach = Number.POSITIVE_INFINITY
  let bestTie = Number.POSITIVE_INFINITY
  let bestOwn = Number.POSITIVE_INFINITY
  for (const neighbour of open) {
    const own = distance(course, neighbour, target)
    const reach = reachOf(neighbour, own, target, course, passed, marks, misled)
    if (reach > bestReach) continue
    // Who knows the target itself differs in nothing but how quickly it is reached.
    const ranked = reach === 0 && own > 0 ? 0 : own
    const tie = random === undefined ? neighbour.roundTrip : unit(random)
    const better = reach < bestReach || ranked < bestOwn || (ranked === bestOwn && tie < bestTie)
    if (!better) continue
    best = neighbour
    bestReach = reach
    bestOwn = ranked
    bestTie = tie
  }
  return best === undefined ? undefined : { neighbour: best, reach: bestReach }
}

/**
 * Links of a peer whose place on the ring can be believed: two to its ring neighbours and two more. With fewer it is about
 * to be linked, in a damaged spot, or in no ring at all.
 */
export const SETTLED_LINKS = 4

/**
 * Whether the ring is whole around the target without it: `self`, which knows nobody nearer, and its neighbour on
 * the other side of the target have each other as ring neighbours, and no neighbour knows anybody between them. A target
 * that lived here would be linked to both.
 */
export function isClosedOver(
  neighbours: readonly Neighbour[],
  self: Place,
  target: Place,
  course: Course,
): boolean {
  const isBeyond = course === Course.BEYOND || turned(course, self, target) === Course.BEFORE
  const near = isBeyond ? Course.BEYOND : Course.BEFORE
  const far = isBeyond ? Course.BEFORE : Course.BEYOND
  let across: Neighbour | undefined
  for (const neighbour of neighbours)
    if (across === undefined || distance(far, neighbour, target) < distance(far, across, target))
      across = neighbour
  if (across === undefined || across.suspect) return false
  if (neighbours.length < SETTLED_LINKS && !isWholeMesh(neighbours, self)) return false
  const own = distance(near, self, target)
  const theirs = distance(far, across, target)
  if (!across.peers.some(peer => peer.id === self.id)) return false
  for (const { peers } of neighbours)
    for (const peer of peers) {
      if (peer.id === self.id || peer.id === across.id) continue
      if (distance(near, peer, target) < own || distance(far, peer, target) < theirs) return false
    }
  return true
}

/** Whether the neighbours tell of nobody but each other and `self`: this is all there is. */
function isWholeMesh(neighbours: readonly Neighbour[], self: Place): boolean {
  const ids = new Set([self.id])
  for (const { id } of neighbours) ids.add(id)
  for (const { peers } of neighbours)
    if (peers.length === 0 || !peers.every(peer => ids.has(peer.id))) return false
  return true
}

function reachOf(
  neighbour: Neighbour,
  own: number,
  target: Place,
  course: Course,
  passed: readonly PeerId[],
  marks: ReadonlySet<number> | undefined,
  misled: boolean,
): number {
  let reach = own
  for (const peer of neighbour.peers) {
    const steps = distance(course, peer, target)
    if (steps >= reach || passed.includes(peer.id) || marks?.has(markOf(peer)) === true) continue
    reach = steps
  }
  // A search goes by what is certain.
  if (marks !== undefined || misled || reach === 0) return reach
  // A unit for what was cut off, and one for each link further: of all ways to a peer the shortest is nearest.
  const near = PLACE_UNIT + stepsTo(course, sight.look(neighbour.near, target.at))
  const further = 2 * PLACE_UNIT + stepsTo(course, sight.look(neighbour.further, target.at))
  return Math.min(reach, near, further)
}

const sight = new Sight()

function stepsTo(course: Course, { beyond, before }: Sight): number {
  if (course === Course.BEYOND) return beyond
  if (course === Course.BEFORE) return before
  return Math.min(beyond, before)
}
