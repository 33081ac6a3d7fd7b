import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashOfSwarm, swarmFromHash, tidySwarmName } from './swarm-name.ts'

/** Any code points, surrogates on their own among them. */
const anyText = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0x10ffff }), fc.integer({ min: 0xd800, max: 0xdfff })), {
    maxLength: 90,
  })
  .map(points => String.fromCodePoint(...points))

test('a tidy name survives the hash, whatever was typed', () => {
  fc.assert(
    fc.property(anyText, text => {
      const name = tidySwarmName(text)
      expect(swarmFromHash(hashOfSwarm(name))).toBe(name)
    }),
  )
})

test('a tidy name fits the 256 bytes that the library takes', () => {
  fc.assert(
    fc.property(anyText, text => {
      expect(new TextEncoder().encode(tidySwarmName(text)).length).toBeLessThanOrEqual(256)
    }),
  )
})

test('a hash that does not decode is taken as it is', () => {
  expect(swarmFromHash('#100%')).toBe('100%')
  expect(swarmFromHash('')).toBe('')
})
