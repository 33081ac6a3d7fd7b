/**
 * The swarm's name lives in the URL's hash: the address of the page is the invitation.
 * @module
 */

/** The library takes 1 … 256 bytes of UTF-8; 64 characters never exceed that. */
const MAX_CHARACTERS = 64

/** Where everybody meets who brings no name. */
export const DEFAULT_SWARM = 'lobby'

/** A name as a person typed it or a link carried it: no controls, no half characters, single spaces, at most 64 characters. */
export function tidySwarmName(text: string): string {
  const plain = text
    .replace(/[\p{Cc}\p{Cs}]/gu, '')
    .replace(/\s+/g, ' ')
    .trim()
  return [...plain].slice(0, MAX_CHARACTERS).join('').trim()
}

/** The name in a hash like `#quiet-harbour-27`; empty where there is none. A hash that does not decode is taken as it is. */
export function swarmFromHash(hash: string): string {
  const raw = hash.replace(/^#/, '')
  try {
    return tidySwarmName(decodeURIComponent(raw))
  } catch {
    return tidySwarmName(raw)
  }
}

export function hashOfSwarm(name: string): string {
  return `#${encodeURIComponent(name)}`
}
