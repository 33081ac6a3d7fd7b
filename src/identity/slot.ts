/**
 * One identity per live tab. Identities are numbered slots; a tab claims a free one with a Web Lock and holds
 * the lock while it lives, so that ten tabs are ten peers. Which one it claims:
 *
 * 1. A tab remembers its slots in sessionStorage. When its page goes away (`pagehide`) they are marked as left.
 * 2. A slot marked as left is this tab's own, coming back from a reload: the old page may still hold its lock
 *    for a moment, so the new one waits for exactly that lock, briefly.
 * 3. A slot that is not marked belongs to a page that crashed, or the tab is a duplicate of one that lives and
 *    sessionStorage came with it: it is taken if it is free this instant.
 * 4. Otherwise, the lowest free slot.
 * @module
 */

/** How long a reloaded page waits for its old lock: Chromium frees it within 10 to 100 ms, the latter on a loaded machine. */
const RELOAD_PATIENCE = 1_000
/** Slots looked at before giving up: more tabs than a browser holds. */
const MAX_SLOTS = 1_000
/** What lock names begin with, and the sessionStorage entry. Both are per origin already. */
const LOCK = 'tabmesh-identity-'
const REMEMBERED = 'tabmesh-slots'
/** Behind a slot in sessionStorage: the page that held it has gone. */
const LEFT = '!'

export interface Slot {
  readonly number: number
  /** Frees the slot for another tab. Idempotent. */
  release(): void
}

/**
 * Claims a slot.
 *
 * @param lost - told when the lock is taken away while held (another script stole it)
 * @returns undefined when all slots are taken
 * @throws what the browser throws where Web Locks are denied; TypeError where there are none
 */
export async function claimSlot(lost: () => void): Promise<Slot | undefined> {
  const locks = globalThis.navigator?.locks
  if (!locks) throw new TypeError('Web Locks are not available')
  const own = remembered()
  for (const { number } of own.filter(slot => slot.left)) {
    // Taken off the list before waiting, so that a second mesh in this page goes for the page's second slot.
    remember(number, undefined)
    const slot = await claim(locks, number, RELOAD_PATIENCE, lost)
    if (slot) return slot
  }
  // Not taken off the list: it may be the slot of this page's first mesh.
  for (const { number } of own.filter(slot => !slot.left)) {
    const slot = await claim(locks, number, 0, lost)
    if (slot) return slot
  }
  for (let number = 0; number < MAX_SLOTS; number++) {
    const slot = await claim(locks, number, 0, lost)
    if (slot) return slot
  }
  return undefined
}

/** Claims one slot, or answers undefined when another tab holds it and has not let go within `patience` ms. */
function claim(
  locks: LockManager,
  number: number,
  patience: number,
  lost: () => void,
): Promise<Slot | undefined> {
  return new Promise((resolve, reject) => {
    let release: (() => void) | undefined
    const options: LockOptions =
      patience > 0 ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true }
    const held = locks.request(LOCK + number, options, lock => {
      if (!lock) return resolve(undefined)
      const leaving = (event: PageTransitionEvent): void => {
        // A page kept in the back/forward cache may come back and is marked anew by `pageshow`.
        remember(number, event.type === 'pagehide' ? 'left' : 'live')
      }
      globalThis.addEventListener?.('pagehide', leaving)
      globalThis.addEventListener?.('pageshow', leaving)
      remember(number, 'live')
      return new Promise<void>(free => {
        release = () => {
          globalThis.removeEventListener?.('pagehide', leaving)
          globalThis.removeEventListener?.('pageshow', leaving)
          release = undefined
          remember(number, undefined)
          free()
        }
        resolve({ number, release: () => release?.() })
      })
    })
    held.catch((cause: unknown) => {
      if (release) {
        release()
        lost()
      } else if (
        cause instanceof DOMException &&
        (cause.name === 'TimeoutError' || cause.name === 'AbortError')
      ) {
        resolve(undefined)
      } else {
        reject(cause)
      }
    })
  })
}

interface Remembered {
  readonly number: number
  readonly left: boolean
}

/** This tab's slots, in the order they were claimed. sessionStorage may be denied: then there are none. */
function remembered(): Remembered[] {
  let text = ''
  try {
    text = sessionStorage.getItem(REMEMBERED) ?? ''
  } catch {}
  const entries = text.match(/\d{1,4}!?/g) ?? []
  const slots = entries.map(entry => ({ number: Number.parseInt(entry, 10), left: entry.endsWith(LEFT) }))
  return slots.filter(slot => slot.number < MAX_SLOTS)
}

function remember(number: number, as: 'live' | 'left' | undefined): void {
  const slots = remembered()
  const entry = as && { number, left: as === 'left' }
  const at = slots.findIndex(slot => slot.number === number)
  if (at >= 0) slots.splice(at, 1, ...(entry ? [entry] : []))
  else if (entry) slots.push(entry)
  try {
    sessionStorage.setItem(REMEMBERED, slots.map(slot => slot.number + (slot.left ? LEFT : '')).join())
  } catch {}
}
