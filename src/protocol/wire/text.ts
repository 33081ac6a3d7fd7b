/**
 * UTF-8. TextEncoder and TextDecoder are pure functions of their input that every engine has; they are
 * declared here because the protocol is compiled without DOM types.
 * @module
 */
declare const TextEncoder: new () => { encode(text: string): Uint8Array }
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string }

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function utf8Encode(text: string): Uint8Array {
  return encoder.encode(text)
}

/** The last short text that was read: a topic comes with every broadcast, and is the same most of the time. */
const MEMO = 64
let lastBytes = new Uint8Array(0)
let lastText = ''

/** The text, or `undefined` where the bytes are not well-formed UTF-8. */
export function utf8Decode(bytes: Uint8Array): string | undefined {
  const { length } = bytes
  let same = length === lastBytes.length
  for (let i = 0; same && i < length; i++) same = bytes[i] === lastBytes[i]
  if (same) return lastText
  try {
    const text = decoder.decode(bytes)
    if (length <= MEMO) {
      lastBytes = bytes.slice()
      lastText = text
    }
    return text
  } catch {
    return undefined
  }
}
