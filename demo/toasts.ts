/**
 * Small passing notes. The same note is not shown twice at once; the pointer or the focus keeps one open.
 * @module
 */
import { byId, element } from './element.ts'

/** Reading time of two lines, with some air. */
const SHOWN_FOR = 7000
const MAX_SHOWN = 3

type Tone = 'plain' | 'warning'

export function toast(text: string, tone: Tone = 'plain'): void {
  const shelf = byId('toasts', HTMLElement)
  for (const shown of shelf.children) if (shown.firstChild?.textContent === text) return
  const close = element('button', { type: 'button', class: 'close', 'aria-label': 'Dismiss' }, '×')
  const note = element('div', { class: `toast ${tone}` }, element('p', {}, text), close)
  const remove = (): void => note.remove()
  let timer = setTimeout(remove, SHOWN_FOR)
  const hold = (): void => clearTimeout(timer)
  const release = (): void => {
    hold()
    timer = setTimeout(remove, SHOWN_FOR / 2)
  }
  note.addEventListener('pointerenter', hold)
  note.addEventListener('pointerleave', release)
  note.addEventListener('focusin', hold)
  note.addEventListener('focusout', release)
  close.addEventListener('click', remove)
  shelf.append(note)
  while (shelf.children.length > MAX_SHOWN) shelf.firstElementChild?.remove()
}
