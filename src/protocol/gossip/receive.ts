/**
 * A push arrives: seen before? Then ack and stop, before any crypto. Otherwise verify; verified: ack the previous
 * hop, deliver, pass it on.
 * @module
 */
import type { Drop } from '../effect.ts'
import type { LinkId } from '../input.ts'
import { idOfKey } from '../record.ts'
import type { Reader } from '../wire/reader.ts'
import { askWhere, noteActivity } from './compare.ts'
import { noteTopic } from './declines.ts'
import { arrive, remember } from './delivery.ts'
import { overheard } from './heal.ts'
import type { Neighbour } from './neighbour.ts'
import { ackLater, announceLater } from './notices.ts'
import { announcedBefore, keptPace } from './optimize.ts'
import {
  LATE,
  type Push,
  type PushHead,
  patchForward,
  pushToSign,
  RECEIPT,
  REPAIR,
  spreadOf,
} from './push.ts'
import { acked, push as pushTo } from './pushing.ts'
import { awaitAll, notYours, openTally } from './receipts.ts'
import { supplied } from './repair.ts'
import type { GossipState } from './state.ts'
import { type Message, type Stream, streamId } from './stream.ts'
import { foundOut, overlooked } from './topic-rules.ts'
import { partedFrom, redundant, seed, setParent } from './tree.ts'
import type { Candidate, Copy, Verifying } from './verifying.ts'
import { tellSkips, withhold } from './withhold.ts'

/** A PUSH frame. */
export function received(
  state: GossipState,
  verifying: Verifying,
  head: PushHead,
  neighbour: Neighbour,
  reader: Reader,
): Drop | undefined {
  if (!head.read(reader)) return 'malformed'
  if (head.hops === 0 || head.hops > state.settings.maxHops) return 'hop-limit'
  const known = state.streams.find(head.key, head.epoch)
  if (known?.seen(head.seq) && !known.isAbsent(head.seq)) {
    duplicate(state, neighbour, known, head.seq, head.hops, head.flags)
    return undefined
  }
  if (known === state.own) return 'unexpected'
  const push = head.take(reader, state.settings.maxBody)
  if (push === 'malformed' || push === 'too-large') return push
  const id = known?.id ?? streamId(push.key, push.epoch)
  if (known === undefined) {
    // Another key with this id: one in 2⁴⁸ by chance. The first one proven keeps it.
    const other = state.streams.byId.get(id)
    if (other?.key !== undefined) return 'unexpected'
    if (state.streams.isStale(push.key, push.epoch)) return 'replay'
    if (push.seq <= (state.streams.tombstones.get(id) ?? 0)) {
      state.counters.duplicates++
      ackLater(state, neighbour, id, push.seq, push.hops)
      return undefined
    }
  }
  return check(state, verifying, neighbour, id, push)
}

/** Has a push verified, or puts it beside the copy that is being verified. */
function check(
  state: GossipState,
  verifying: Verifying,
  neighbour: Neighbour,
  id: number,
  push: Push,
): Drop | undefined {
  const candidate = verifying.get(id, push.seq)
  if (candidate?.copies.some(copy => copy.link === neighbour.link)) {
    // Sent again before the first was checked: the ack is on its way.
    state.counters.duplicates++
    return undefined
  }
  if (!verifying.hasRoom(neighbour.link, push.frame.length)) return 'table-full'
  const copy: Copy = { link: neighbour.link, hops: push.hops, flags: push.flags, at: state.now, push }
  if (candidate !== undefined) {
    state.counters.duplicates++
    verifying.join(candidate, copy)
    return undefined
  }
  verify(state, verifying.begin(id, copy), push)
  return undefined
}

function verify(state: GossipState, token: number, push: Push): void {
  state.emit({
    kind: 'verify',
    token: { machine: 'gossip', n: token },
    key: push.key,
    bytes: pushToSign(state.config.discoveryKey, push.signed),
    signature: push.signature,
  })
}

/** The answer to a verification. */
export function checked(
  state: GossipState,
  verifying: Verifying,
  token: number,
  ok: boolean,
): { readonly drop: Drop; readonly link: LinkId } | undefined {
  const candidate = verifying.answered(token)
  const copy = candidate?.copies[0]
  if (candidate === undefined || copy === undefined) return undefined
  if (ok) {
    verifying.end(candidate)
    accept(state, candidate, copy)
    return undefined
  }
  state.counters.badSignatures++
  verifying.reject(candidate)
  const next = candidate.copies[0]
  if (next === undefined) verifying.end(candidate)
  else verify(state, verifying.issue(candidate), next.push)
  return { drop: 'bad-signature', link: copy.link }
}

/** A second time: acked, counted, and its link pruned when it came along the tree. */
function duplicate(
  state: GossipState,
  neighbour: Neighbour,
  stream: Stream,
  seq: number,
  hops: number,
  flags: number,
): void {
  state.counters.duplicates++
  again(state, neighbour, stream, seq, hops, flags)
}

