/**
 * The options of `invite()` and `welcome()`: checked, with their defaults.
 * @module
 */
import type { InviteOptions, WelcomeOptions } from '../api-call-options.ts'
import { checkBoolean, checkMilliseconds, checkNames, checkSignal, mistyped } from '../arguments.ts'

/** Time to send a link to somebody, or to hold a phone before a screen; short enough that a leaked one is soon worth nothing. */
const LIFETIME = 600_000
const DAY = 86_400_000

export function readInviteOptions(options: InviteOptions) {
  checkNames('invite options', options, ['page', 'lifetime', 'offer', 'signal'])
  const { page = here() ?? false, lifetime = LIFETIME, offer = true, signal }: InviteOptions = options
  checkMilliseconds('lifetime', lifetime, 1000, DAY)
  checkBoolean('offer', offer)
  checkSignal('signal', signal)
  return { page: page === false ? undefined : withoutFragment(page), lifetime, offer, signal }
}

export function readWelcomeOptions(reply: unknown, options: WelcomeOptions): AbortSignal | undefined {
  if (typeof reply !== 'string') throw mistyped('reply must be text', reply)
  const { signal } = options
  checkNames('welcome options', options, ['signal'])
  checkSignal('signal', signal)
  return signal
}

function here(): string | undefined {
  return typeof location === 'undefined' ? undefined : location.href
}

function withoutFragment(page: unknown): string {
  try {
    if (typeof page !== 'string' && !(page instanceof URL)) throw new TypeError()
    const url = new URL(page, here())
    url.hash = ''
    return url.href
  } catch {
    throw mistyped('page must be the address of a page, a URL or false', page)
  }
}
