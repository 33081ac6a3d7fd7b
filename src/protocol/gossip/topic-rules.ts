/**
 * What neighbours say about topics: what they decline, what they hold back, and what they want in general.
 * @module
 */
import type { Drop } from '../effect.ts'
import { MAX_RANGES } from './config.ts'
import { decline, edgeTopics, reconsider, tell, wants } from './declines.ts'
import { advance } from './delivery.ts'
import type { Neighbour } from './neighbour.ts'
import { announceLater, flushDigest, prune } from './notices.ts'
import { MAX_SEQ } from './push.ts'
import { RangeSet } from './ranges.ts'
import { graftSoon } from './repair.ts'
import type { GossipState } from './state.ts'
import type { Stream } from './stream.ts'
import { type DeclineEntry, encodeSkip, type SkipEntry } from './topic-frames.ts'
import { DECLINE_LASTS, MAX_DECLINED_PER_LINK } from './topics.ts'
import { adopt, orphan } from './tree.ts'
import { tellSkips } from './withhold.ts'

const NOTHING = new RangeSet()
const NEVER = Number.POSITIVE_INFINITY
/** A neighbour over a new link counts as a branch for so long, ms: the other side of a healed cut finds its parents. */
const OPEN = 10_000

/** What a neighbour is interested in. */
export function interested(
  state: GossipState,
  neighbour: Neighbour,
  interests: readonly string[],
  intents: readonly string[],
): Drop | undefined {
  if (!neighbour.interestsCredit.take(1, state.now)) return 'rate'
  const same = [interests, intents].join() === [neighbour.interests, neighbour.intents].join()
  neighbour.interests = interests
  neighbour.intents = intents
  // Told again over a link that was silent for a while.
  if (!same) state.emit({ kind: 'peer-topics', peer: neighbour.peer, interests, intents })
  return undefined
}

/** A neighbour declines topics of streams. */
export function declined(
  state: GossipState,
  neighbour: Neighbour,
  entries: readonly DeclineEntry[],
): Drop | undefined {
  for (const entry of entries) {
    if (!neighbour.declineCredit.take(1, state.now)) return 'rate'
    const stream = state.streams.byId.get(entry.stream)
    // Of what nobody has proven there is nothing to hold back.
    if (stream?.key !== undefined) declinedOf(state, neighbour, stream, entry)
  }
  return undefined
}

function declinedOf(state: GossipState, neighbour: Neighbour, stream: Stream, entry: DeclineEntry): void {
  const { generation, from } = entry
  const topics = edgeTopics(stream, neighbour)
  // An older one that was overtaken.
  if (generation < topics.generation) return
  if (countDeclined(state, neighbour) - topics.declined.size + entry.topics.length > MAX_DECLINED_PER_LINK)
    return
  const edge = stream.edge(neighbour.link)
  const next = new Set(entry.topics)
  for (const topic of topics.declined) {
    if (next.has(topic)) continue
    // What was held back for the old set must not be told of as if it were for the new one.
    if (edge.eager && from === 0) tellSkips(state, neighbour, stream)
    topics.withheld.clear()
    break
  }
  topics.declined = next
  topics.generation = generation
  topics.until = state.now + DECLINE_LASTS
  topics.from = from
  if (from > 0) {
    // Everything that is here from `from` on is announced or held back anew.
    topics.withheld.clear()
    edge.told.remove(from, MAX_SEQ)
    for (const message of stream.messages.values())
      if (message.seq >= from) announceLater(state, neighbour, message, state.now)
    flushDigest(state, neighbour, NEVER)
  }
  if (edge.eager && !edge.upstream && stream.parent !== neighbour.link) {
    branched(state, stream, neighbour)
    decline(state, stream, entry.topics)
  }
  // The confirmation; a branch is told of what was held back from it, too.
  if (!edge.eager || !tellSkips(state, neighbour, stream, from > 0))
    state.send(neighbour, encodeSkip(stream.id, generation, NOTHING))
  if (stream === state.own) return
  // A parent that declines what is wanted here takes this peer for no branch of its own.
  const parent = stream.parent === undefined ? undefined : state.neighbours.get(stream.parent)
  if (parent !== undefined && parent !== neighbour) return
  for (const topic of entry.topics) {
    if (!wants(state, stream, topic)) continue
    adopt(state, stream, neighbour)
    return
  }
}

/** Topics that a neighbour declines, over all streams. */
function countDeclined(state: GossipState, neighbour: Neighbour): number {
  let count = 0
  for (const stream of state.streams.byId.values())
    count += stream.edges.get(neighbour.link)?.topics?.declined.size ?? 0
  return count
}

