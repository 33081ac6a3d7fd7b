/**
 * The live drawing of the mesh: SVG, so that it is sharp at every density and every peer is an element one can
 * point at, tap and reach with the keyboard (one tab stop, then the arrow keys).
 * @module
 */
import type { PeerId } from 'tabmesh'
import { planet } from './avatar.ts'
import { type Curve, courseOf, pathData, reversed } from './curve.ts'
import { setText, svgElement } from './element.ts'
import { edgeKey, type Graph, type GraphEdge, type GraphNode } from './graph.ts'
import type { Highlight } from './highlight.ts'
import { PULSE, Pulses } from './pulses.ts'
import { type Ellipse, hasInnerRing, INNER, outerRing, type Point, ringLayout } from './ring-layout.ts'

/** Time constant of a move, in milliseconds: settled after about half a second. */
const SETTLE = 130
/** An avatar's radius as a share of the pixels between peers that are spread evenly. */
const AVATAR_SHARE = 0.16
/** With fewer pixels between peers, only neighbours and the highlighted peer show their names … */
const NAMES_ABOVE = 96
/** … and with fewer still, only the highlighted one. A name takes about 90. */
const NEIGHBOUR_NAMES_ABOVE = 60

const still = matchMedia('(prefers-reduced-motion: reduce)')

interface NodeView {
  readonly group: SVGGElement
  readonly body: SVGGElement
  readonly label: SVGTextElement
  kind: GraphNode['kind']
  x: number
  y: number
  target: Point
}

interface EdgeView {
  readonly path: SVGPathElement
  edge: GraphEdge
  curve: Curve | undefined
}

export interface DrawingTexts {
  name(peer: PeerId): string
  /** What is said of a peer when it is focused. */
  describe(peer: PeerId, kind: GraphNode['kind']): string
}

export class Drawing {
  private readonly texts: DrawingTexts
  private readonly highlight: Highlight
  private readonly choose: (peer: PeerId) => void
  private readonly svg = svgElement('svg', { class: 'mesh-svg', role: 'group', 'aria-label': 'The mesh' })
  private readonly rings = svgElement('g', { class: 'rings', 'aria-hidden': 'true' })
  private readonly edgeLayer = svgElement('g', { 'aria-hidden': 'true' })
  private readonly pulses = new Pulses()
  private readonly nodeLayer = svgElement('g')
  private readonly nodes = new Map<PeerId, NodeView>()
  private readonly edges = new Map<string, EdgeView>()
  private graph: Graph = { nodes: [], edges: [], hidden: 0 }
  private ring: Ellipse = { centre: { x: 0, y: 0 }, rx: 0, ry: 0 }
  private width = 0
  private height = 0
  private running = false
  private lastFrame = 0

  constructor(frame: HTMLElement, texts: DrawingTexts, highlight: Highlight, choose: (peer: PeerId) => void) {
    this.texts = texts
    this.highlight = highlight
    this.choose = choose
    this.svg.append(this.rings, this.edgeLayer, this.pulses.layer, this.nodeLayer)
    frame.prepend(this.svg)
    highlight.listen(peer => this.showHighlight(peer))
    this.svg.addEventListener('keydown', event => this.walk(event))
    new ResizeObserver(() => {
      this.width = frame.clientWidth
      this.height = frame.clientHeight
      this.layOut(true)
    }).observe(frame)
  }

  show(graph: Graph): void {
    this.graph = graph
    this.updateNodes()
    this.updateEdges()
    this.layOut(false)
    this.showHighlight(this.highlight.current)
  }

  /** A pulse along known links, from peer to peer. With reduced motion the links light up instead. */
  pulse(way: readonly PeerId[]): void {
    if (way.length < 2 || this.width === 0) return
    if (still.matches) {
      for (let i = 1; i < way.length; i++) this.flash(way[i - 1] as PeerId, way[i] as PeerId)
      return
    }
    this.pulses.add(way, performance.now())
    this.run()
  }

