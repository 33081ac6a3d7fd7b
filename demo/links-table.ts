/**
 * The table of links: one row per neighbour, changed in place.
 * @module
 */
import type { LinkStats, PeerId } from 'tabmesh'
import { avatar } from './avatar.ts'
import { byId, element, setText } from './element.ts'
import { formatAge, formatBytes, formatRoundTrip } from './format.ts'
import type { Highlight } from './highlight.ts'

const COLUMNS = ['Peer', 'Round trip', 'In', 'Out', 'Path', 'Slot', 'Age'] as const
const NUMBERS = new Set<string>(['Round trip', 'In', 'Out', 'Age'])

export class LinksTable {
  private readonly body = byId('links-body', HTMLTableSectionElement)
  private readonly empty = byId('links-empty', HTMLElement)
  private readonly rows = new Map<PeerId, HTMLTableRowElement>()
  private readonly highlight: Highlight
  private readonly nameOf: (peer: PeerId) => string

  constructor(highlight: Highlight, nameOf: (peer: PeerId) => string) {
    this.highlight = highlight
    this.nameOf = nameOf
    // A narrow screen lays rows out as grids (links.css), which would cost them their roles.
    const table = this.body.parentElement
    table?.setAttribute('role', 'table')
    for (const part of table?.querySelectorAll('thead, tbody') ?? []) part.setAttribute('role', 'rowgroup')
    for (const part of table?.querySelectorAll('tr') ?? []) part.setAttribute('role', 'row')
    for (const part of table?.querySelectorAll('th') ?? []) part.setAttribute('role', 'columnheader')
    highlight.listen(peer => {
      for (const [id, row] of this.rows) row.classList.toggle('lit', id === peer)
    })
  }

  show(links: readonly LinkStats[]): void {
    const open = new Set(links.map(({ peer }) => peer))
    for (const [peer, row] of this.rows) {
      if (open.has(peer)) continue
      row.remove()
      this.rows.delete(peer)
    }
    // Oldest first: a new link is added at the end and no row ever moves.
    for (const link of [...links].sort((a, b) => b.age - a.age)) {
      const row = this.rows.get(link.peer) ?? this.addRow(link.peer)
      const texts = [
        undefined,
        formatRoundTrip(link.roundTrip),
        formatBytes(link.bytesReceived),
        formatBytes(link.bytesSent),
        link.path,
        link.slot,
        formatAge(link.age),
      ]
      const name = row.querySelector('.who')
      if (name) setText(name, this.nameOf(link.peer))
      texts.forEach((text, column) => {
        const cell = row.cells[column]
        if (text !== undefined && cell) setText(cell, text)
      })
    }
    this.empty.hidden = links.length > 0
  }

  private addRow(peer: PeerId): HTMLTableRowElement {
    const row = element('tr', { role: 'row' })
    for (const column of COLUMNS) {
      const kind = NUMBERS.has(column) ? { class: 'number' } : {}
      if (column === 'Peer') {
        row.append(
          element(
            'th',
            { scope: 'row', role: 'rowheader', title: peer },
            avatar(peer),
            element('span', { class: 'who' }),
          ),
        )
      } else row.append(element('td', { role: 'cell', 'data-label': column, ...kind }))
    }
    row.dataset['peer'] = peer
    this.highlight.follow(row, peer)
    this.rows.set(peer, row)
    this.body.append(row)
    return row
  }
}
