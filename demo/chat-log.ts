/**
 * The list of lines: what was said, by whom, whether it has arrived. Keeps to the newest line while the reader
 * is there, and stays where the reader is otherwise. A line that was long on its way is put where it belongs.
 * @module
 */
import type { PeerId } from 'tabmesh'
import { avatar } from './avatar.ts'
import { byId, element, setText } from './element.ts'

/** A page that stays open for days must not grow without end. */
const MAX_LINES = 500
/** Lines of one author within this belong together. */
const ONE_BREATH = 120_000
/** A line older than the newest by more than this is sorted in by its time; less may be two clocks that differ. */
const LATE = 5000
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

const timeOf = (entry: Element | null): number =>
  entry instanceof HTMLElement ? Number(entry.dataset['at']) : Number.NEGATIVE_INFINITY

export class ChatLog {
  private readonly log = byId('chat-log', HTMLElement)
  private readonly invite = byId('chat-empty', HTMLElement)
  private readonly newer = byId('chat-newer', HTMLButtonElement)
  private readonly choosePeer: (peer: PeerId) => void
  private readonly messages = new WeakMap<Element, LogMessage>()

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
    const said = element('div', { class: 'said' }, body)
    if (message.own) said.prepend(status)
    entry.append(this.heading(message), said)
    this.messages.set(entry, message)
    this.add(entry, message.at, message.own)
    return delivery => this.showDelivery(status, delivery)
  }

  /** A quiet line about the swarm. */
  note(text: string): HTMLElement {
    const note = element('p', { class: 'note' }, text)
    this.add(note, Date.now(), false)
    return note
  }

  /** Whether nothing has been added since this line. */
  endsWith(entry: HTMLElement): boolean {
    return this.log.lastElementChild === entry
  }

  /** Lines of one author in one breath share the first one's heading. */
  private group(entry: Element | null): void {
    const message = entry && this.messages.get(entry)
    if (!entry || !message) return
    const before = entry.previousElementSibling
    const last = before && this.messages.get(before)
    const follows =
      !!last &&
      last.from === message.from &&
      last.name === message.name &&
      last.direct?.peer === message.direct?.peer &&
      Math.abs(message.at - last.at) < ONE_BREATH
    entry.classList.toggle('follows', follows)
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

  private add(entry: HTMLElement, at: number, own: boolean): void {
    const stay = !own && !this.atEnd
    this.invite.hidden = true
    entry.dataset['at'] = String(at)
    const next = own ? null : this.firstAfter(at)
    this.log.insertBefore(entry, next)
    this.group(entry)
    this.group(next)
    while (this.log.children.length > MAX_LINES) {
      this.log.firstElementChild?.remove()
      this.group(this.log.firstElementChild)
    }
    if (stay) {
      this.newer.hidden = false
      setText(this.newer, 'New messages')
    } else this.toEnd()
  }

  /** The line before which one of this time belongs; `null` for the end. */
  private firstAfter(at: number): Element | null {
    let next: Element | null = null
    let entry = this.log.lastElementChild
    if (timeOf(entry) - at <= LATE) return null
    for (; timeOf(entry) > at; entry = entry?.previousElementSibling ?? null) next = entry
    return next
  }

  private get atEnd(): boolean {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END
  }

  private toEnd(): void {
    this.log.scrollTop = this.log.scrollHeight
    this.newer.hidden = true
  }
}
