/**
 * Pushing a message to a neighbour until it acks: what is asked when no ack comes, and what an ack settles.
 *
 * A push is sent once. When its ack is late the neighbour is asked (IHAVE) whether it has the message: it answers
 * with an ack or with a GRAFT. So a lost ack costs a dozen bytes and never a duplicate.
 * @module
 */

import type { Neighbour } from './neighbour.ts'
import { announceLater, question } from './notices.ts'
import type { Request } from './request.ts'
import type { GossipState } from './state.ts'
import type { Message, Stream } from './stream.ts'
import { retryDelay, transferTime } from './timing.ts'
import { tellSkips } from './withhold.ts'

export function push(state: GossipState, neighbour: Neighbour, message: Message): void {
  neighbour.unackedBytes += message.frame.length
  const due = state.now + dueIn(state, neighbour, 1)
  neighbour.unacked.set(message, { attempts: 1, due, bytes: message.frame.length })
  if (due < neighbour.retryAt) {
    neighbour.retryAt = due
    state.wake(due)
  }
  state.counters.pushed++
  tellSkips(state, neighbour, message.stream)
  state.send(neighbour, message.frame)
}

/** What an ack may take: the formula, and the time the bytes ahead of it need on a slow link. */
function dueIn(state: GossipState, neighbour: Neighbour, attempts: number): number {
  const delay = retryDelay(attempts, neighbour.roundTrip, state.settings, state.config.random)
  return delay + transferTime(neighbour.unackedBytes)
}

function forget(state: GossipState, neighbour: Neighbour, message: Message): boolean {
  const unacked = neighbour.unacked.get(message)
  if (unacked === undefined) return false
  neighbour.unackedBytes -= unacked.bytes
  neighbour.unacked.delete(message)
  if (neighbour.unacked.size === 0) {
    // The rule where all is well: without this every push is followed by a wake for nothing.
    state.spare(neighbour.retryAt)
    neighbour.retryAt = Number.POSITIVE_INFINITY
  }
  return true
}

/** A neighbour has a message: it said so, or pushed it itself. False when nothing was awaited. */
export function acked(state: GossipState, neighbour: Neighbour, message: Message): boolean {
  const request = message.request
  if (request !== undefined && !request.settled) {
    request.acked++
    request.tried.add(neighbour.link)
    noLongerAwaited(state, message, request, neighbour)
  }
  return forget(state, neighbour, message)
}

function noLongerAwaited(state: GossipState, message: Message, request: Request, neighbour: Neighbour): void {
  request.waiting.delete(neighbour.link)
  if (request.waiting.size === 0) state.stranded.push(message)
}

/** An ack, or an announcement, of a range: cheap however long the range claims to be. */
export function ackedRange(
  state: GossipState,
  neighbour: Neighbour,
  stream: Stream,
  from: number,
  to: number,
): number {
  let hits = 0
  if (to - from < Math.max(16, neighbour.unacked.size)) {
    for (let seq = from; seq <= to; seq++) {
      const message = stream.messages.get(seq)
      if (message !== undefined && acked(state, neighbour, message)) hits++
    }
    return hits
  }
  for (const message of neighbour.unacked.keys()) {
    if (message.stream === stream && message.seq >= from && message.seq <= to) {
      acked(state, neighbour, message)
      hits++
    }
  }
  return hits
}

/** A link is not counted on any more for this message; announcements and ranges still repair it. */
export function giveUp(state: GossipState, neighbour: Neighbour, message: Message): void {
  forget(state, neighbour, message)
  if (message.request !== undefined && !message.request.settled) {
    noLongerAwaited(state, message, message.request, neighbour)
  }
}

/** Asks about what is due on a link. */
export function retryDue(state: GossipState, neighbour: Neighbour): void {
  neighbour.retryAt = Number.POSITIVE_INFINITY
  const late: Message[] = []
  for (const [message, unacked] of neighbour.unacked) {
    if (unacked.due <= state.now) {
      if (message.cost === 0 || unacked.attempts > state.settings.maxRetries) {
        state.counters.gaveUp++
        giveUp(state, neighbour, message)
        if (message.cost > 0) announceLater(state, neighbour, message)
        continue
      }
      unacked.attempts++
      unacked.due = state.now + dueIn(state, neighbour, unacked.attempts)
      state.counters.retries++
      late.push(message)
      // Asked before, and silent: whoever it would have passed this on to should hear of it from others.
      if (unacked.attempts === 3) announceAround(state, neighbour, message)
    }
    if (unacked.due < neighbour.retryAt) neighbour.retryAt = unacked.due
  }
  question(state, neighbour, late)
  state.wake(neighbour.retryAt)
}

function announceAround(state: GossipState, silent: Neighbour, message: Message): void {
  for (const neighbour of state.neighbours.values()) {
    const edge = message.stream.edges.get(neighbour.link)
    if (neighbour === silent || edge?.eager === true || edge?.told.has(message.seq)) continue
    announceLater(state, neighbour, message, state.now)
  }
}

/** Nothing is awaited from a link any more: it went down or fell silent. */
export function giveUpAll(state: GossipState, neighbour: Neighbour): void {
  for (const message of [...neighbour.unacked.keys()]) giveUp(state, neighbour, message)
  neighbour.retryAt = Number.POSITIVE_INFINITY
}
