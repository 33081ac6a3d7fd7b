/**
 * Receipts, summed up the tree. A message that asks for them is counted by every peer: itself, once it is
 * delivered, and what its neighbours report. The sum goes to the peer that brought the message, and to nobody else:
 * so nobody is counted twice. The origin has the sum of all.
 *
 * A peer's sum is final when every neighbour it does not have the message from has said its last word: its own
 * final sum, or 0 when it has the message from somebody else. Everybody who has the message says so to all its
 * neighbours, so this ends when everybody who can be reached has it. Who is silent is asked, and in the end
 * not waited for. A sum may grow after that. Counts are what peers say, not proofs.
 *
 * When the link to the parent ends, a peer reports what it has not reported yet to a neighbour that is as near to the
 * origin or nearer, and reports to one that is nearer itself. Of the peers that are equally near, none that has lost its
 * parent is ever reported to; so no sum comes back to who made it. Where all other ways lead through those who report to
 * it, they look for a neighbour that does not, and the sum goes back the way the message came, and past them. What was on
 * its way over the ended link is lost.
 * @module
 */
import type { LinkId } from '../input.ts'
import { ASK, FINAL, LOST, type TallyEntry, WAY } from './control.ts'
import type { Neighbour } from './neighbour.ts'
import { reportLater } from './notices.ts'
import { RangeSet } from './ranges.ts'
import { announced } from './repair.ts'
import { settle } from './settle.ts'
import type { GossipState } from './state.ts'
import type { Message } from './stream.ts'
import { ASK_AFTER, FORMING, GROWING, keyOf, Tally, TORN, YOUNG } from './tally.ts'
import type { Verifying } from './verifying.ts'
import { withhold } from './withhold.ts'

const NEVER = Number.POSITIVE_INFINITY
/** Questions until nobody is waited for: ten seconds. */
const MAX_ASKS = 16
/** A tally is kept for late reports, and for questions, ms. */
const KEPT = 60_000
/** Tallies are looked at this often at most, ms. */
const PAUSE = 20

/** Begins to count the receipts of a message that came over `parent`. */
export function openTally(state: GossipState, message: Message, parent: LinkId | undefined): Tally {
  const { tallies } = state
  const tally = new Tally(message, parent, state.now)
  tallies.set(keyOf(tally.stream, tally.seq), tally)
  const young = state.now - (state.joinedAt ?? state.now) < YOUNG
  if (tally.request !== undefined && young) holdOpen(state, tally, FORMING)
  for (const oldest of tallies.keys()) {
    if (tallies.size <= state.settings.maxTallies) break
    tallies.delete(oldest)
  }
  return tally
}

function find(state: GossipState, { stream, seq }: Message): Tally | undefined {
  return state.tallies.get(keyOf(stream.id, seq))
}

function wakeAt(state: GossipState, at: number): void {
  if (at >= state.tallyAt) return
  state.tallyAt = Math.max(at, state.now + PAUSE)
  state.wake(state.tallyAt)
}

/** The message is on its way to the neighbours: tells those that do not get it from here, and waits for all. */
export function awaitAll(state: GossipState, tally: Tally, message: Message): void {
  const { stream, seq } = message
  for (const neighbour of state.neighbours.values()) {
    if (neighbour.link === tally.parent || neighbour.suspect) continue
    if (withhold(state, neighbour, message)) continue
    if (!neighbour.unacked.has(message)) reportLater(state, neighbour, tally, 0, FINAL)
    if (neighbour.peer === stream.origin) continue
    if (stream.edges.get(neighbour.link)?.told.has(seq) !== true) tally.awaited.add(neighbour.link)
  }
  // The last thing a link brought before it ended: its signature was checked afterwards.
  if (tally.parent !== undefined && !state.neighbours.has(tally.parent)) bereave(state, tally)
  if (tally.awaited.size > 0) wakeAt(state, tally.askAt)
  state.counted.add(tally)
}

/** A neighbour gets the message because it asked for it. */
export function awaitOne(state: GossipState, neighbour: Neighbour, message: Message): void {
  const tally = find(state, message)
  if (tally === undefined || tally.asks > MAX_ASKS) return
  tally.awaited.add(neighbour.link)
  tally.askAt = Math.max(tally.askAt, state.now + ASK_AFTER)
  wakeAt(state, tally.askAt)
}

