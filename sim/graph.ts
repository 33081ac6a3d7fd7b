/**
 * The mesh as a graph, seen from above: peers that live, links that both ends call up.
 * @module
 */
import type { Network } from './network.ts'
import type { Endpoint, Peer } from './peer.ts'
import { EventQueue } from './queue.ts'
import type { Stream } from './random.ts'

/** The peer at the other end of a link that is up on both ends. */
export function neighbourOver(endpoint: Endpoint): Peer | undefined {
  const other = endpoint.other
  if (!endpoint.up || endpoint.state !== 'open' || other === undefined) return undefined
  if (!other.up || other.state !== 'open' || other.peer.life !== 'live') return undefined
  if (endpoint.stranded || other.stranded) return undefined
  return other.peer
}

function visit(from: Peer, seen: Map<Peer, number>): number {
  let furthest = 0
  const queue = [from]
  seen.set(from, 0)
  for (let at = 0; at < queue.length; at++) {
    const peer = queue[at] as Peer
    const hops = (seen.get(peer) as number) + 1
    for (const endpoint of peer.endpoints.values()) {
      const next = neighbourOver(endpoint)
      if (next === undefined || seen.has(next)) continue
      seen.set(next, hops)
      furthest = hops
      queue.push(next)
    }
  }
  return furthest
}

/** Whether links lead from one peer to another past peers that pass messages on. */
export function isConnected(from: Peer, to: Peer): boolean {
  const seen = new Set([from])
  for (const peer of seen) {
    if (peer === to) return true
    if (peer !== from && peer.traits.silent) continue
    for (const endpoint of peer.endpoints.values()) {
      const next = neighbourOver(endpoint)
      if (next !== undefined) seen.add(next)
    }
  }
  return false
}

/** The peers of each connected component. */
export function archipelago(peers: readonly Peer[]): Peer[][] {
  const all = new Set<Peer>()
  const found: Peer[][] = []
  for (const peer of peers) {
    if (all.has(peer)) continue
    const seen = new Map<Peer, number>()
    visit(peer, seen)
    found.push([...seen.keys()])
    for (const each of seen.keys()) all.add(each)
  }
  return found
}

/** Connected components among these peers; 1 is a whole mesh. */
export function islands(peers: readonly Peer[]): number {
  const seen = new Map<Peer, number>()
  let count = 0
  for (const peer of peers) {
    if (seen.has(peer)) continue
    count++
    visit(peer, seen)
  }
  return count
}

export interface Distances {
  /** Mean and largest number of links between two peers that can reach each other. */
  readonly mean: number
  readonly max: number
}

/** Sources of the distances: enough for a mean to two digits. */
const SOURCES = 64

/** Shortest paths, counted in links, from some of the peers to all others. */
export function distances(peers: readonly Peer[], stream: Stream): Distances {
  let sum = 0
  let pairs = 0
  let max = 0
  for (const source of stream.sample(peers, SOURCES)) {
    const seen = new Map<Peer, number>()
    max = Math.max(max, visit(source, seen))
    for (const hops of seen.values()) sum += hops
    pairs += seen.size - 1
  }
  return { mean: pairs === 0 ? 0 : sum / pairs, max }
}

/** Links per peer. */
export function degrees(peers: readonly Peer[]): { mean: number; min: number; max: number } {
  let sum = 0
  let min = Number.POSITIVE_INFINITY
  let max = 0
  for (const peer of peers) {
    let degree = 0
    for (const endpoint of peer.endpoints.values()) if (neighbourOver(endpoint) !== undefined) degree++
    sum += degree
    min = Math.min(min, degree)
    max = Math.max(max, degree)
  }
  return { mean: peers.length === 0 ? 0 : sum / peers.length, min: peers.length === 0 ? 0 : min, max }
}

/** When the last peer would have a message that every peer passes on to every neighbour at once, ms. */
export function floodTime(from: Peer, network: Network): number {
  const queue = new EventQueue()
  const seen = new Set<Peer>()
  let last = 0
  queue.push(0, 0).peer = from
  for (;;) {
    const event = queue.pop()
    if (event === undefined) return last
    const peer = event.peer as Peer
    queue.recycle(event)
    if (seen.has(peer)) continue
    seen.add(peer)
    last = queue.now
    for (const endpoint of peer.endpoints.values()) {
      const next = neighbourOver(endpoint)
      if (next === undefined || seen.has(next)) continue
      queue.push(last + network.latency(peer, next), 0).peer = next
    }
  }
}

/** Ms of the quickest path from one peer to another over links that are up; `undefined` where there is none. */
export function pathTime(from: Peer, to: Peer, network: Network): number | undefined {
  const queue = new EventQueue()
  const seen = new Set<Peer>()
  queue.push(0, 0).peer = from
  for (;;) {
    const event = queue.pop()
    if (event === undefined) return undefined
    const peer = event.peer as Peer
    queue.recycle(event)
    if (peer === to) return queue.now
    if (seen.has(peer)) continue
    seen.add(peer)
    for (const endpoint of peer.endpoints.values()) {
      const next = neighbourOver(endpoint)
      if (next !== undefined && !seen.has(next))
        queue.push(queue.now + network.latency(peer, next), 0).peer = next
    }
  }
}