/** A neighbour holds messages back, or confirms what it was told. */
export function skipped(state: GossipState, neighbour: Neighbour, entry: SkipEntry): void {
  const { generation, ranges } = entry
  const stream = state.streams.byId.get(entry.stream)
  const edge = stream?.edges.get(neighbour.link)
  if (stream === undefined || edge === undefined || stream === state.own) return
  const { topics } = edge
  if (topics !== undefined && generation > topics.confirmed && generation <= topics.told) {
    topics.confirmed = generation
    if (generation === topics.told) topics.askFrom = 0
  }
  if (ranges.count === 0) return
  for (let i = 0; i < ranges.count; i++) edge.told.remove(ranges.start(i), ranges.end(i))
  if (edge.outstanding > 0) {
    // An answer, though not the one that was asked for.
    edge.outstanding = 0
    edge.silences = 0
    edge.askedUntil = 0
  }
  const mine = stream.topics
  if (stream.graftAt !== NEVER) graftSoon(state, stream, 0)
  // Believed is what was declined then and is declined now; and it is of use when it comes from the parent.
  if (mine === undefined || topics === undefined || topics.liar) return
  if (generation > topics.told || generation < mine.soundFrom) return
  topics.skips.addAll(ranges, MAX_RANGES)
  // Sent before the sender heard that more is wanted: who becomes a branch may want it.
  if (generation < mine.shrunkAt) mine.staleTo = Math.max(mine.staleTo, ranges.last ?? 0)
  if (stream.parent !== neighbour.link) return
  const late = (ranges.first ?? 0) < stream.highest
  for (let i = 0; i < ranges.count; i++) mine.pulls.remove(ranges.start(i), ranges.end(i))
  for (const branch of stream.edges.values()) {
    if (branch === edge || branch.topics === undefined || !stream.agrees(branch)) continue
    if (generation < branch.topics.soundFrom) {
      // The parent says what of it is declined now, and announces the rest.
      branch.topics.staleTo = Math.max(branch.topics.staleTo, ranges.last ?? 0)
      tell(state, neighbour, stream, ranges.first ?? 1)
      continue
    }
    for (let i = 0; i < ranges.count; i++) branch.topics.hold(ranges.start(i), ranges.end(i))
    const below = state.neighbours.get(branch.link)
    if (late && below !== undefined) tellSkips(state, below, stream)
  }
  advance(state, stream)
}

/** A neighbour is a branch of the tree, or declines something else as one. */
export function branched(state: GossipState, stream: Stream, neighbour: Neighbour): void {
  const branch = stream.edges.get(neighbour.link)?.topics
  let from = branch?.from ?? 0
  reconsider(state, stream, from)
  if (from > 0) newBranch(stream, neighbour)
  if (branch === undefined || from === 0 || !stream.agrees(stream.edge(neighbour.link))) return
  // What is held back from here, is from every branch.
  const { skips, topics } = stream
  if (skips === undefined || topics === undefined) return
  from = Math.max(from, topics.staleTo + 1)
  for (let i = skips.at(from); i < skips.count; i++) branch.hold(Math.max(from, skips.start(i)), skips.end(i))
}

/** A neighbour asks to be a branch, or for what it missed as one: what was held back before more was wanted here, it may want. */
export function newBranch(stream: Stream, neighbour: Neighbour): void {
  const branch = stream.edge(neighbour.link).topics
  if (branch === undefined || stream.topics === undefined) return
  branch.soundFrom = stream.topics.shrunkAt
  branch.staleTo = stream.topics.staleTo
}

/** A neighbour over a new link tells how far it has got: what this peer declines may not reach it any other way. */
export function reopen(state: GossipState, neighbour: Neighbour, stream: Stream, next: number): void {
  if (next === 0 || !stream.topics?.declined.size) return
  edgeTopics(stream, neighbour).openUntil = state.now + OPEN
  reconsider(state, stream, next)
}

/**
 * A message has come that was held back from this peer. If its topic was wanted all the time, whoever held it back
 * lied: it is not believed again, and no parent any more.
 */
export function foundOut(
  state: GossipState,
  stream: Stream,
  topic: string,
  from: Neighbour | undefined,
): void {
  const { topics } = stream
  const liar = topics?.skippedFor === undefined ? undefined : state.neighbours.get(topics.skippedFor)
  if (topics === undefined || liar === undefined || liar === from) return
  if (topics.unwanted.has(topic) || !state.interests.covers(topic)) return
  const edge = edgeTopics(stream, liar)
  edge.liar = true
  edge.skips.clear()
  stream.edge(liar.link).eager = false
  prune(state, liar, stream)
  if (from !== undefined && stream.parent === liar.link) adopt(state, stream, from)
}

/** Taken out of a tree by the parent: where topics are declined, no announcement may come that shows another. */
export function unpruned(state: GossipState, stream: Stream): void {
  if (stream.parent !== undefined || stream === state.own) return
  for (const edge of stream.edges.values()) {
    if (edge.topics === undefined || edge.topics.declined.size === 0) continue
    orphan(state, stream)
    return
  }
}

/** What is wanted came from elsewhere and not from the parent, which said nothing of it: that is the better parent. */
export function overlooked(
  state: GossipState,
  stream: Stream,
  seq: number,
  topic: string,
  from: Neighbour | undefined,
): void {
  if (from === undefined || stream.parent === from.link || !stream.topics?.declined.size) return
  if (seq > stream.parentSeq && wants(state, stream, topic)) adopt(state, stream, from)
}
