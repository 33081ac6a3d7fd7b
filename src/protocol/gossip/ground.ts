/**
 * The ground tree: one tree over the whole swarm that stands before anybody has broadcast, so that the first
 * message of a new sender has something to follow (tree.ts).
 *
 * One peer, the root, sends a BEACON now and then; every peer passes each on once, over all its links, a moment
 * after it came. The link that brought it first leads to the parent: with that moment at every hop, first is fewest hops,
 * and among those least delay. Best root, ageing and expiry are those of bridges (IEEE 802.1D-2004, §17): the lower
 * id wins where trees meet, a root that has been silent for {@link MAX_AGE} is forgotten everywhere at once, and then the
 * lowest id that still has links speaks up first. A root is not replaced as long as it speaks, however low a newcomer's id.
 *
 * Invariants
 * 1. A peer passes a beacon on after its parent has: parents of one beacon form no loop. Between beacons a peer changes
 *    only to a parent that is lower in (hops, id), so they still do not.
 * 2. A beacon older than MAX_AGE is nobody's: what a dead root said does not go round.
 * 3. A peer sends floods of beacons from a credit of sixteen, refilled at one in five seconds; a
 *    neighbour is read with a credit of its own. Kept are one beacon per neighbour and one of this peer.
 * @module
 */
import type { Drop } from '../effect.ts'
import type { LinkId } from '../input.ts'
import type { Reader } from '../wire/reader.ts'
import { type Beacon, decodeBeacon, encodeBeacon } from './beacon.ts'
import type { Ground } from './ground-state.ts'
import type { Neighbour } from './neighbour.ts'
import { MAX_SEQ } from './push.ts'
import type { GossipState } from './state.ts'

/** Between two beacons of a root, ms: 12 bytes a link and direction, 2.4 bytes a second. */
const INTERVAL = 10_000
/** Two beacons missed, and a hidden tab's second for every timer on the way. */
const MAX_AGE = 25_000
/**
 * A beacon rests this long at every hop, ms: more than a link takes, so that hops decide, and delay between equals. First messages
 * of 50 senders among 1,000 peers: with 40 a last hop of 10.04 after 256 ms, with 60 of 9.78 after 285 (docs/DECISIONS.md).
 */
const REST = 60
/** The parent stays when it is no later than this after the first, ms: jitter is no reason to change. */
const SLACK = 5
/** A peer without a root listens for this long, and then for up to {@link SPAN} by the order of ids, before it is one. */
const LISTEN = 500
const SPAN = 4000
const NEVER = Number.POSITIVE_INFINITY

/** Whether the link to a neighbour is part of the tree. */
export function grounded(state: GossipState, neighbour: Neighbour): boolean {
  return neighbour.link === state.ground.parent || state.ground.children.has(neighbour.link)
}

function isRoot({ beacon, self }: Ground, now: number): boolean {
  return beacon?.root === self && !isStale(beacon, now)
}

function isStale(beacon: Beacon, now: number): boolean {
  return now >= beacon.bornAt + MAX_AGE
}

function due(state: GossipState, at: number): void {
  state.ground.dueAt = at
  state.wake(at)
}

/** This peer is the root if nobody else is soon, those of low id first. */
function claim(state: GossipState): void {
  state.ground.claiming = true
  due(state, state.now + LISTEN + SPAN * (state.ground.self / 2 ** 48))
}

function tell(state: GossipState, neighbour: Neighbour): void {
  const { beacon, parent } = state.ground
  if (beacon !== undefined && !isStale(beacon, state.now))
    state.send(neighbour, encodeBeacon(beacon, neighbour.link === parent, state.now))
}

export function groundLinkUp(state: GossipState, neighbour: Neighbour): void {
  if (state.ground.dueAt === NEVER) claim(state)
  tell(state, neighbour)
}

/** A link ended, or its peer fell silent: another parent, if it was the parent's. */
export function groundLinkLost(state: GossipState, link: LinkId): void {
  const { ground } = state
  if (state.neighbours.size === 0) return ground.clear()
  if (!state.neighbours.has(link)) ground.children.delete(link)
  if (ground.parent !== link) return
  ground.parent = undefined
  const suspect = state.neighbours.get(link)
  if (suspect !== undefined) tell(state, suspect)
  adopted(state)
}

