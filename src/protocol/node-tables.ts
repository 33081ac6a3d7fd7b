/**
 * How full the tables of a peer are, seen from outside. It looks into the machines (checked by the compiler, which
 * lets brackets pass `private`), so that the library carries nothing for it: only the simulator imports this.
 * @module
 */

import { circuitTables } from './circuit/tables.ts'
import { GOSSIP_DEFAULTS, MAX_RANGES as GOSSIP_RANGES } from './gossip/config.ts'
import { MAX_HELD } from './handshake/handshake.ts'
import type { Node } from './node.ts'
import { MAX_HELD_BYTES } from './node-channel.ts'
import { overlayTables } from './overlay/tables.ts'
import { ROUTING_LIMITS } from './routing/limits.ts'
import { MOST_LOST } from './routing/lost.ts'
import { MAX_RANGES as LETTER_RANGES } from './routing/seen.ts'
import type { TableSize } from './table.ts'
import { MAX_DIGEST, MAX_FRAME } from './wire/limits.ts'

/** Acks that wait for one neighbour (gossip/notices.ts sends them when they are as many). */
const MAX_ACKS = 256

/** Every table that grows with what others send or say, with the bound that its machine names. */
export function tablesOf(node: Node): TableSize[] {
  const { maxPeers } = node.config
  return [
    { table: 'node.channels', size: node['connections']['channels'].size, bound: maxPeers },
    ...channelTables(node),
    { table: 'node.retired', size: node['machines'].retired.size, bound: maxPeers },
    { table: 'handshake.pending', size: node['machines'].handshake['pending'].size, bound: maxPeers },
    { table: 'handshake.greeted', size: node['machines'].handshake['greeted'].size, bound: maxPeers },
    { table: 'liveness.links', size: node['machines'].liveness['links'].size, bound: maxPeers },
    ...overlayTables(node['machines'].overlay),
    ...circuitTables(node['machines'].relayed.circuits, maxPeers),
    ...gossipTables(node, maxPeers),
    ...routingTables(node, maxPeers),
  ]
}

function channelTables(node: Node): TableSize[] {
  let held = 0
  let heldBytes = 0
  for (const channel of node['connections']['channels'].values()) {
    held = Math.max(held, channel.held.length)
    heldBytes = Math.max(heldBytes, channel.heldBytes)
  }
  return [
    { table: 'node.held', size: held, bound: MAX_HELD },
    { table: 'node.heldBytes', size: heldBytes, bound: MAX_HELD_BYTES },
  ]
}

function gossipTables(node: Node, maxPeers: number): TableSize[] {
  const gossip = node['machines'].gossip
  const state = gossip['state']
  const settings = { ...GOSSIP_DEFAULTS, ...node.config.gossip }
  const { stats } = gossip
  const most = { held: 0, above: 0, edges: 0, told: 0, acks: 0, digest: 0, unacked: 0 }
  for (const stream of state.streams.byId.values()) {
    most.held = Math.max(most.held, stream.held.size)
    most.above = Math.max(most.above, stream.above.count)
    most.edges = Math.max(most.edges, stream.edges.size)
    for (const edge of stream.edges.values()) most.told = Math.max(most.told, edge.told.count)
  }
  for (const neighbour of state.neighbours.values()) {
    most.acks = Math.max(most.acks, neighbour.ackStreams.length)
    most.digest = Math.max(most.digest, neighbour.digest.length)
    most.unacked = Math.max(most.unacked, neighbour.unacked.size)
  }
  return [
    { table: 'gossip.links', size: stats.links, bound: maxPeers },
    { table: 'gossip.streams', size: stats.streams, bound: settings.maxStreams },
    { table: 'gossip.rumours', size: stats.rumours, bound: settings.maxRumours },
    { table: 'gossip.tombstones', size: stats.tombstones, bound: settings.maxTombstones },
    { table: 'gossip.history', size: stats.historyBytes, bound: Math.max(settings.historyBytes, MAX_FRAME) },
    { table: 'gossip.verifying', size: stats.verifying, bound: settings.maxVerifying },
    { table: 'gossip.requests', size: stats.requests, bound: settings.maxRequests },
    { table: 'gossip.held', size: most.held, bound: settings.maxHeld },
    { table: 'gossip.above', size: most.above, bound: GOSSIP_RANGES },
    { table: 'gossip.edges', size: most.edges, bound: maxPeers },
    { table: 'gossip.told', size: most.told, bound: GOSSIP_RANGES },
    { table: 'gossip.acks', size: most.acks, bound: MAX_ACKS },
    { table: 'gossip.digest', size: most.digest, bound: MAX_DIGEST },
    { table: 'gossip.unacked', size: most.unacked, bound: settings.maxUnacked },
  ]
}

function routingTables(node: Node, maxPeers: number): TableSize[] {
  const routing = node['machines'].routing
  const { tables } = routing.stats
  const outbound = routing['outbound']
  const directory = routing['directory']
  const { lanes } = outbound.sizes
  let ranges = 0
  for (const known of directory['known'].values()) ranges = Math.max(ranges, known.seen.size)
  const limits = ROUTING_LIMITS
  return [
    { table: 'routing.links', size: routing['relay'].neighbours.size, bound: maxPeers },
    { table: 'routing.requests', size: tables.requests, bound: limits.maxRequests },
    { table: 'routing.requestBytes', size: tables.requestBytes, bound: limits.maxRequestBytes },
    { table: 'routing.lanes', size: lanes, bound: limits.maxRequests },
    { table: 'routing.records', size: tables.records, bound: limits.maxRecords },
    { table: 'routing.pinned', size: directory['pinned'].size, bound: limits.maxRequests + maxPeers },
    { table: 'routing.numbers', size: outbound['numbers'].size, bound: limits.maxRecords },
    { table: 'routing.seen', size: ranges, bound: LETTER_RANGES },
    { table: 'routing.questions', size: tables.questions, bound: limits.maxQuestions },
    { table: 'routing.lost', size: routing['relay'].lost.size, bound: MOST_LOST },
    { table: 'routing.ways', size: tables.ways, bound: limits.maxWays },
  ]
}
