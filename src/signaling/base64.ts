/**
 * Base64 (RFC 4648 §4, padded): how bytes travel inside the JSON of signaling. `btoa` and `atob` are in every
 * browser and in Node; decoding never throws.
 * @module
 */

/** Bytes turned into characters at a time: well under every engine's bound on arguments. */
const CHUNK = 8192
const SHAPE = /^[A-Za-z0-9+/]*={0,2}$/

export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  }
  return btoa(binary)
}

/** The bytes, or `undefined` for text that is not base64. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (byteLengthOfBase64(text) === undefined) return undefined
  try {
    return Uint8Array.from(atob(text), character => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

/** How many bytes a base64 text stands for, without decoding it; `undefined` for text that is not base64. */
export function byteLengthOfBase64(text: string): number | undefined {
  if (text.length % 4 !== 0 || !SHAPE.test(text)) return undefined
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return (text.length / 4) * 3 - padding
}