/** A BEACON of a neighbour. */
export function beaconArrived(state: GossipState, neighbour: Neighbour, reader: Reader): Drop | undefined {
  const { ground, now } = state
  const read = decodeBeacon(reader, now)
  if (read === undefined) return 'malformed'
  if (!neighbour.beacons.take(1, now)) return 'rate'
  const { beacon } = read
  if (read.child) ground.children.add(neighbour.link)
  else ground.children.delete(neighbour.link)
  neighbour.heard = beacon
  if (read.child && ground.parent === neighbour.link && ground.nextAt === NEVER) ground.parent = undefined
  if (beacon.root === ground.self) {
    // Somebody remembers this peer from before a reload: its beacons count again once they are newer than that.
    if (beacon.seq > ground.seq && beacon.seq < MAX_SEQ && ground.floods.take(1, now)) {
      ground.seq = beacon.seq
      emit(state)
    }
    return undefined
  }
  const mine = ground.beacon
  if (isNews(state, beacon)) follow(state, neighbour, beacon)
  else if (mine === undefined || beacon.root !== mine.root || beacon.seq !== mine.seq) return undefined
  else if (ground.nextAt !== NEVER) {
    if (neighbour.link === ground.parent && now <= ground.firstAt + SLACK) ground.next = neighbour.link
  } else if (ground.parent === undefined) adopted(state)
  return undefined
}

/** Whether a beacon is one to follow. */
function isNews(state: GossipState, heard: Beacon): boolean {
  const { now, ground, settings } = state
  const mine = ground.beacon
  if (heard.hops >= settings.maxHops || isStale(heard, now)) return false
  if (mine === undefined) return true
  // What was too old here is not made young by another's rounding.
  if (isStale(mine, now)) return heard.root !== mine.root || heard.seq !== mine.seq
  return heard.root < mine.root || (heard.root === mine.root && heard.seq > mine.seq)
}

function follow(state: GossipState, neighbour: Neighbour, { root, seq, hops, bornAt }: Beacon): void {
  const { ground, now } = state
  if (ground.nextAt === NEVER) {
    if (!ground.floods.take(1, now)) return
    ground.nextAt = now + REST
    state.wake(ground.nextAt)
  }
  ground.stands = true
  ground.claiming = false
  ground.beacon = { root, seq, hops: hops + 1, bornAt }
  ground.next = neighbour.link
  ground.firstAt = now
  ground.parent ??= neighbour.link
  due(state, bornAt + MAX_AGE)
}

/** The beacon has rested: its parent is known now. */
function passOn(state: GossipState): void {
  const { ground } = state
  ground.nextAt = NEVER
  const { beacon, next } = ground
  if (beacon === undefined) return
  const parent = next === undefined ? undefined : state.neighbours.get(next)
  ground.parent = parent?.link
  const hops = parent?.heard?.hops ?? beacon.hops - 1
  const { root, seq, bornAt } = beacon
  ground.beacon = { root, seq, hops: hops + 1, bornAt }
  if (parent === undefined) adopt(state)
  for (const neighbour of state.neighbours.values()) tell(state, neighbour)
}

/** This peer is the root and says so. */
function emit(state: GossipState): void {
  const { ground } = state
  ground.stands = true
  ground.claiming = false
  ground.parent = undefined
  ground.nextAt = NEVER
  ground.beacon = { root: ground.self, seq: ++ground.seq, hops: 0, bornAt: state.now }
  due(state, state.now + INTERVAL)
  for (const neighbour of state.neighbours.values()) tell(state, neighbour)
}

/** Finds a parent between two beacons and tells it. */
function adopted(state: GossipState): void {
  if (state.ground.nextAt !== NEVER) return
  adopt(state)
  const parent = state.ground.parent === undefined ? undefined : state.neighbours.get(state.ground.parent)
  if (parent !== undefined) tell(state, parent)
}

/** A parent among those that have the same beacon and are lower in (hops, id). */
function adopt(state: GossipState): void {
  const { ground } = state
  const mine = ground.beacon
  if (mine === undefined || mine.root === ground.self) return
  let bestHops = mine.hops + 1
  for (const neighbour of state.neighbours.values()) {
    const { heard } = neighbour
    if (
      heard?.root !== mine.root ||
      heard.seq !== mine.seq ||
      neighbour.suspect ||
      ground.children.has(neighbour.link)
    )
      continue
    if (heard.hops === mine.hops && neighbour.peer > state.config.id) continue
    if (heard.hops < bestHops) {
      ground.parent = neighbour.link
      bestHops = heard.hops
    }
  }
}

/** The timers: pass a beacon on, send one, or forget one. */
export function groundDue(state: GossipState): void {
  const { ground, now } = state
  if (ground.nextAt <= now) passOn(state)
  if (ground.dueAt > now) return
  // A root whose own timer came so late has been forgotten: it is no better than anybody.
  if (ground.claiming || isRoot(ground, now)) return emit(state)
  claim(state)
  let best: Neighbour | undefined
  for (const neighbour of state.neighbours.values()) {
    const { heard } = neighbour
    if (
      heard === undefined ||
      heard.root === ground.self ||
      ground.children.has(neighbour.link) ||
      !isNews(state, heard)
    )
      continue
    if (heard.root < (best?.heard?.root ?? NEVER)) best = neighbour
  }
  if (best?.heard !== undefined) follow(state, best, best.heard)
}
