/**
 * Which frame means what: decodes, and hands to the part that knows the rule.
 * @module
 */
import type { Drop } from '../effect.ts'
import { Frame, type FrameType } from '../wire/frame.ts'
import type { Reader } from '../wire/reader.ts'
import { catchUp } from './compare.ts'
import {
  decodeAck,
  decodeGraft,
  decodeIhave,
  decodePrune,
  decodeRanges,
  decodeTally,
  type Entry,
} from './control.ts'
import { beaconArrived } from './ground.ts'
import type { Inquiries } from './inquiries.ts'
import type { Neighbour } from './neighbour.ts'
import type { PushHead } from './push.ts'
import { ackedRange } from './pushing.ts'
import { recall } from './recall.ts'
import { reported } from './receipts.ts'
import { received } from './receive.ts'
import { announced } from './repair.ts'
import type { GossipState } from './state.ts'
import { compared, supply } from './supply.ts'
import { decodeDecline, decodeInterests, decodeSkip } from './topic-frames.ts'
import { declined, interested, skipped, unpruned } from './topic-rules.ts'
import { pruned } from './tree.ts'
import type { Verifying } from './verifying.ts'

/** One frame of a neighbour; the reader stands behind its type byte. */
export function readFrame(
  state: GossipState,
  verifying: Verifying,
  inquiries: Inquiries,
  head: PushHead,
  neighbour: Neighbour,
  type: FrameType,
  reader: Reader,
): Drop | undefined {
  switch (type) {
    case Frame.PUSH:
      return received(state, verifying, head, neighbour, reader)
    case Frame.ACK: {
      const entries = decodeAck(reader)
      if (entries === undefined) return 'malformed'
      for (const entry of entries) acknowledged(state, neighbour, entry)
      return undefined
    }
    case Frame.IHAVE: {
      const entries = decodeIhave(reader)
      if (entries === undefined) return 'malformed'
      for (const entry of entries) announced(state, neighbour, entry, verifying)
      return undefined
    }
    case Frame.GRAFT: {
      const entries = decodeGraft(reader)
      return entries === undefined ? 'malformed' : supply(state, neighbour, entries)
    }
    case Frame.PRUNE: {
      const ids = decodePrune(reader)
      if (ids === undefined) return 'malformed'
      for (const id of ids) {
        const stream = state.streams.byId.get(id)
        if (stream === undefined) continue
        pruned(stream, neighbour)
        unpruned(state, stream)
      }
      return undefined
    }
    case Frame.RANGES: {
      const ranges = decodeRanges(reader)
      return ranges === undefined ? 'malformed' : compared(state, neighbour, ranges, verifying)
    }
    case Frame.INTERESTS: {
      const told = decodeInterests(reader)
      return told === undefined ? 'malformed' : interested(state, neighbour, told.interests, told.intents)
    }
    case Frame.DECLINE: {
      const entries = decodeDecline(reader)
      return entries === undefined ? 'malformed' : declined(state, neighbour, entries)
    }
    case Frame.SKIP: {
      const entries = decodeSkip(reader)
      if (entries === undefined) return 'malformed'
      for (const entry of entries) skipped(state, neighbour, entry)
      return undefined
    }
    case Frame.BEACON:
      return beaconArrived(state, neighbour, reader)
    case Frame.TALLY: {
      const entries = decodeTally(reader)
      if (entries === undefined) return 'malformed'
      for (const entry of entries) reported(state, neighbour, entry, verifying)
      return undefined
    }
    case Frame.HISTORY:
      return recall(state, neighbour, reader)
    case Frame.PAST:
      return inquiries.past(neighbour, head, reader)
    default:
      return 'unexpected'
  }
}

function acknowledged(state: GossipState, neighbour: Neighbour, entry: Entry): void {
  const stream = state.streams.byId.get(entry.stream)
  let hits = 0
  for (let i = 0; stream !== undefined && i < entry.ranges.count; i++) {
    const from = entry.ranges.start(i)
    // Only what this peer has can have been pushed by it: a claim beyond is not believed.
    const to = Math.min(entry.ranges.end(i), stream.highest)
    if (to < from) continue
    hits += ackedRange(state, neighbour, stream, from, to)
    stream.tell(stream.edge(neighbour.link), from, to)
  }
  if (hits === 0) state.counters.strayAcks++
  if (neighbour.owed) catchUp(state, neighbour)
}
