/**
 * Direct messages between random pairs, and what they tell of routing: how many arrive, over how many hops, how
 * late against the shortest path, and how soon after a fault all of them do again.
 * @module
 */
import { pathTime } from './graph.ts'
import type { Message } from './ledger.ts'
import type { Peer } from './peer.ts'
import type { World } from './world.ts'

/** A direct message is given up after this, virtual ms: the default of `send()`. */
export const DIRECT_TIMEOUT = 10_000
/**
 * A message that has arrived within this went at first go, virtual ms: to a stranger it takes three journeys (the
 * question for its record, the answer, the message itself), of up to 14 links of 50 ms each at 10,000 peers.
 */
const FIRST_GO = 2000
/** Messages in a row that must all go at first go until routing counts as whole. */
const ROW = 100
/** Messages whose shortest path is worked out: enough for a mean to two digits. */
const MEASURED = 50

export interface Directs {
  readonly sent: Message[]
  /** Sums over some of the sent: ms of the shortest path at the time of sending, by message. */
  readonly shortest: Map<Message, number>
}

/**
 * Sends `count` messages, `gap` ms apart, and waits until each is settled: between the pairs that `chosen` names for a turn, else
 * between random live ones, silent peers not among them.
 */
export function sendDirects(
  world: World,
  count: number,
  gap: number,
  chosen?: (turn: number) => readonly [Peer, Peer] | undefined,
): Directs {
  const directs: Directs = { sent: [], shortest: new Map() }
  for (let i = 0; i < count; i++) {
    if (!sendOne(world, directs, i % everyOf(count) === 0, chosen?.(i))) break
    world.advance(gap)
  }
  awaitDirects(world, directs)
  return directs
}

/** Waits until each is settled. */
function awaitDirects(world: World, { sent }: Directs): void {
  world.runUntil(() => sent.every(message => message.outcome !== undefined), 2 * DIRECT_TIMEOUT, 50)
}

function everyOf(count: number): number {
  return Math.max(1, Math.floor(count / MEASURED))
}

function sendOne(
  world: World,
  { sent, shortest }: Directs,
  measured: boolean,
  chosen?: readonly [Peer, Peer],
): boolean {
  const honest = world.live().filter(peer => !peer.traits.silent)
  const [from, to] = chosen ?? world.choice.sample(honest, 2)
  if (from === undefined || to === undefined) return false
  const path = measured ? pathTime(from, to, world.network) : undefined
  const message = world.send(from, to, DIRECT_TIMEOUT)
  if (path !== undefined) shortest.set(message, path)
  sent.push(message)
  return true
}

/** What the report says of them. `directStretch` counts from sending to arrival, the question for a record included. */
export function directFigures({ sent, shortest }: Directs) {
  const ok = sent.filter(message => message.outcome === 'ok')
  let took = 0
  let least = 0
  for (const [message, path] of shortest) {
    if (message.outcome !== 'ok') continue
    took += message.lastArrival
    least += path
  }
  return {
    directSuccess: sent.length === 0 ? 1 : ok.length / sent.length,
    directMeanHops: ok.reduce((sum, message) => sum + message.hops, 0) / Math.max(1, ok.length),
    directMeanMs: ok.reduce((sum, message) => sum + message.lastArrival, 0) / Math.max(1, ok.length),
    directStretch: least === 0 ? null : took / least,
  }
}

/** Ms from `since` until the first of {@link ROW} messages in a row that all went at first go; null if there was no such row. */
export function wholeAgain(sent: readonly Message[], since: number): number | null {
  let row = 0
  for (const [i, message] of sent.entries()) {
    row = message.deliveries > 0 && message.lastArrival <= FIRST_GO ? row + 1 : 0
    if (row === ROW) return Math.max(0, (sent[i - ROW + 1] as Message).sentAt - since)
  }
  return null
}
