/**
 * The line under the header for what keeps the whole page from working, with what to do about it.
 * @module
 */
import { byId, setText } from './element.ts'

export function showNotice(text: string): void {
  const notice = byId('notice', HTMLElement)
  setText(notice, text)
  notice.hidden = false
}

export function clearNotice(): void {
  byId('notice', HTMLElement).hidden = true
}
