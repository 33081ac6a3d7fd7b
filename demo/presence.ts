/**
 * What peers say about themselves, and how chat lines look on the wire. Everything here comes from strangers:
 * what does not fit is no message.
 * @module
 */

/** A name, and whether the others shall answer with theirs. */
export interface Presence {
  readonly name: string
  readonly ask: boolean
}

export interface ChatLine {
  /** Empty where the sender gave none. */
  readonly name: string
  readonly text: string
  /** Milliseconds since 1970 by the sender's clock; `undefined` where it gave none. */
  readonly at: number | undefined
}

/** As long as the input fields allow. */
export const MAX_NAME = 32
export const MAX_TEXT = 2000

/** Controls and the marks that turn the writing direction: a name must not be able to rearrange the page around it. */
const UNWANTED = /[\p{Cc}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu

const cut = (text: string, length: number): string => [...text.slice(0, length * 2)].slice(0, length).join('')

export function tidyName(value: unknown): string {
  if (typeof value !== 'string') return ''
  return cut(value.slice(0, 1000).replace(UNWANTED, '').replace(/\s+/g, ' ').trim(), MAX_NAME)
}

const record = (data: unknown): Record<string, unknown> | undefined =>
  typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : undefined

export function presenceOf(data: unknown): Presence | undefined {
  const fields = record(data)
  const name = tidyName(fields?.['name'])
  return name === '' ? undefined : { name, ask: fields?.['ask'] === true }
}

/** A chat line or a direct message; a plain string, as one sends from the console, is a line as well. */
export function chatLineOf(data: unknown): ChatLine | undefined {
  const fields = typeof data === 'string' ? { text: data } : record(data)
  const text = fields?.['text']
  if (typeof text !== 'string' || text.trim() === '') return undefined
  const at = fields?.['at']
  return {
    name: tidyName(fields?.['name']),
    text: cut(text, MAX_TEXT),
    at: typeof at === 'number' && Number.isFinite(at) ? at : undefined,
  }
}
