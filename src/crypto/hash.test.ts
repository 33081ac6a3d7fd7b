import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hmacSha256 } from './hash.ts'

it('is HMAC as others make it', () => {
  const key = fc.uint8Array({ maxLength: 64 })
  const text = fc.uint8Array({ maxLength: 200 })
  fc.assert(
    fc.property(
      key,
      text,
      (key, text) => void expect(hmacSha256(key, text)).toEqual(hmac(sha256, key, text)),
    ),
  )
})