  private flash(a: PeerId, b: PeerId): void {
    const path = this.edges.get(edgeKey(a, b))?.path
    path?.classList.add('lit')
    setTimeout(() => path?.classList.remove('lit'), PULSE)
  }

  private updateNodes(): void {
    const present = new Set(this.graph.nodes.map(({ id }) => id))
    for (const [id, view] of this.nodes) {
      if (present.has(id)) continue
      view.group.remove()
      this.nodes.delete(id)
    }
    for (const { id, kind } of this.graph.nodes) {
      const view = this.nodes.get(id) ?? this.addNode(id, kind)
      view.kind = kind
      view.group.setAttribute('class', `node ${kind}`)
      view.group.setAttribute('aria-label', this.texts.describe(id, kind))
      setText(view.label, this.texts.name(id))
    }
    if (!this.nodeLayer.querySelector('[tabindex="0"]'))
      this.nodeLayer.firstElementChild?.setAttribute('tabindex', '0')
  }

  private addNode(id: PeerId, kind: GraphNode['kind']): NodeView {
    const body = svgElement('g', {}, planet(id))
    const label = svgElement('text', { class: 'label', 'text-anchor': 'middle' })
    const ring = svgElement('circle', { class: 'halo' })
    const group = svgElement(
      'g',
      { tabindex: '-1', role: kind === 'self' ? 'img' : 'button' },
      ring,
      body,
      label,
    )
    group.dataset['peer'] = id
    this.highlight.follow(group, id)
    if (kind !== 'self') {
      group.addEventListener('click', () => this.choose(id))
      group.addEventListener('keydown', event => {
        if (event.key !== 'Enter' && event.key !== ' ') return
        event.preventDefault()
        this.choose(id)
      })
    }
    this.nodeLayer.append(group)
    const { centre } = this.ring
    // A new peer comes out of the middle.
    const view: NodeView = { group, body, label, kind, x: centre.x, y: centre.y, target: centre }
    this.nodes.set(id, view)
    return view
  }

  private updateEdges(): void {
    const present = new Set(this.graph.edges.map(({ key }) => key))
    for (const [key, view] of this.edges) {
      if (present.has(key)) continue
      view.path.remove()
      this.edges.delete(key)
    }
    for (const edge of this.graph.edges) {
      let view = this.edges.get(edge.key)
      if (!view) {
        view = { path: svgElement('path'), edge, curve: undefined }
        this.edges.set(edge.key, view)
      }
      view.edge = edge
      const kind = edge.link ? `own ${edge.link.path} ${edge.link.slot}` : 'told'
      view.path.setAttribute('class', `edge ${kind}`)
      // Own links are drawn over hearsay.
      if (!view.path.isConnected)
        edge.link ? this.edgeLayer.append(view.path) : this.edgeLayer.prepend(view.path)
    }
  }

  private layOut(jump: boolean): void {
    if (this.width === 0 || this.height === 0) return
    this.svg.setAttribute('viewBox', `0 0 ${this.width} ${this.height}`)
    const small = this.width < 480
    const margins = small ? { side: 48, above: 30, below: 74 } : { side: 76, above: 34, below: 76 }
    this.ring = outerRing({ width: this.width, height: this.height, ...margins })
    const places = ringLayout(this.graph.nodes, this.ring)
    const spacing = Math.sqrt((this.width * this.height) / (this.graph.nodes.length + 2))
    const size = Math.max(7, Math.min(small ? 16 : 19, spacing * AVATAR_SHARE))
    this.svg.classList.toggle('crowded', spacing < NAMES_ABOVE)
    this.svg.classList.toggle('packed', spacing < NEIGHBOUR_NAMES_ABOVE)
    for (const [id, view] of this.nodes) {
      const place = places.get(id)
      if (!place) continue
      const fresh = view.target.x === 0 && view.target.y === 0
      view.target = place
      const radius = view.kind === 'self' ? size * 1.35 : size
      view.body.setAttribute('transform', `scale(${radius})`)
      view.group.firstElementChild?.setAttribute('r', String(radius + 5))
      view.label.setAttribute('y', String(radius + 17))
      if (jump || fresh || still.matches) {
        view.x = place.x
        view.y = place.y
      }
    }
    this.drawRings()
    this.place()
    this.run()
  }

