/**
 * Missing messages: what neighbours announce, what is asked of whom, and when.
 *
 * One GRAFT per stream is under way at a time. Who stays silent is asked less and less often; after
 * `maxRetries` silences what it announced is forgotten.
 * @module
 */

import { askWhere } from './compare.ts'
import type { IhaveEntry } from './control.ts'
import type { Neighbour } from './neighbour.ts'
import { ackNow, announceLater, graft, worthTelling } from './notices.ts'
import { optimize } from './optimize.ts'
import { ackedRange } from './pushing.ts'
import { RangeSet } from './ranges.ts'
import type { GossipState } from './state.ts'
import type { Edge, Stream } from './stream.ts'
import { graftWait } from './timing.ts'
import { hurry, leaveParent, setParent } from './tree.ts'
import type { Verifying } from './verifying.ts'

/** Ranges of one GRAFT entry. */
const MAX_WANTED = 32
const NEVER = Number.POSITIVE_INFINITY

/** What a neighbour has and this peer lacks, lowest first, at most `most` messages. */
export function wanted(stream: Stream, edge: Edge, most: number, verifying: Verifying): RangeSet {
  const wants = new RangeSet()
  const told = edge.told
  const base = stream.base
  if (base === 0) return wants
  let left = most
  const { topics } = stream
  const skips = topics && stream.skips
  if (topics !== undefined) left -= pulled(topics.pulls, told, wants, Math.min(left, MAX_WANTED))
  for (let i = told.at(base); i < told.count && left > 0 && wants.count < MAX_WANTED; i++) {
    let seq = Math.max(told.start(i), base)
    const end = told.end(i)
    while (seq <= end && left > 0 && wants.count < MAX_WANTED) {
      // Jump over what is here already; a claim of 2⁴⁸ messages costs no more than one of a few.
      const index = stream.above.at(seq)
      const start = index < stream.above.count ? stream.above.start(index) : NEVER
      if (start <= seq) {
        seq = stream.above.end(index) + 1
        continue
      }
      if (verifying.has(stream.id, seq)) {
        seq++
        continue
      }
      let last = Math.min(end, start - 1, seq + left - 1)
      if (skips !== undefined) {
        // Nor is what is not meant for this peer.
        const skip = skips.at(seq)
        const skipped = skip < skips.count ? skips.start(skip) : NEVER
        if (skipped <= seq) {
          seq = skips.end(skip) + 1
          continue
        }
        last = Math.min(last, skipped - 1)
      }
      if (verifying.size > 0) {
        for (let next = seq + 1; next <= last; next++) {
          if (verifying.has(stream.id, next)) last = next - 1
        }
      }
      wants.add(seq, last)
      left -= last - seq + 1
      seq = last + 1
    }
  }
  return wants
}

/** Adds what was held back from this peer and is asked for after all; returns how many. */
function pulled(pulls: RangeSet, told: RangeSet, wants: RangeSet, most: number): number {
  let left = most
  for (let i = 0; i < pulls.count; i++) {
    const end = pulls.end(i)
    for (let j = told.at(pulls.start(i)); j < told.count && left > 0; j++) {
      const from = Math.max(told.start(j), pulls.start(i))
      const to = Math.min(told.end(j), end, from + left - 1)
      if (to < from) break
      wants.add(from, to)
      left -= to - from + 1
    }
  }
  return most - left
}

/** A neighbour says it has messages; they are asked for in time unless `ask` is false. */
export function announced(
  state: GossipState,
  neighbour: Neighbour,
  entry: IhaveEntry,
  verifying: Verifying,
  ask = true,
): void {
  const stream = state.streams.rumour(entry.stream, state.now)
  const edge = stream.edge(neighbour.link)
  edge.knows = true
  edge.hops = entry.hops
  for (let i = 0; i < entry.ranges.count; i++) {
    const from = entry.ranges.start(i)
    const to = entry.ranges.end(i)
    // Told again of what it is known to have: it pushed it, and asks whether it has come.
    if (edge.told.has(to) && stream.seen(to)) ackNow(state, neighbour, stream.id, to)
    stream.tell(edge, from, to)
    ackedRange(state, neighbour, stream, from, to)
    stream.skips?.remove(from, to)
    stream.topics?.reclaim(from, to)
  }
  const last = entry.ranges.last
  if (last === undefined || stream === state.own) return
  if (stream.base === 0) {
    // News of a stream never heard of. From its first message on there is nothing to ask.
    if (entry.ranges.first === 1) stream.floor = 1
    else askWhere(state, neighbour, stream)
  }
  edge.toldSeq = entry.lag < 0 ? 0 : last
  edge.toldAt = state.now - entry.lag
  const newest = stream.messages.get(last)
  if (newest === undefined) stream.earlySeq = Math.max(stream.earlySeq, last)
  else if (!edge.eager && edge.toldSeq > 0) {
    if (worthTelling(state, neighbour, newest)) announceLater(state, neighbour, newest)
    else optimize(state, newest, neighbour, edge)
  }
  if (ask && wanted(stream, edge, 1, verifying).count > 0) {
    // The first message of a stream is on its way along the ground tree.
    const link = stream.parent ?? (stream.received === 0 ? state.ground.parent : undefined)
    const parent = link === undefined ? undefined : state.neighbours.get(link)
    const wait =
      // The parent itself: what it pushed was lost.
      parent === undefined || parent === neighbour || !state.usable(parent) || state.healing.pending
        ? 0
        : graftWait(Math.max(parent.roundTrip ?? 0, neighbour.roundTrip ?? 0), 0, state.settings.graftDelay)
    graftSoon(state, stream, wait)
  }
}

