/**
 * Answering neighbours: messages for a GRAFT, ranges for RANGES; and taking their answers.
 * @module
 */
import type { Drop } from '../effect.ts'
import { answer, askWhere, compareAll, entryOf, joinTime, noteActivity } from './compare.ts'
import { type GraftEntry, Purpose, type Ranges, type RangesEntry } from './control.ts'
import { GAP_PROBES, skipTo, watchGap } from './delivery.ts'
import { offered } from './heal.ts'
import type { Neighbour } from './neighbour.ts'
import { RECEIPT, repairFrame } from './push.ts'
import { ackedRange, giveUp } from './pushing.ts'
import { RangeSet } from './ranges.ts'
import { awaitOne } from './receipts.ts'
import { graftSoon, wanted } from './repair.ts'
import type { GossipState } from './state.ts'
import type { Edge, Message, Stream } from './stream.ts'
import { encodeSkip } from './topic-frames.ts'
import { branched, newBranch, reopen } from './topic-rules.ts'
import { adopt, grafted, hurry } from './tree.ts'
import type { Verifying } from './verifying.ts'
import { refuse, tellSkips, withhold } from './withhold.ts'

/** Sequence numbers looked up for one GRAFT frame, whatever it asks for. */
const MAX_LOOKUPS = 4096
const EVER = Number.NEGATIVE_INFINITY

/** A neighbour wants messages, a place in trees, or both. */
export function supply(
  state: GossipState,
  neighbour: Neighbour,
  entries: readonly GraftEntry[],
): Drop | undefined {
  const gone: RangesEntry[] = []
  let left = MAX_LOOKUPS
  let sent = 0
  for (const { stream: id, tree, ranges } of entries) {
    const stream = state.streams.byId.get(id)
    if (stream === undefined) continue
    if (tree) {
      grafted(state, stream, neighbour)
      branched(state, stream, neighbour)
      newBranch(stream, neighbour)
    }
    const edge = stream.edge(neighbour.link)
    const notHere = new RangeSet()
    let refused = false
    let missed = false
    for (let i = 0; i < ranges.count && left > 0; i++) {
      const end = Math.min(ranges.end(i), stream.highest)
      for (let seq = ranges.start(i); seq <= end && left > 0; seq++) {
        left--
        const message = stream.messages.get(seq)
        if (message === undefined) {
          if (refuse(stream, edge, seq, notHere)) {
            refused = true
            continue
          }
          missed ||= stream.next > 0 && seq < stream.next
          continue
        }
        if (message.hops >= state.settings.maxHops || sent >= state.settings.maxGraft) continue
        if (withhold(state, neighbour, message)) {
          refused = true
          continue
        }
        if (!state.usable(neighbour)) {
          neighbour.owed = true
          return undefined
        }
        if (!neighbour.repairCredit.take(message.frame.length, state.now)) return 'rate'
        if (tree) hurry(state, stream)
        resend(state, neighbour, message)
        sent++
      }
    }
    if (missed) gone.push(entryOf(stream, EVER))
    if (refused) tellSkips(state, neighbour, stream, true)
    if (notHere.count > 0) state.send(neighbour, encodeSkip(stream.id, 0, notHere))
  }
  if (gone.length > 0 && neighbour.rangesCredit.take(1, state.now)) answer(state, neighbour, gone)
  return undefined
}

function resend(state: GossipState, neighbour: Neighbour, message: Message): void {
  state.counters.repaired++
  tellSkips(state, neighbour, message.stream, true)
  state.send(neighbour, repairFrame(message.frame))
  if ((message.options & RECEIPT) !== 0) awaitOne(state, neighbour, message)
  // It asks until it has it; only a sender waits for an ack of its own.
  if (message.request === undefined || message.request.settled) giveUp(state, neighbour, message)
}

/** A neighbour tells what it has. */
export function compared(
  state: GossipState,
  neighbour: Neighbour,
  ranges: Ranges,
  verifying: Verifying,
): Drop | undefined {
  if (ranges.purpose === Purpose.ANSWER) {
    if (neighbour.answersDue === 0) return 'unexpected'
    neighbour.answersDue--
    const joinedLater = (state.joinedAt ?? state.now) < joinTime(state, neighbour, ranges.age)
    for (const entry of ranges.entries) answered(state, neighbour, entry, joinedLater, verifying)
    return undefined
  }
  if (!neighbour.rangesCredit.take(1, state.now)) return 'rate'
  const since = joinTime(state, neighbour, ranges.age)
  neighbour.since = since
  const answers: RangesEntry[] = []
  const listed = new Set<number>()
  // Everything has just been told: what it lacks of the listed streams, it knows by now.
  const told = state.now - neighbour.comparedAt < 2 * (neighbour.roundTrip ?? 0) + 100
  for (const entry of ranges.entries) {
    listed.add(entry.stream)
    const stream = state.streams.byId.get(entry.stream)
    if (stream !== undefined && stream.next > 0) {
      const lacks = stream.next > entry.next || stream.highest > (entry.ranges.last ?? entry.next - 1)
      if (entry.next === 0) answers.push(entryOf(stream, since))
      else if (lacks && !told) answers.push(entryOf(stream, EVER))
    }
    if (entry.next > 0) noteRanges(state, neighbour, entry, verifying, false)
    if (stream !== undefined && ranges.purpose === Purpose.ALL) reopen(state, neighbour, stream, entry.next)
  }
  if (ranges.purpose === Purpose.ALL) {
    for (const stream of state.streams.byId.values()) {
      if (listed.has(stream.id) || stream.next === 0 || stream.next + stream.above.count === 1) continue
      if (stream === state.own && stream.next === 1) continue
      answers.push(entryOf(stream, since))
    }
  }
  if (answers.length > 0) answer(state, neighbour, answers)
  else if (neighbour.owed && state.usable(neighbour)) compareAll(state, neighbour)
  return undefined
}