  private drawRings(): void {
    const { centre, rx, ry } = this.ring
    this.rings.replaceChildren(
      ...(hasInnerRing(this.ring) ? [1, INNER] : [1]).map(share =>
        svgElement('ellipse', {
          cx: String(centre.x),
          cy: String(centre.y),
          rx: String(rx * share),
          ry: String(ry * share),
        }),
      ),
    )
  }

  private run(): void {
    if (this.running) return
    this.running = true
    this.lastFrame = performance.now()
    requestAnimationFrame(now => this.step(now))
  }

  private step(now: number): void {
    const share = 1 - Math.exp(-Math.max(0, now - this.lastFrame) / SETTLE)
    this.lastFrame = now
    let moving = false
    for (const view of this.nodes.values()) {
      const dx = view.target.x - view.x
      const dy = view.target.y - view.y
      if (Math.abs(dx) + Math.abs(dy) < 0.3) {
        view.x = view.target.x
        view.y = view.target.y
      } else {
        view.x += dx * share
        view.y += dy * share
        moving = true
      }
    }
    this.place()
    const pulsing = this.pulses.move(now, (from, to) => this.courseBetween(from, to))
    this.running = moving || pulsing
    if (this.running) requestAnimationFrame(next => this.step(next))
  }

  /** Puts every element where its peer stands now. */
  private place(): void {
    for (const { group, x, y } of this.nodes.values())
      group.setAttribute('transform', `translate(${x.toFixed(1)} ${y.toFixed(1)})`)
    const { centre } = this.ring
    for (const view of this.edges.values()) {
      const a = this.nodes.get(view.edge.a)
      const b = this.nodes.get(view.edge.b)
      if (!a || !b) continue
      view.curve = courseOf({ x: a.x, y: a.y }, { x: b.x, y: b.y }, centre, view.edge.link !== undefined)
      view.path.setAttribute('d', pathData(view.curve))
    }
  }

  private courseBetween(from: PeerId, to: PeerId): Curve | undefined {
    const view = this.edges.get(edgeKey(from, to))
    if (!view?.curve) return undefined
    return view.edge.a === from ? view.curve : reversed(view.curve)
  }

  private showHighlight(peer: PeerId | undefined): void {
    const lit = peer !== undefined && this.nodes.has(peer)
    this.svg.classList.toggle('focused', lit)
    const around = new Set<PeerId>(lit ? [peer] : [])
    for (const { path, edge } of this.edges.values()) {
      const touches = lit && (edge.a === peer || edge.b === peer)
      path.classList.toggle('near', touches)
      if (touches) around.add(edge.a).add(edge.b)
    }
    for (const [id, { group }] of this.nodes) {
      group.classList.toggle('near', around.has(id))
      group.classList.toggle('lit', lit && id === peer)
    }
  }

  /** The arrow keys walk around the ring. */
  private walk(event: KeyboardEvent): void {
    const step =
      event.key === 'ArrowRight' || event.key === 'ArrowDown'
        ? 1
        : event.key === 'ArrowLeft' || event.key === 'ArrowUp'
          ? -1
          : 0
    if (step === 0) return
    event.preventDefault()
    const { centre } = this.ring
    const turn = ({ kind, target }: NodeView): number =>
      kind === 'self' ? -9 : Math.atan2(target.x - centre.x, centre.y - target.y)
    const round = [...this.nodes.values()].sort((a, b) => turn(a) - turn(b))
    const at = round.findIndex(({ group }) => group === document.activeElement)
    const next = round[(at + step + round.length) % round.length]
    for (const { group } of round) group.setAttribute('tabindex', '-1')
    next?.group.setAttribute('tabindex', '0')
    next?.group.focus()
  }
}
