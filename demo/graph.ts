/**
 * The mesh as one tab knows it, as a graph: its own links, and those its neighbours told of.
 * @module
 */
import type { LinkStats, MeshStats, PeerId } from 'tabmesh'

export interface GraphNode {
  readonly id: PeerId
  /** `self`, a linked peer, or one known by hearsay. */
  readonly kind: 'self' | 'neighbour' | 'known'
}

export interface GraphEdge {
  /** The same for both directions; also the edge's key. */
  readonly key: string
  readonly a: PeerId
  readonly b: PeerId
  /** This tab's own link, where it is one. */
  readonly link: LinkStats | undefined
}

export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  /** Peers that found no room in the drawing. */
  readonly hidden: number
}

export function edgeKey(a: PeerId, b: PeerId): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

/** Neighbours first, then peers somebody is linked to, then the rest, at most `room` of them beside this tab. */
export function graphOf(
  self: PeerId,
  known: readonly PeerId[],
  stats: Pick<MeshStats, 'links' | 'topology'>,
  room = 80,
): Graph {
  const links = new Map(stats.links.map(link => [link.peer, link]))
  const told = stats.topology.flatMap(({ peer, neighbours }) => [peer, ...neighbours])
  const order = new Set<PeerId>([...links.keys(), ...told, ...known])
  order.delete(self)
  const shown = new Set([...order].slice(0, room))
  const nodes: GraphNode[] = [{ id: self, kind: 'self' }]
  for (const id of shown) nodes.push({ id, kind: links.has(id) ? 'neighbour' : 'known' })

  const edges = new Map<string, GraphEdge>()
  for (const [peer, link] of links) {
    if (!shown.has(peer)) continue
    const key = edgeKey(self, peer)
    edges.set(key, { key, a: self, b: peer, link })
  }
  for (const { peer, neighbours } of stats.topology) {
    for (const other of neighbours) {
      // Of our own links we know better than hearsay.
      if (other === self || peer === self || other === peer || !shown.has(peer) || !shown.has(other)) continue
      const key = edgeKey(peer, other)
      if (!edges.has(key)) edges.set(key, { key, a: peer, b: other, link: undefined })
    }
  }
  return { nodes, edges: [...edges.values()], hidden: order.size - shown.size }
}

/** The shortest known way between two peers, both included; empty where none is known. */
export function wayBetween(graph: Graph, from: PeerId, to: PeerId): readonly PeerId[] {
  const next = new Map<PeerId, PeerId[]>()
  const add = (a: PeerId, b: PeerId): void => {
    const list = next.get(a)
    if (list) list.push(b)
    else next.set(a, [b])
  }
  for (const { a, b } of graph.edges) {
    add(a, b)
    add(b, a)
  }
  const before = new Map<PeerId, PeerId>()
  const queue: PeerId[] = [from]
  for (const at of queue) {
    if (at === to) break
    for (const other of next.get(at) ?? []) {
      if (other === from || before.has(other)) continue
      before.set(other, at)
      queue.push(other)
    }
  }
  const way: PeerId[] = [to]
  for (let at = to; at !== from; ) {
    const previous = before.get(at)
    if (previous === undefined) return []
    way.unshift(previous)
    at = previous
  }
  return way
}
