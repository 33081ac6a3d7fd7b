/**
 * Checks an identity that the application brings: a key held by a server, a wallet, a passphrase.
 * @module
 */
import { signatures } from '../crypto/sign.ts'
import { KEY_BYTES, SIGNATURE_BYTES } from '../crypto/signature.ts'
import type { Identity } from './identity.ts'

/**
 * The identity with its shape proven and one signature of it verified.
 *
 * @throws TypeError naming what is wrong. Errors of its `sign` come as the `cause`.
 */
export async function verifyIdentity(own: unknown): Promise<Identity> {
  if (typeof own !== 'object' || own === null)
    throw new TypeError(`identity: an object wanted, ${kind(own)} given`)
  const { publicKey, sign, release } = own as Partial<Record<keyof Identity, unknown>>
  if (!(publicKey instanceof Uint8Array)) {
    throw new TypeError(`identity.publicKey: a Uint8Array wanted, ${kind(publicKey)} given`)
  }
  if (publicKey.length !== KEY_BYTES) {
    throw new TypeError(`identity.publicKey: ${KEY_BYTES} bytes wanted, ${publicKey.length} given`)
  }
  if (typeof sign !== 'function') throw new TypeError(`identity.sign: a function wanted, ${kind(sign)} given`)
  if (release !== undefined && typeof release !== 'function') {
    throw new TypeError(`identity.release: a function or nothing wanted, ${kind(release)} given`)
  }
  const identity = own as Identity
  const probe = crypto.getRandomValues(new Uint8Array(32))
  let signature: unknown
  try {
    signature = await identity.sign(probe)
  } catch (cause) {
    throw new TypeError('identity.sign: failed', { cause })
  }
  if (!(signature instanceof Uint8Array) || signature.length !== SIGNATURE_BYTES) {
    throw new TypeError(`identity.sign: ${SIGNATURE_BYTES} bytes wanted, ${kind(signature)} given`)
  }
  if (!(await (await signatures()).verify(publicKey, probe, signature))) {
    throw new TypeError('identity.sign: not an Ed25519 signature by identity.publicKey')
  }
  return {
    // A copy: what the application later does to its bytes must not change who this peer is.
    publicKey: publicKey.slice(),
    sign: bytes => identity.sign(bytes),
    ...(release ? { release: () => identity.release?.() } : {}),
  }
}

function kind(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return value === null ? 'null' : typeof value
}
