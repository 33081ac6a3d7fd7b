/**
 * Peer ids and their two geometries: the ring (which peers are next to each other) and XOR buckets
 * (how many leading bits two ids share; Maymounkov & Mazières, "Kademlia", 2002, §2.1).
 *
 * A peer id is SHA-256 of an Ed25519 public key. Its text form, 52 characters of lower-case base32
 * (RFC 4648 §6, no padding), is what maps are keyed by; the 32 raw bytes appear only on the wire.
 * @module
 */

declare const peerIdBrand: unique symbol

/** The fingerprint of a peer's public key: 52 characters of lower-case base32. */
export type PeerId = string & { readonly [peerIdBrand]: true }

/** Bytes of a peer id on the wire. */
export const ID_BYTES = 32
/** Characters of a peer id as text: ⌈256 / 5⌉. */
export const ID_CHARS = 52

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const VALUE = new Int8Array(128).fill(-1)
for (let i = 0; i < ALPHABET.length; i++) VALUE[ALPHABET.charCodeAt(i)] = i

/** Lower-case base32 without padding (RFC 4648 §6) of any bytes. */
export function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET[(held >>> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  if (bits > 0) text += ALPHABET[(held << (5 - bits)) & 31]
  return text
}

/** The inverse of {@link base32}; `undefined` for anything it could not have written. */
export function fromBase32(text: string): Uint8Array | undefined {
  const length = Math.floor((text.length * 5) / 8)
  const bytes = new Uint8Array(length)
  let bits = 0
  let held = 0
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const value = VALUE[text.charCodeAt(i)] ?? -1
    if (value < 0) return undefined
    held = (held << 5) | value
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = held >>> bits
      held &= (1 << bits) - 1
    }
  }
  if (bits >= 5 || held !== 0) return undefined
  return bytes
}

/**
 * Ids that were converted lately, both ways: a mesh repeats the same few, and one string object per id keeps
 * map look-ups at pointer speed. A memo of two pure functions, emptied when full.
 */
const MEMO = 16_384
const textOf = new Map<number, { readonly bytes: Uint8Array; readonly id: PeerId }>()
const bytesOf = new Map<PeerId, Uint8Array>()

/** The first 30 bits: what tables of ids and keys are keyed by, because small integers are looked up fastest. */
export function headOf(bytes: Uint8Array): number {
  return (
    (((bytes[0] as number) << 22) |
      ((bytes[1] as number) << 14) |
      ((bytes[2] as number) << 6) |
      ((bytes[3] as number) >> 2)) >>>
    0
  )
}

/** The text form of 32 raw bytes. */
export function idFromBytes(bytes: Uint8Array): PeerId {
  const head = headOf(bytes)
  const found = textOf.get(head)
  if (found !== undefined && sameBytes(found.bytes, bytes)) return found.id
  const id = base32(bytes) as PeerId
  if (textOf.size >= MEMO) textOf.clear()
  textOf.set(head, { bytes: bytes.slice(), id })
  return id
}

/** The 32 raw bytes of an id. Shared: not to be written to. */
export function idToBytes(id: PeerId): Uint8Array {
  const found = bytesOf.get(id)
  if (found !== undefined) return found
  const bytes = fromBase32(id) ?? new Uint8Array(ID_BYTES)
  if (bytesOf.size >= MEMO) bytesOf.clear()
  bytesOf.set(id, bytes)
  return bytes
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Whether a text is a well-formed peer id: the check for ids that come from outside. */
export function isPeerId(text: unknown): text is PeerId {
  return typeof text === 'string' && text.length === ID_CHARS && fromBase32(text) !== undefined
}

/** Bits of an id that its ring position keeps: enough that 10⁶ honest ids do not meet (10¹² / 2⁵⁰ pairs). */
const RING_BITS = 50
/** The circumference of the ring. */
export const RING = 2 ** RING_BITS

/** Where an id stands on the ring: its first 50 bits as an integer, so that arithmetic stays exact in a double. */
export function ringPosition(id: PeerId): number {
  let position = 0
  for (let i = 0; i < RING_BITS / 5; i++) position = position * 32 + (VALUE[id.charCodeAt(i)] ?? 0)
  return position
}

/**
 * Steps clockwise from `a` to `b`, 0 … RING. Zero only for the same id: two different ids with one
 * position (which only an attacker can make) stand half a step apart.
 */
export function clockwise(a: PeerId, b: PeerId): number {
  if (a === b) return 0
  const steps = ringPosition(b) - ringPosition(a)
  return steps === 0 ? 0.5 : steps < 0 ? steps + RING : steps
}

/** The shorter way around the ring between two ids. */
export function ringDistance(a: PeerId, b: PeerId): number {
  const steps = clockwise(a, b)
  return steps > RING / 2 ? RING - steps : steps
}

/** The XOR bucket of `other` as seen from `self`: how many leading bits they share, 0 … 256. */
export function bucketOf(self: PeerId, other: PeerId): number {
  for (let i = 0; i < ID_CHARS; i++) {
    const difference = (VALUE[self.charCodeAt(i)] ?? 0) ^ (VALUE[other.charCodeAt(i)] ?? 0)
    if (difference !== 0) return i * 5 + Math.clz32(difference) - 27
  }
  return 256
}

/** The order of ids that decides roles: the lower id of a pair is the one that makes the offer. */
export function isInitiator(self: PeerId, other: PeerId): boolean {
  return self < other
}
