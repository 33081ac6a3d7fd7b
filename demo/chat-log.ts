/**
 * The list of lines: what was said, by whom, whether it has arrived. Keeps to the newest line while the reader
 * is there, and stays where the reader is otherwise. A line that was long on its way is put where it belongs.
 * @module
 */
import type { PeerId } from 'tabmesh'
import { type Delivery, deliveryOf, type LogMessage, lineOf } from './chat-line.ts'
import { byId, element, setText } from './element.ts'

/** A page that stays open for days must not grow without end. */
const MAX_LINES = 500
/** Lines of one author within this belong together. */
const ONE_BREATH = 120_000
/** A line older than the newest by more than this is sorted in by its time; less may be two clocks that differ. */
const LATE = 5000
/** The reader counts as being at the end within this many pixels of it. */
const NEAR_END = 48

const timeOf = (entry: Element | null): number =>
  entry instanceof HTMLElement
    ? Number(entry.dataset['at'] ?? Number.NEGATIVE_INFINITY)
    : Number.NEGATIVE_INFINITY

/** The child before which one of this time belongs; `null` for the end, also where it is only a little too old. */
function firstAfter(list: Element, at: number, tolerance: number): Element | null {
  let next: Element | null = null
  let entry = list.lastElementChild
  if (timeOf(entry) - at <= tolerance) return null
  for (; timeOf(entry) > at; entry = entry?.previousElementSibling ?? null) next = entry
  return next
}

/** A line of the past. */
export interface EarlierMessage extends LogMessage {
  /** When it came to who told of it, ms since 1970 by this page's clock. */
  readonly came: number
}

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

  /** Adds a line; returns how to show the delivery of an own one. */
  message(message: LogMessage): (delivery: Delivery) => void {
    const entry = lineOf(message, this.choosePeer)
    const show = message.own ? deliveryOf(entry) : () => undefined
    this.messages.set(entry, message)
    this.add(entry, message.at, message.own)
    return delivery => {
      const follow = this.atEnd
      show(delivery)
      if (follow) this.toEnd()
    }
  }

  /** A quiet line about the swarm. */
  note(text: string): HTMLElement {
    const note = element('p', { class: 'note' }, text)
    this.add(note, Date.now(), false)
    return note
  }

  /** A part of the log for lines of an earlier time; it shows once it has some. */
  section(title: string): HTMLElement {
    // Only the title is read out: nobody wants to hear fifty old lines first.
    const heading = element('h3', { 'aria-live': 'polite' }, title)
    const attributes = { class: 'earlier', role: 'group', 'aria-live': 'off', 'aria-label': title }
    return element('div', { ...attributes, 'data-testid': 'earlier' }, heading)
  }

  /**
   * Adds lines to such a section, which stands where its last line belongs. Answers of several neighbours are put together
   * by when the lines reached the swarm: that is one clock's time, where writers have one each.
   */
  addEarlier(section: HTMLElement, messages: readonly EarlierMessage[]): void {
    const stay = !this.atEnd
    this.invite.hidden = true
    for (const message of messages) {
      const entry = lineOf(message, this.choosePeer)
      this.messages.set(entry, message)
      this.insert(section, entry, message.came, 0)
    }
    this.insert(this.log, section, timeOf(section.lastElementChild), 0)
    if (!stay) this.toEnd()
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

  private add(entry: HTMLElement, at: number, own: boolean): void {
    const stay = !own && !this.atEnd
    this.invite.hidden = true
    this.insert(this.log, entry, at, own ? Number.POSITIVE_INFINITY : LATE)
    while (this.log.children.length > MAX_LINES) {
      this.log.firstElementChild?.remove()
      this.group(this.log.firstElementChild)
    }
    if (stay) {
      this.newer.hidden = false
      setText(this.newer, 'New messages')
    } else this.toEnd()
  }

  private insert(list: Element, entry: HTMLElement, at: number, tolerance: number): void {
    entry.dataset['at'] = String(at)
    const next = firstAfter(list, at, tolerance)
    // Where it stands already it is not put anew: that would be read out again.
    if (entry.parentElement === list && entry.nextElementSibling === next) return
    list.insertBefore(entry, next)
    this.group(entry)
    this.group(next)
  }

  private get atEnd(): boolean {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END
  }

  private toEnd(): void {
    this.log.scrollTop = this.log.scrollHeight
    this.newer.hidden = true
  }
}
