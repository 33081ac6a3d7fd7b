/**
 * The list of known peers: neighbours first, then by name; choosing one opens a direct message to it.
 * @module
 */
import type { LinkStats, Mesh, PeerId } from 'tabmesh'
import { avatar } from './avatar.ts'
import { byId, element, setText } from './element.ts'
import { formatRoundTrip, shortId } from './format.ts'
import type { Highlight } from './highlight.ts'

const NOBODY = 'Nobody else yet. Peers appear here as soon as this tab hears of them.'
const OUT = 'This tab has left the swarm.'

/** More rows than this help nobody. */
const MAX_ROWS = 200

interface Row {
  readonly item: HTMLLIElement
  readonly button: HTMLButtonElement
  readonly name: HTMLElement
  readonly how: HTMLElement
}

export class PeerList {
  private readonly list = byId('known-peers', HTMLUListElement)
  private readonly empty = byId('peers-empty', HTMLElement)
  private readonly rows = new Map<PeerId, Row>()
  private readonly highlight: Highlight
  private readonly nameOf: (peer: PeerId) => string
  private readonly choose: (peer: PeerId) => void

  constructor(highlight: Highlight, nameOf: (peer: PeerId) => string, choose: (peer: PeerId) => void) {
    this.highlight = highlight
    this.nameOf = nameOf
    this.choose = choose
    highlight.listen(peer => {
      for (const [id, { item }] of this.rows) item.classList.toggle('lit', id === peer)
    })
  }

  show(mesh: Mesh, links: readonly LinkStats[], chosen: PeerId | undefined): void {
    const linked = new Map(links.map(link => [link.peer, link]))
    const all = [...new Set([...linked.keys(), ...mesh.peers])]
    const sortKey = new Map(
      all.map(peer => [peer, `${linked.has(peer) ? 0 : 1} ${this.nameOf(peer)} ${peer}`]),
    )
    const order = all
      .sort((a, b) => ((sortKey.get(a) ?? '') < (sortKey.get(b) ?? '') ? -1 : 1))
      .slice(0, MAX_ROWS)
    const present = new Set(order)
    for (const [peer, { item }] of this.rows) {
      if (present.has(peer)) continue
      item.remove()
      this.rows.delete(peer)
    }
    let before: Element | null = this.list.firstElementChild
    for (const peer of order) {
      const row = this.rows.get(peer) ?? this.addRow(peer)
      const link = linked.get(peer)
      setText(row.name, this.nameOf(peer))
      setText(row.how, link ? formatRoundTrip(link.roundTrip) : 'routed')
      row.item.dataset['linked'] = String(link !== undefined)
      row.button.setAttribute('aria-pressed', String(peer === chosen))
      // A row that stands right is not touched: moving it would take the focus away.
      if (row.item === before) before = before.nextElementSibling
      else this.list.insertBefore(row.item, before)
    }
    this.empty.hidden = order.length > 0
    setText(this.empty, mesh.state === 'left' ? OUT : NOBODY)
  }

  private addRow(peer: PeerId): Row {
    const name = element('span', { class: 'who' })
    const how = element('span', { class: 'how' })
    const id = element('span', { class: 'id' }, shortId(peer))
    const words = element('span', { class: 'words' }, name, id)
    const button = element(
      'button',
      { type: 'button', title: peer, 'aria-pressed': 'false' },
      avatar(peer),
      words,
      how,
    )
    const item = element('li', { 'data-testid': 'known-peer' }, button)
    item.dataset['peer'] = peer
    button.addEventListener('click', () => this.choose(peer))
    this.highlight.follow(item, peer)
    const row: Row = { item, button, name, how }
    this.rows.set(peer, row)
    return row
  }
}
