/**
 * What a group of messages reached and what it cost: the sums behind a phase of the report.
 * @module
 */
import type { Message } from './ledger.ts'
import type { Peer } from './peer.ts'
import type { Phase } from './report.ts'
import type { Traffic } from './traffic.ts'

/** A broadcast, and the ms in which the fastest flood would have reached everybody. */
export interface Sent {
  readonly message: Message
  readonly flood: number
}

/** Whether `peer` was there from before the sending until now, wants the message, and is honest. */
export function isDue(message: Message, peer: Peer): boolean {
  if (peer.traits.silent) return false
  const there = peer.life === 'live' && peer !== message.from && peer.joinedAt <= message.sentAt
  return there && peer.interests.covers(message.topic ?? '') && peer.interestedSince <= message.sentAt
}

/** Whether everybody to whom it is due has the message. */
export function isEverywhere(message: Message, peers: readonly Peer[]): boolean {
  for (const peer of peers) if (isDue(message, peer) && !message.has(peer)) return false
  return true
}

/** Share of the deliveries due that were made within `deadline` ms of sending; null when nothing was sent. */
export function shareOf(
  messages: readonly Message[],
  peers: readonly Peer[],
  deadline: number,
): number | null {
  if (messages.length === 0) return null
  let expected = 0
  let made = 0
  for (const message of messages) {
    for (const peer of peers) {
      if (!isDue(message, peer)) continue
      expected++
      if (message.arrival(peer) <= deadline) made++
    }
  }
  return expected === 0 ? 1 : made / expected
}

export function phaseOf(
  name: string,
  sent: readonly Sent[],
  spent: Traffic,
  peers: readonly Peer[],
  recoveryMs: number | null,
): Phase {
  let deliveries = 0
  let expected = 0
  let all = 0
  let lastHop = 0
  let lastArrival = 0
  let worst = 0
  let ratio = 0
  let settled = 0
  for (const { message, flood } of sent) {
    all += message.deliveries
    for (const peer of peers) {
      if (!isDue(message, peer)) continue
      expected++
      if (message.has(peer)) deliveries++
    }
    lastHop += message.maxHops
    lastArrival += message.lastArrival
    worst = Math.max(worst, message.lastArrival)
    ratio += flood === 0 ? 1 : message.lastArrival / flood
    if (message.outcome === 'ok') settled++
  }
  const count = Math.max(1, sent.length)
  const per = Math.max(1, all)
  return {
    name,
    messages: sent.length,
    deliveries,
    expected,
    duplicatesPerDelivery: Math.max(0, spent.pushesArrived - all) / per,
    lastHop: lastHop / count,
    lastArrivalMs: lastArrival / count,
    worstArrivalMs: worst,
    lastArrivalRatio: ratio / count,
    pushesPerDelivery: spent.pushesArrived / per,
    controlBytesPerDelivery: spent.gossipControlBytes / per,
    bytesPerDelivery: spent.bytes / per,
    packetsPerDelivery: spent.packets / per,
    settled: settled / count,
    recoveryMs,
  }
}
