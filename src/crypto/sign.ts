/**
 * Which Ed25519 this page signs and verifies with: WebCrypto where it works, tweetnacl otherwise.
 * @module
 */
import { naclSignatures } from './sign-nacl.ts'
import { WebCryptoSignatures } from './sign-webcrypto.ts'
import type { SignatureBackend } from './signature.ts'

export type { Secret, SignatureBackend, SigningKey } from './signature.ts'

let chosen: Promise<SignatureBackend> | undefined

/** The backend of this page, chosen once. Never rejects. */
export function signatures(): Promise<SignatureBackend> {
  chosen ??= choose(globalThis.crypto?.subtle)
  return chosen
}

/**
 * WebCrypto if it really makes a key, signs and verifies: some engines know the name and fail at one of the
 * three. `subtle` is undefined outside secure contexts.
 */
export async function choose(subtle: SubtleCrypto | undefined): Promise<SignatureBackend> {
  if (!subtle) return naclSignatures
  try {
    const backend = new WebCryptoSignatures(subtle)
    const key = await backend.generate()
    const probe = new Uint8Array(32)
    return (await backend.verify(key.publicKey, probe, await key.sign(probe))) ? backend : naclSignatures
  } catch {
    return naclSignatures
  }
}
