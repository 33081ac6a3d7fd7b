/**
 * Supplying the past: a neighbour asks for the latest messages of a topic, and gets what history still has of them,
 * the latest first, within bounds.
 * @module
 */
import type { Drop } from '../effect.ts'
import type { Reader } from '../wire/reader.ts'
import type { Neighbour } from './neighbour.ts'
import { decodeHistory, encodePast, encodePastEnd } from './past.ts'
import type { GossipState } from './state.ts'

/** Bytes of one answer; one message is always allowed. */
const MOST = 1024 * 1024

/** A HISTORY frame. */
export function recall(state: GossipState, neighbour: Neighbour, reader: Reader): Drop | undefined {
  const wanted = decodeHistory(reader)
  if (wanted === undefined) return 'malformed'
  if (!neighbour.historyCredit.take(1, state.now)) return 'rate'
  const { question, last, topic } = wanted
  const since = wanted.age === 0 ? Number.NEGATIVE_INFINITY : state.now - wanted.age
  const known = new Map(wanted.known.map(({ stream, ranges }) => [stream, ranges]))
  let found = 0
  let sent = 0
  let bytes = 0
  for (let message = state.history.latest; message !== undefined && found < last; message = message.older) {
    if (message.at < since) break
    if (message.topic !== topic) continue
    if (known.get(message.stream.id)?.has(message.seq) === true) {
      found++
      continue
    }
    bytes += message.frame.length
    if (neighbour.full || (sent > 0 && bytes > MOST)) break
    if (!neighbour.repairCredit.take(message.frame.length, state.now)) break
    const age = Math.max(0, Math.round(state.now - message.at))
    state.send(neighbour, encodePast(question, age, message.frame))
    sent++
    found++
  }
  state.counters.recalled += sent
  state.send(neighbour, encodePastEnd(question, found))
  return undefined
}
