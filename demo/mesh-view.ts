/**
 * Feeds the drawing: the graph at every look, and pulses for what passed since the last one.
 * @module
 */
import type { Mesh, MeshStats, PeerId } from 'tabmesh'
import { Drawing } from './drawing.ts'
import { byId, setText } from './element.ts'
import { formatRoundTrip } from './format.ts'
import { type Graph, graphOf, wayBetween } from './graph.ts'
import type { Highlight } from './highlight.ts'
import type { People } from './people.ts'
import { Traffic } from './traffic.ts'

const ALONE = 'Just this tab so far. Every other tab in the swarm becomes a dot around it.'
const GONE = 'This tab has left the swarm. Join brings it back, with the same peer id.'

export class MeshView {
  private readonly mesh: Mesh
  private readonly drawing: Drawing
  private readonly traffic = new Traffic()
  private readonly roundTrips = new Map<PeerId, number | undefined>()
  /** Links whose incoming bytes are explained by a message that already has its pulse. */
  private readonly explained = new Set<PeerId>()
  private graph: Graph = { nodes: [], edges: [], hidden: 0 }

  constructor(mesh: Mesh, people: People, highlight: Highlight, choose: (peer: PeerId) => void) {
    this.mesh = mesh
    const texts = {
      name: (peer: PeerId) => (peer === mesh.peerId ? 'you' : people.nameOf(peer)),
      describe: (peer: PeerId, kind: 'self' | 'neighbour' | 'known') => {
        const name = people.nameOf(peer)
        if (kind === 'self') return `${name}, this tab`
        if (kind === 'known') return `${name}, reached through others. Write a direct message`
        return `${name}, linked, round trip ${formatRoundTrip(this.roundTrips.get(peer))}. Write a direct message`
      },
    }
    this.drawing = new Drawing(byId('mesh-view', HTMLElement), texts, highlight, choose)
    mesh.on('message', ({ from }) => this.pulseFrom(from))
  }

  show(stats: MeshStats): void {
    this.roundTrips.clear()
    for (const { peer, roundTrip } of stats.links) this.roundTrips.set(peer, roundTrip)
    this.graph = graphOf(this.mesh.peerId, this.mesh.peers, stats)
    this.drawing.show(this.graph)
    for (const { peer, direction } of this.traffic.since(stats.links)) {
      if (direction === 'out') this.drawing.pulse([this.mesh.peerId, peer])
      else if (!this.explained.has(peer)) this.drawing.pulse([peer, this.mesh.peerId])
    }
    this.explained.clear()
    const alone = byId('mesh-alone', HTMLElement)
    alone.hidden = this.graph.nodes.length > 1
    setText(alone, this.mesh.state === 'left' ? GONE : ALONE)
    const more = byId('mesh-more', HTMLElement)
    more.hidden = this.graph.hidden === 0
    setText(more, `and ${this.graph.hidden} more`)
  }

  /** The most likely way a message took: the shortest one this tab knows. */
  private pulseFrom(from: PeerId): void {
    const way = wayBetween(this.graph, from, this.mesh.peerId)
    const last = way.at(-2)
    if (last !== undefined) this.explained.add(last)
    this.drawing.pulse(way)
  }
}
