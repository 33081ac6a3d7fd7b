/**
 * One line of the conversation as an element: who, when, what, and for an own one what became of it.
 * @module
 */
import type { PeerId } from 'tabmesh'
import { avatar } from './avatar.ts'
import { element, setText } from './element.ts'

export interface LogMessage {
  readonly from: PeerId
  readonly name: string
  readonly text: string
  /** When it was written, ms since 1970, as its writer says. */
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

export function lineOf(message: LogMessage, choosePeer: (peer: PeerId) => void): HTMLElement {
  const said = element('div', { class: 'said' }, element('p', { class: 'bubble', dir: 'auto' }, message.text))
  const entry = element('article', { class: `line ${message.own ? 'own' : 'other'}` })
  entry.dataset['from'] = message.from
  if (message.direct) entry.classList.add('direct')
  entry.append(heading(message, choosePeer), said)
  return entry
}

function heading(message: LogMessage, choosePeer: (peer: PeerId) => void): HTMLElement {
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
    button.addEventListener('click', () => choosePeer(peer))
    heading.append(button)
  }
  heading.append(time)
  return heading
}

/** Gives a line its place for what becomes of it; returns how to show that. */
export function deliveryOf(line: HTMLElement): (delivery: Delivery) => void {
  const tick = element('span', { class: 'tick', 'aria-hidden': 'true' })
  const words = element('span')
  const status = element('p', { class: 'delivery' }, tick, words)
  line.querySelector('.said')?.append(status)
  return delivery => {
    status.dataset['delivery'] = delivery.kind
    // The log reads out whatever changes in it: a number that grows would be read at each step, a failure must be.
    status.setAttribute('aria-live', delivery.kind === 'failed' ? 'polite' : 'off')
    status.querySelector('button')?.remove()
    setText(tick, delivery.kind === 'delivered' ? '✓' : '')
    setText(words, delivery.kind === 'sending' ? 'On its way …' : delivery.words)
    if (delivery.kind !== 'failed') return
    const again = element('button', { type: 'button', class: 'small' }, 'Try again')
    again.addEventListener('click', delivery.again)
    status.append(again)
  }
}
