/**
 * Codes in words: what happened and what to do about it.
 * @module
 */

const SEND_FAILURES = new Map([
  ['timeout', 'No answer in time. That tab may be asleep or gone: try again in a moment.'],
  ['no-route', 'No way there: that peer is not reachable through the mesh now.'],
  ['refused', 'That peer refused the message.'],
  ['too-large', 'Too large to send: make it shorter.'],
  ['left', 'This tab is not in the swarm: press Join first.'],
  ['aborted', 'Sending was stopped.'],
  ['busy', 'Too many messages are on their way: wait a moment, then try again.'],
  ['invite-invalid', 'This is no reply to an invite of this tab: copy it again, whole.'],
  ['invite-expired', 'The time of this invite is over: make another.'],
  ['invite-used', 'Somebody has come in by this invite already: make another.'],
  ['unsupported', 'This kind of value cannot be sent.'],
])

/** The closed `code` of a MeshError, or an empty string for anything else. */
export function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

/** Why something could not be sent, for a person; the code follows in parentheses, for the developer beside them. */
export function sendFailure(error: unknown): string {
  const code = codeOf(error)
  const words = SEND_FAILURES.get(code)
  if (words !== undefined) return `${words} (${code})`
  return error instanceof Error ? error.message : 'It could not be sent.'
}

/** How many have a line; `links` tells silence from solitude. */
export function seenWords(count: number, links: number): string {
  if (count > 0) return `Seen by ${count}`
  return links > 0 ? 'Sent; nobody has confirmed it' : 'Sent; nobody else is here yet'
}

const WARNINGS = new Map([
  [
    'identity-ephemeral',
    'This browser keeps no key for this page, so this tab gets a new peer id at every load. Private windows, blocked site data and plain http do that.',
  ],
])

/** A mesh's warning, in words where we have better ones than its own. */
export function warningText(code: string, message: string): string {
  return WARNINGS.get(code) ?? message
}
