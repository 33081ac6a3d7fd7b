/**
 * The list of lines: what was said, by whom, whether it has arrived. Keeps to the newest line while the reader
 * is there, and stays where the reader is otherwise.
 * @module
 */
import type { PeerId } from 'tabmesh'
import { avatar } from './avatar.ts'
import { byId, element, setText } from './element.ts'

/** A page that stays open for days must not grow without end. */
const MAX_LINES = 500
/** Lines of one author within this belong together. */
const ONE_BREATH = 120_000
/** The reader counts as being at the end within this many pixels of it. */
const NEAR_END = 48

export interface LogMessage {
  readonly from: PeerId
  readonly name: string
  readonly text: string
  readonly at: number
  readonly own: boolean
  /** A direct message: with whom. */
  readonly direct?: { readonly peer: PeerId; readonly name: string }
}

export type Delivery =
  | { readonly kind: 'sending' }
  | { readonly kind: 'delivered'; readonly words: string }
  | { readonly kind: 'failed'; readonly words: string; readonly again: () => void }

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

export class ChatLog {
  private readonly log = byId('chat-log', HTMLElement)
  private readonly invite = byId('chat-empty', HTMLElement)
  private readonly newer = byId('chat-newer', HTMLButtonElement)
  private readonly choosePeer: (peer: PeerId) => void
  private last: LogMessage | undefined

  constructor(choosePeer: (peer: PeerId) => void) {
    this.choosePeer = choosePeer
    // Not every browser lets the keyboard scroll what it cannot focus.
    this.log.tabIndex = 0
    this.newer.addEventListener('click', () => this.toEnd())
    this.log.addEventListener('scroll', () => {
      if (this.atEnd) this.newer.hidden = true
    })
    // The keyboard of a phone makes the log smaller: the newest line stays in sight.
    let wasAtEnd = true
    this.log.addEventListener('scrollend', () => {
      wasAtEnd = this.atEnd
    })
    new ResizeObserver(() => {
      if (wasAtEnd) this.toEnd()
    }).observe(this.log)
  }

  /** Adds a line; returns how to show its delivery. */
  message(message: LogMessage): (delivery: Delivery) => void {
    const status = element('span', { class: 'delivery' })
    const body = element('p', { class: 'bubble', dir: 'auto' }, message.text)
    const entry = element('article', { class: `line ${message.own ? 'own' : 'other'}` })
    entry.dataset['from'] = message.from
    if (message.direct) entry.classList.add('direct')
    if (this.continues(message)) entry.classList.add('follows')
    else entry.append(this.heading(message))
    const said = element('div', { class: 'said' }, body)
    if (message.own) said.prepend(status)
    entry.append(said)
    this.last = message
    this.append(entry, message.own)
    return delivery => this.showDelivery(status, delivery)
  }

  /** A quiet line about the swarm. */
  note(text: string): HTMLElement {
    this.last = undefined
    const note = element('p', { class: 'note' }, text)
    this.append(note, false)
    return note
  }

  /** Whether nothing has been added since this line. */
  endsWith(entry: HTMLElement): boolean {
    return this.log.lastElementChild === entry
  }

  private continues(message: LogMessage): boolean {
    const last = this.last
    return (
      last !== undefined &&
      last.from === message.from &&
      last.name === message.name &&
      last.direct?.peer === message.direct?.peer &&
      Math.abs(message.at - last.at) < ONE_BREATH
    )
  }

  private heading(message: LogMessage): HTMLElement {
    const time = element('time', { datetime: new Date(message.at).toISOString() }, clock.format(message.at))
    const heading = element('header', {})
    if (!message.own) heading.append(avatar(message.from))
    heading.append(element('b', {}, message.own ? 'You' : message.name))
    if (message.direct) {
      const { peer, name } = message.direct
      const label = message.own ? `private to ${name}` : 'private'
      const button = element(
        'button',
        { type: 'button', class: 'private', title: 'Write a direct message' },
        label,
      )
      button.addEventListener('click', () => this.choosePeer(peer))
      heading.append(button)
    }
    heading.append(time)
    return heading
  }

  private showDelivery(status: HTMLElement, delivery: Delivery): void {
    const follow = this.atEnd
    status.dataset['delivery'] = delivery.kind
    if (delivery.kind === 'sending') {
      status.replaceChildren(element('span', { class: 'tick', 'aria-hidden': 'true' }, '·'))
      status.title = 'On its way'
    } else if (delivery.kind === 'delivered') {
      status.replaceChildren(
        element('span', { class: 'tick', 'aria-hidden': 'true' }, '✓'),
        element('span', { class: 'hidden' }, delivery.words),
      )
      status.title = delivery.words
    } else {
      const again = element('button', { type: 'button', class: 'small' }, 'Try again')
      again.addEventListener('click', delivery.again)
      status.replaceChildren(element('span', {}, delivery.words), again)
      status.title = ''
    }
    if (follow) this.toEnd()
  }

  private append(entry: HTMLElement, follow: boolean): void {
    const stay = !follow && !this.atEnd
    this.invite.hidden = true
    this.log.append(entry)
    while (this.log.children.length > MAX_LINES) this.log.firstElementChild?.remove()
    if (stay) {
      this.newer.hidden = false
      setText(this.newer, 'New messages')
    } else this.toEnd()
  }

  private get atEnd(): boolean {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END
  }

  private toEnd(): void {
    this.log.scrollTop = this.log.scrollHeight
    this.newer.hidden = true
  }
}