/** This peer has been given a message. */
export function arrived(state: GossipState, message: Message): void {
  const tally = find(state, message)
  if (tally === undefined || tally.here) return
  tally.here = true
  // What a peer broadcast before its reload is not news to it, and a topic it only passes on is no news for it.
  if (message.stream.origin !== state.config.id && state.interests.covers(message.topic)) tally.sum++
  state.counted.add(tally)
}

/** A neighbour pushed what was here already: neither has it from the other, unless it did not hear the ack. */
export function notYours(state: GossipState, neighbour: Neighbour, message: Message): void {
  const tally = find(state, message)
  if (tally?.parent === neighbour.link) return
  if (tally?.awaited.delete(neighbour.link)) state.counted.add(tally)
  const { stream, hops, seq } = message
  reportLater(state, neighbour, tally ?? { stream: stream.id, hops, seq }, 0, FINAL)
}

/** A neighbour reports, or asks for a report; either way it has the message. */
export function reported(
  state: GossipState,
  neighbour: Neighbour,
  entry: TallyEntry,
  verifying: Verifying,
): void {
  const { stream: id, hops, seq, count, kind } = entry
  const { link } = neighbour
  const stream = state.streams.rumour(id, state.now)
  const seen = stream.seen(seq)
  if (!seen || !stream.edge(link).told.has(seq)) {
    const ranges = new RangeSet()
    ranges.add(seq)
    // Who has it from elsewhere says so at once; any other report may be late.
    const lag = kind === FINAL && count === 0 ? 0 : -1
    // Most likely it is on its way here: an announcement comes in time if it is not.
    announced(state, neighbour, { stream: id, hops, lag, ranges }, verifying, seen || kind === ASK)
  }
  const tally = state.tallies.get(keyOf(id, seq))
  if (kind === ASK) {
    if (!seen) return
    if (tally?.parent === link) {
      report(state, neighbour, tally)
      if (count === LOST && tally.seeking === 0) {
        tally.seeking = hops
        askAll(state, tally, hops)
      }
    } else reportLater(state, neighbour, tally ?? { stream: id, hops: stream.hops, seq }, 0, FINAL, state.now)
    return
  }
  if (tally === undefined || tally.parent === link) return
  const isWay = kind === WAY
  if (tally.seeking > 0 && (isWay || hops < tally.seeking)) return detour(state, neighbour, tally, hops)
  if (tally.parent === undefined && tally.request === undefined && (isWay || hops <= tally.depth)) {
    tally.parent = link
    tally.awaited.delete(link)
    tally.hops = isWay ? farther(hops) : hops < tally.depth ? tally.depth : tally.depth + 1
    report(state, neighbour, tally)
    return
  }
  const before = tally.counts.get(link) ?? 0
  if (count > before) {
    tally.counts.set(link, count)
    tally.sum += count - before
  }
  if (kind === FINAL) tally.awaited.delete(link)
  else if (count > before) tally.awaited.add(link)
  state.counted.add(tally)
}

function isFinal(tally: Tally): boolean {
  return tally.here && tally.awaited.size === 0 && tally.tornUntil === 0
}

function report(state: GossipState, parent: Neighbour, tally: Tally): void {
  tally.told = tally.sum
  tally.closed = isFinal(tally)
  tally.growAt = state.now + GROWING
  reportLater(state, parent, tally, tally.sum - tally.elsewhere, tally.closed ? FINAL : 0, state.now)
}

/** The end of a turn: reports what has changed. */
export function review(state: GossipState): void {
  for (const tally of state.counted) {
    const { request, sum, parent } = tally
    if (request !== undefined) {
      if (request.settled) continue
      if (sum > tally.told) {
        tally.told = sum
        state.emit({ kind: 'receipt', request: request.id, count: sum })
      }
      if (isFinal(tally) && request.acked + sum > 0) settle(state, request, 'ok')
      continue
    }
    const neighbour = parent === undefined ? undefined : state.neighbours.get(parent)
    if (neighbour === undefined) continue
    const done = isFinal(tally) && !tally.closed
    if (done || (sum > tally.told && state.now >= tally.growAt)) report(state, neighbour, tally)
    else if (sum > tally.told) wakeAt(state, tally.growAt)
  }
  state.counted.clear()
}