function again(
  state: GossipState,
  neighbour: Neighbour,
  stream: Stream,
  seq: number,
  hops: number,
  flags: number,
): void {
  const edge = stream.edge(neighbour.link)
  const repair = (flags & REPAIR) !== 0
  const first = !edge.told.has(seq)
  if (first) {
    stream.tell(edge, seq, seq)
    edge.hops = hops - 1
  }
  const message = stream.messages.get(seq)
  // Pushes that crossed ack each other.
  const crossed = message !== undefined && acked(state, neighbour, message)
  if (!repair && !(first && crossed)) ackLater(state, neighbour, stream.id, seq, hops)
  if (!repair && first) redundant(state, stream, neighbour)
  if (message !== undefined && (message.options & RECEIPT) !== 0) notYours(state, neighbour, message)
}

function accept(state: GossipState, candidate: Candidate, copy: Copy): void {
  const { push } = copy
  const stream = state.streams.prove(candidate.stream, push.key, push.epoch)
  stream.origin ??= idOfKey(push.key)
  const late = stream.seen(push.seq)
  if (late && !stream.isAbsent(push.seq)) {
    // Given up while it was being checked.
    for (const each of candidate.copies) repeat(state, stream, each, push)
    return
  }
  const from = state.neighbours.get(copy.link)
  const repair = (copy.flags & REPAIR) !== 0
  stream.received++
  stream.activeAt = state.now
  noteActivity(state)
  if (from !== undefined) {
    const edge = stream.edge(from.link)
    stream.tell(edge, push.seq, push.seq)
    edge.hops = copy.hops - 1
    if (!repair && !partedFrom(state, stream, edge)) setParent(stream, from.link)
    if (stream.parent === from.link) stream.parentSeq = Math.max(stream.parentSeq, push.seq)
    supplied(state, stream, edge)
    if (!repair || copy.hops === 1) ackLater(state, from, stream.id, push.seq, copy.hops)
  }
  stream.hops = copy.hops
  const spread = stream.seeded ? 0 : seed(state, stream, from, repair ? 0 : spreadOf(copy.flags))
  patchForward(push.frame, spread)
  const message: Message = {
    stream,
    seq: push.seq,
    frame: push.frame,
    topic: push.topic,
    body: push.body,
    options: push.options,
    deps: push.deps,
    hops: copy.hops,
    late: (copy.flags & (REPAIR | LATE)) !== 0,
    came: copy.at,
    at: state.now,
    request: undefined,
    older: undefined,
    newer: undefined,
    cost: 0,
  }
  remember(state, message)
  const tally = (message.options & RECEIPT) === 0 ? undefined : openTally(state, message, copy.link)
  const unknownStart = stream.next === 0
  stream.topics?.found(push.seq)
  if (late) foundOut(state, stream, push.topic, from)
  else {
    if (repair) overlooked(state, stream, push.seq, push.topic, from)
    arrive(state, message)
  }
  if (unknownStart && stream.next === 0 && from !== undefined) askWhere(state, from, stream)
  for (const other of candidate.copies) if (other !== copy) repeat(state, stream, other, push)
  passOn(state, message, from, late)
  if (message.late) overheard(state, message)
  keptPace(state, message)
  if (stream.earlySeq === push.seq) announcedBefore(state, message)
  if (tally !== undefined) awaitAll(state, tally, message)
  noteTopic(state, stream, push.topic, from)
}

/** Another copy of a message that has been verified meanwhile. Other bytes under its name are not acked. */
function repeat(state: GossipState, stream: Stream, copy: Copy, good: Push): void {
  const neighbour = state.neighbours.get(copy.link)
  if (neighbour !== undefined && copy.push === good) {
    again(state, neighbour, stream, good.seq, copy.hops, copy.flags)
  }
}

function passOn(state: GossipState, message: Message, from: Neighbour | undefined, late: boolean): void {
  const { stream, seq } = message
  if (message.hops >= state.settings.maxHops) return
  for (const neighbour of state.neighbours.values()) {
    if (neighbour === from || neighbour.peer === stream.origin) continue
    const edge = stream.edges.get(neighbour.link)
    if (edge?.told.has(seq)) {
      // No push follows that the branch would be told with.
      if (edge.eager && !edge.upstream) tellSkips(state, neighbour, stream)
      continue
    }
    if (withhold(state, neighbour, message)) {
      // What came out of order, it may be waiting for.
      if (seq < stream.highest) tellSkips(state, neighbour, stream, true)
    } else if (late) announceLater(state, neighbour, message, state.now)
    else if (edge === undefined || !edge.eager) announceLater(state, neighbour, message)
    else if (edge.upstream) {
      // A parent, or one that was asked to be, lost this one, or it is late: it has it or hears at once that it can be had here.
      announceLater(state, neighbour, message, state.now)
    } else if (state.usable(neighbour)) pushTo(state, neighbour, message)
    else neighbour.owed = true
  }
}
