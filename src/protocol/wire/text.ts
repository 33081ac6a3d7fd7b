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

/** The text, or `undefined` where the bytes are not well-formed UTF-8. */
export function utf8Decode(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return ''
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