/** The timer: sums that grow, questions to who is silent, tallies that are old. */
export function talliesDue(state: GossipState): void {
  state.tallyAt = NEVER
  const { now } = state
  for (const [key, tally] of state.tallies) {
    if (now - tally.since >= KEPT) {
      state.tallies.delete(key)
      continue
    }
    if (now >= tally.tornUntil && tally.tornUntil > 0) {
      tally.tornUntil = 0
      state.counted.add(tally)
    }
    if (tally.awaited.size > 0 && now >= tally.askAt) ask(state, tally)
    if (tally.sum > tally.told && now >= tally.growAt) state.counted.add(tally)
    if (tally.tornUntil > 0) wakeAt(state, tally.tornUntil)
    if (tally.awaited.size > 0) wakeAt(state, tally.askAt)
    if (tally.sum > tally.told && now < tally.growAt) wakeAt(state, tally.growAt)
  }
}

function ask(state: GossipState, tally: Tally): void {
  tally.askAt = state.now + ASK_AFTER
  if (++tally.asks > MAX_ASKS) {
    tally.awaited.clear()
    state.counted.add(tally)
    return
  }
  for (const link of tally.awaited) {
    const neighbour = state.neighbours.get(link)
    if (neighbour !== undefined) reportLater(state, neighbour, tally, 0, ASK, state.now)
  }
}

/** A link is down or silent: nothing more is expected of it, nor told to it. */
export function awaitNoMore(state: GossipState, link: LinkId): void {
  for (const tally of state.tallies.values()) {
    if (tally.parent === link) bereave(state, tally)
    if (!tally.awaited.delete(link)) continue
    state.counted.add(tally)
    if (state.neighbours.has(link)) continue
    holdOpen(state, tally, TORN)
  }
}

/** The sum is not final yet, whoever has said its last word. */
function holdOpen(state: GossipState, tally: Tally, duration: number): void {
  tally.tornUntil = Math.max(tally.tornUntil, state.now + duration)
  wakeAt(state, tally.tornUntil)
}

/** The parent is gone. Asks everybody: who answers may be somebody to report the rest to. */
function bereave(state: GossipState, tally: Tally): void {
  tally.parent = undefined
  tally.seeking = 0
  tally.hops = tally.depth + 1
  tally.elsewhere = tally.told
  if (isOpen(tally)) askAll(state, tally, tally.hops)
}

/** One link more, as far as a byte counts. */
function farther(hops: number): number {
  return Math.min(255, hops + 1)
}

/** Whether there is, or will be, anything to report. */
function isOpen(tally: Tally): boolean {
  return !tally.closed || tally.sum !== tally.told
}

/** Asks for a way to the origin past the peer that has lost its own, which stands `hops` - 1 links from it. */
function askAll(state: GossipState, { stream, seq, parent }: Tally, hops: number): void {
  for (const neighbour of state.neighbours.values())
    if (!neighbour.suspect && neighbour.link !== parent)
      reportLater(state, neighbour, { stream, hops, seq }, LOST, ASK, state.now)
}

/** There is a way past the parent, which has lost its own: what is new goes there, and what the parent has may follow. */
function detour(state: GossipState, neighbour: Neighbour, tally: Tally, hops: number): void {
  const former = tally.parent === undefined ? undefined : state.neighbours.get(tally.parent)
  tally.seeking = 0
  tally.parent = neighbour.link
  tally.elsewhere = tally.told
  tally.hops = farther(hops)
  tally.depth = Math.min(tally.depth, tally.hops)
  tally.awaited.delete(neighbour.link)
  report(state, neighbour, tally)
  if (former !== undefined) reportLater(state, former, tally, 0, WAY, state.now)
}

/** A link is up: who has nobody to report to has one more to ask. */
export function askAgain(state: GossipState, neighbour: Neighbour): void {
  for (const tally of state.tallies.values()) {
    if (state.now - tally.since >= YOUNG || !isOpen(tally)) continue
    const { stream, seq, parent, request } = tally
    const hops = parent === undefined && request === undefined ? tally.hops : tally.seeking
    if (hops > 0) reportLater(state, neighbour, { stream, hops, seq }, LOST, ASK, state.now)
  }
}
