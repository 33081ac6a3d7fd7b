/**
 * The door of a peer: letters about invites, which are for the application's side.
 * @module
 */
import type { Effect } from './effect.ts'
import type { Input } from './input.ts'
import type { Letter, Sending } from './routing/routing.ts'

/** The kind of a letter about an invite; its body is the mesh's (mesh/invite/). */
const INVITE_LETTER = 32
/** Milliseconds for such a letter, as for a direct message. */
const LETTER_TIMEOUT = 10_000

export function inviteLetter({ request, to, body }: Extract<Input, { kind: 'invite-letter' }>): Sending {
  return { request, to, kind: INVITE_LETTER, body, timeout: LETTER_TIMEOUT, receipt: true, via: 'any' }
}

export class Door {
  /** Whether a letter ends here; the others are the overlay's. */
  takes(letter: Letter, out: Effect[]): boolean {
    if (letter.letter !== INVITE_LETTER) return false
    out.push({ kind: 'invite-letter', from: letter.from, body: letter.body })
    return true
  }
}
