/**
 * Signatures and seals that cost next to nothing and have the sizes of the real ones. They prove nothing
 * against an attacker, but wrong bytes, a wrong key or a wrong nonce fail here as they fail there.
 * @module
 */
import { NONCE_BYTES, type Sealer, type SharedKey, TAG_BYTES } from '../src/protocol/sealer.ts'
import { mix } from './random.ts'

export const SIGNATURE_BYTES = 64

function fold(start: number, bytes: Uint8Array): number {
  const length = bytes.length
  let hash = start ^ length
  let at = 0
  for (; at + 4 <= length; at += 4) {
    const value =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    hash = Math.imul(hash ^ value, 0x9e3779b1)
    hash ^= hash >>> 15
  }
  for (; at < length; at++) {
    hash = Math.imul(hash ^ (bytes[at] as number), 0x85ebca6b)
    hash ^= hash >>> 13
  }
  return hash
}

/** Word `i` of the signature that starts from `hash`. */
function signatureWord(hash: number, i: number): number {
  return mix(hash, i)
}

function start(key: Uint8Array, bytes: Uint8Array): number {
  return fold(fold(0x2545f491, key), bytes)
}

/** 64 bytes that only this key and these bytes give. The public key signs: nobody here has secrets. */
export function sign(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  const hash = start(key, bytes)
  const signature = new Uint8Array(SIGNATURE_BYTES)
  for (let i = 0; i < 16; i++) {
    const word = signatureWord(hash, i)
    signature[i * 4] = word
    signature[i * 4 + 1] = word >>> 8
    signature[i * 4 + 2] = word >>> 16
    signature[i * 4 + 3] = word >>> 24
  }
  return signature
}

export function verify(key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false
  const hash = start(key, bytes)
  for (let i = 0; i < 16; i++) {
    const word = signatureWord(hash, i)
    if (signature[i * 4] !== (word & 0xff)) return false
    if (signature[i * 4 + 1] !== ((word >>> 8) & 0xff)) return false
    if (signature[i * 4 + 2] !== ((word >>> 16) & 0xff)) return false
    if (signature[i * 4 + 3] !== word >>> 24) return false
  }
  return true
}

/** Mixes each word of a key by itself, so that adding two mixed keys is the same from both sides. */
function masked(key: Uint8Array, i: number): number {
  return mix(((key[i] as number) << 8) | (key[(i + 1) % key.length] as number), i)
}

/** A sealer over 32 random bytes that stand for the session's X25519 public key. */
export class StandInSealer implements Sealer {
  readonly publicKey: Uint8Array

  constructor(publicKey: Uint8Array) {
    this.publicKey = publicKey
  }

  shared(publicKey: Uint8Array): SharedKey {
    const shared = new Uint8Array(32)
    if (publicKey.length !== 32) return shared
    for (let i = 0; i < 32; i++) shared[i] = masked(this.publicKey, i) + masked(publicKey, i)
    return shared
  }

  seal(shared: SharedKey, nonce: Uint8Array, plain: Uint8Array): Uint8Array {
    const box = new Uint8Array(TAG_BYTES + plain.length)
    for (let i = 0; i < plain.length; i++) {
      box[TAG_BYTES + i] =
        (plain[i] as number) ^ (shared[i & 31] as number) ^ (nonce[i % NONCE_BYTES] as number)
    }
    const hash = fold(fold(fold(0x51ed270b, shared), nonce), plain)
    for (let i = 0; i < TAG_BYTES; i++) box[i] = mix(hash, i)
    return box
  }

  open(shared: SharedKey, nonce: Uint8Array, box: Uint8Array): Uint8Array | undefined {
    if (box.length < TAG_BYTES || nonce.length !== NONCE_BYTES) return undefined
    const plain = new Uint8Array(box.length - TAG_BYTES)
    for (let i = 0; i < plain.length; i++) {
      plain[i] =
        (box[TAG_BYTES + i] as number) ^ (shared[i & 31] as number) ^ (nonce[i % NONCE_BYTES] as number)
    }
    const hash = fold(fold(fold(0x51ed270b, shared), nonce), plain)
    for (let i = 0; i < TAG_BYTES; i++) if (box[i] !== (mix(hash, i) & 0xff)) return undefined
    return plain
  }
}
