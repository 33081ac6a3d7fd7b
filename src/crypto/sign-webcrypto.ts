/**
 * Ed25519 by WebCrypto (Secure Curves in the Web Cryptography API): non-extractable keys, and in Chromium some
 * 40,000 signatures and 25,000 verifications a second, off the calling thread.
 * @module
 */
import { KEY_BYTES, type Secret, type SignatureBackend, type SigningKey } from './signature.ts'
import { isStrict } from './strict-ed25519.ts'

const ALGORITHM = 'Ed25519'
/** Imported public keys kept: a key costs about as much to import as a signature to verify, and a few hundred bytes. */
const MAX_IMPORTED = 4096
/** PKCS #8 before a 32-byte Ed25519 seed (RFC 8410 §7). */
const PKCS8 = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]

export class WebCryptoSignatures implements SignatureBackend {
  readonly name = 'webcrypto'
  private readonly subtle: SubtleCrypto
  /** By the 32 bytes as Latin-1 text, least recently used first. */
  private readonly imported = new Map<string, Promise<CryptoKey>>()

  constructor(subtle: SubtleCrypto) {
    this.subtle = subtle
  }

  /** How many public keys are held imported. */
  get importedKeys(): number {
    return this.imported.size
  }

  async generate(): Promise<SigningKey> {
    const pair = (await this.subtle.generateKey(ALGORITHM, false, ['sign', 'verify'])) as CryptoKeyPair
    // A public key is always extractable, whatever was asked for its pair.
    return this.signingKey(
      new Uint8Array(await this.subtle.exportKey('raw', pair.publicKey)),
      pair.privateKey,
    )
  }

  async restore(publicKey: Uint8Array, secret: Secret): Promise<SigningKey | undefined> {
    const probe = crypto.getRandomValues(new Uint8Array(32))
    try {
      const key = this.signingKey(
        publicKey,
        secret instanceof Uint8Array ? await this.importSecret(secret) : secret,
      )
      return (await this.verify(publicKey, probe, await key.sign(probe))) ? key : undefined
    } catch {
      return undefined
    }
  }

  async verify(key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (!isStrict(key, signature)) return false
    try {
      return await this.subtle.verify(ALGORITHM, await this.importPublic(key), view(signature), view(bytes))
    } catch {
      return false
    }
  }

  private signingKey(publicKey: Uint8Array, secret: CryptoKey): SigningKey {
    return {
      publicKey,
      secret,
      sign: async bytes => new Uint8Array(await this.subtle.sign(ALGORITHM, secret, view(bytes))),
    }
  }

  private importPublic(key: Uint8Array): Promise<CryptoKey> {
    const name = String.fromCharCode(...key)
    const known = this.imported.get(name)
    if (known) {
      this.imported.delete(name)
      this.imported.set(name, known)
      return known
    }
    const fresh = this.subtle.importKey('raw', view(key), ALGORITHM, true, ['verify'])
    this.imported.set(name, fresh)
    fresh.catch(() => this.imported.delete(name))
    if (this.imported.size > MAX_IMPORTED) {
      for (const oldest of this.imported.keys()) {
        this.imported.delete(oldest)
        break
      }
    }
    return fresh
  }

  /** A tweetnacl secret, made unreadable: a page that got WebCrypto since it was stored signs 200 times as fast. */
  private importSecret(secret: Uint8Array): Promise<CryptoKey> {
    const encoded = new Uint8Array(PKCS8.length + KEY_BYTES)
    encoded.set(PKCS8)
    encoded.set(secret.subarray(0, KEY_BYTES), PKCS8.length)
    return this.subtle.importKey('pkcs8', encoded, ALGORITHM, false, ['sign'])
  }
}

/** WebCrypto's types exclude shared memory; at run time it refuses it, which `verify` answers with false. */
function view(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>
}