export function graftSoon(state: GossipState, stream: Stream, wait: number): void {
  const at = state.now + wait
  if (at >= stream.graftAt) return
  stream.graftAt = at
  state.wakeStream(stream, at)
}

/** The graft timer of a stream: asks the best announcer for what is still missing. */
export function graftDue(state: GossipState, stream: Stream, verifying: Verifying): void {
  stream.graftAt = NEVER
  const { graftDelay, maxRetries, maxGraft } = state.settings
  let best: Neighbour | undefined
  let bestEdge: Edge | undefined
  let bestRank = NEVER
  let wake = NEVER
  let awaited = false
  for (const edge of stream.edges.values()) {
    const neighbour = state.neighbours.get(edge.link)
    if (neighbour === undefined || neighbour.suspect || neighbour.offering || edge.told.count === 0) continue
    if (edge.askedUntil > state.now && edge.outstanding > 0) {
      awaited = true
      wake = Math.min(wake, edge.askedUntil)
      continue
    }
    if (wanted(stream, edge, 1, verifying).count === 0) {
      edge.askedUntil = 0
      continue
    }
    if (edge.askedUntil !== 0 && edge.outstanding > 0) {
      // The answer is overdue.
      edge.askedUntil = 0
      edge.silences++
      if (edge.silences > maxRetries) {
        edge.told.clear()
        edge.silences = 0
        state.counters.emptyPromises++
        continue
      }
    }
    const rank = edge.silences * 1000 + Math.min(edge.hops, 255) + (edge.link === stream.parent ? 0 : 0.5)
    if (rank < bestRank) {
      best = neighbour
      bestEdge = edge
      bestRank = rank
    }
  }
  if (best !== undefined && bestEdge !== undefined && !awaited) {
    const wants = wanted(stream, bestEdge, maxGraft, verifying)
    let count = 0
    for (let i = 0; i < wants.count; i++) count += wants.end(i) - wants.start(i) + 1
    const tree = best.link !== stream.parent && branchEnded(state, stream, wants)
    if (tree) {
      hurry(state, stream)
      leaveParent(state, stream)
      setParent(stream, best.link)
    }
    bestEdge.outstanding = count
    bestEdge.askedUntil = state.now + graftWait(best.roundTrip, bestEdge.silences, graftDelay)
    graft(state, best, { stream: stream.id, tree, ranges: wants })
    wake = Math.min(wake, bestEdge.askedUntil)
  }
  if (wake === NEVER) return
  stream.graftAt = wake
  state.wakeStream(stream, wake)
}

/** The parent may have nothing to push: all that is known of what is missing is that it exists. */
function mayBeDeclined(stream: Stream, seq = 0): boolean {
  return stream.topics !== undefined && stream.topics.declined.size > 0 && seq > stream.topics.announcedTo
}

/**
 * A hole below what the parent has pushed since is a loss, and so is one message it did not bring; silence about two
 * is the end of the branch.
 */
function branchEnded(state: GossipState, stream: Stream, wants: RangeSet): boolean {
  const { first = 0, last = 0 } = wants
  const parent = stream.parent === undefined ? undefined : state.neighbours.get(stream.parent)
  if (parent === undefined || !state.usable(parent)) return true
  if (first <= stream.parentSeq || mayBeDeclined(stream, first)) return false
  const before = stream.missedSeq
  if (before <= stream.parentSeq) stream.missedSeq = first
  return last > first || (before > stream.parentSeq && first > before)
}

/** A message came from a neighbour: if it was the last one asked for, ask for more. */
export function supplied(state: GossipState, stream: Stream, edge: Edge): void {
  edge.silences = 0
  if (edge.outstanding === 0) return
  edge.outstanding--
  if (edge.outstanding === 0) {
    edge.askedUntil = 0
    if (stream.graftAt !== NEVER) graftSoon(state, stream, 0)
  }
}