/** Notes what a neighbour has, and asks for what is missing: at once, or when it is this peer's turn. */
function noteRanges(
  state: GossipState,
  neighbour: Neighbour,
  entry: RangesEntry,
  verifying: Verifying,
  now: boolean,
): Stream {
  const stream = state.streams.rumour(entry.stream, state.now)
  const edge = stream.edge(neighbour.link)
  edge.knows = true
  edge.hops = entry.hops
  // What it once announced and cannot supply any more is not asked of it again.
  edge.told.dropBelow(entry.from)
  if (entry.next > entry.from) tellAndAck(state, neighbour, stream, edge, entry.from, entry.next - 1)
  for (let i = 0; i < entry.ranges.count; i++) {
    tellAndAck(state, neighbour, stream, edge, entry.ranges.start(i), entry.ranges.end(i))
  }
  if (stream === state.own) return stream
  // The answer that says where to begin may be lost: the next comparison asks again.
  if (stream.base === 0) noteActivity(state)
  if (wanted(stream, edge, 1, verifying).count > 0) {
    if (now || state.neighbours.size === 1) graftSoon(state, stream, 0)
    else {
      inquire(state, stream, neighbour)
      offered(state, neighbour)
    }
  }
  return stream
}

/** Where topics are declined, the parent says which of them are not missing at all. */
function inquire(state: GossipState, stream: Stream, neighbour: Neighbour): void {
  const parent = stream.parent === undefined ? undefined : state.neighbours.get(stream.parent)
  if (parent === undefined || parent === neighbour || !stream.topics?.declined.size) return
  if (state.usable(parent) && parent.answersDue === 0) askWhere(state, parent, stream)
}

function tellAndAck(
  state: GossipState,
  neighbour: Neighbour,
  stream: Stream,
  edge: Edge,
  from: number,
  to: number,
): void {
  stream.tell(edge, from, to)
  ackedRange(state, neighbour, stream, from, to)
}

/**
 * An answer: it also says where to begin, and what nobody will bring any more. Who joined later than this peer does
 * not know what came before: others are asked, and it is believed when they had their time.
 */
function answered(
  state: GossipState,
  neighbour: Neighbour,
  entry: RangesEntry,
  joinedLater: boolean,
  verifying: Verifying,
): void {
  if (entry.next === 0) return
  const known = state.streams.rumour(entry.stream, state.now)
  if (known === state.own) return
  const start = Math.max(1, entry.from)
  const doubtful = joinedLater && start > 1 && known.gapProbes < GAP_PROBES
  if (known.next === 0 && known.floor === 0) {
    if (doubtful) {
      if (known.gapAt === Number.POSITIVE_INFINITY) watchGap(state, known)
      noteRanges(state, neighbour, entry, verifying, true)
      return
    }
    known.floor = start
    known.gapProbes = 0
    if (known.above.count === 0) known.gapAt = Number.POSITIVE_INFINITY
    // Messages are waiting for this answer. What has arrived is never given up for it.
    if (known.above.first !== undefined) skipTo(state, known, Math.min(start, known.above.first))
  }
  const stream = noteRanges(state, neighbour, entry, verifying, known.held.size > 0)
  const first = stream.above.first
  if (!doubtful && stream.next > 0 && first !== undefined && start > stream.next && stream.held.size > 0) {
    // It cannot bring what comes before `start`. Unless somebody else announced it, it is gone.
    let hope = false
    for (const edge of stream.edges.values()) {
      const want = wanted(stream, edge, 1, verifying).first
      if (want !== undefined && want < Math.min(start, first)) hope = true
    }
    if (!hope) skipTo(state, stream, Math.min(start, first))
  }
  // In the tree at once, without waiting for an announcement.
  if (
    stream.parent === undefined &&
    stream.graftAt > state.now &&
    stream.edges.get(neighbour.link)?.eager !== true
  ) {
    adopt(state, stream, neighbour)
  }
}
