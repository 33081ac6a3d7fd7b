import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { computeTable, emptyMethods, keepMembers, toModule, trimTweetnacl } from './trim.ts'

describe('emptyMethods', () => {
  const code = 'class P {\n  send (x) { return `}` + x }\n  signal () {\n    this.send(1)\n  }\n}'

  it('empties the named methods and leaves them callable', () => {
    const P = new Function(`${emptyMethods(code, ['send'])}; return P`)()
    expect(new P().send(1)).toBeUndefined()
    expect(() => new P().signal()).not.toThrow()
  })

  it('moves nothing', () => {
    const trimmed = emptyMethods(code, ['send'])
    expect(trimmed.length).toBe(code.length)
    expect(trimmed.indexOf('signal')).toBe(code.indexOf('signal'))
  })

  it('refuses a name that is not there', () => {
    expect(() => emptyMethods(code, ['send', 'gone'])).toThrow('no such methods: gone')
  })
})

describe('keepMembers', () => {
  const code = `(function(lib) {
function low() { return 1; }
lib.used = function() { return low(); };
lib.holder = function() { return 2; };
lib.holder.used = function() { return 3; };
lib.unused = { low: low };
(function() { lib.start = true; })();
})(target)`

  function run(names: string[]) {
    const target: Record<string, unknown> = {}
    new Function('target', keepMembers(code, 'lib', names))(target)
    return target as Record<string, (() => unknown) & Record<string, () => unknown>>
  }

  it('keeps what is listed, and empties what only holds it', () => {
    const lib = run(['used', 'holder.used'])
    expect(Object.keys(lib)).toEqual(['used', 'holder'])
    expect(lib['used']?.()).toBe(1)
    expect(lib['holder']?.()).toBeUndefined()
    expect(lib['holder']?.['used']?.()).toBe(3)
  })

  it('refuses a name that is not there', () => {
    expect(() => keepMembers(code, 'lib', ['used', 'holder.gone'])).toThrow('not assigned: holder.gone')
  })
})

describe('computeTable', () => {
  const code = 'var a = 1;\nvar squares = [\n  1, 4,\n  9 ];\nvar b = 2;'

  it('puts an expression of the same numbers in the place of a table, line for line', () => {
    const computed = computeTable(code, 'squares', '[1, 2, 3].map(n =>\n n * n)')
    expect(new Function(`${computed}; return squares`)()).toEqual([1, 4, 9])
    expect(computed.split('\n')).toHaveLength(code.split('\n').length)
  })

  it('finds a table that is made into a typed array', () => {
    const computed = computeTable(
      'const a = /* pure */ Uint8Array.from([1, 4])',
      'a',
      '[1, 2].map(n => n * n)',
    )
    expect(computed).toBe('const a = /* pure */ Uint8Array.from([1, 2].map(n => n * n))')
  })

  it('refuses an expression of other numbers, and a table that is not there', () => {
    expect(() => computeTable(code, 'squares', '[1, 4, 8]')).toThrow('squares is not what is computed')
    expect(() => computeTable(code, 'cubes', '[1]')).toThrow('no table cubes')
  })
})

describe('toModule', () => {
  it('imports what was required, and exports', async () => {
    const code = toModule("const { sep } = require('node:path')\nmodule.exports = () => sep")
    expect(code.split('\n')[0]).toContain("from 'node:path';")
    const { default: made } = await import(`data:text/javascript,${encodeURIComponent(code)}`)
    expect(made()).toBe('/')
  })
})

describe('tweetnacl, trimmed', () => {
  const file = createRequire(import.meta.url).resolve('tweetnacl/nacl-fast.js')
  const module = { exports: {} }
  new Function('module', 'require', trimTweetnacl(readFileSync(file, 'utf8')))(module)
  const trimmed = module.exports as typeof nacl
  const seed = Uint8Array.from({ length: 32 }, (_, i) => i * 7)
  const message = Uint8Array.from({ length: 3000 }, (_, i) => i)

  it('signs and verifies as the whole does', () => {
    const { publicKey, secretKey } = trimmed.sign.keyPair.fromSeed(seed)
    expect({ publicKey, secretKey }).toEqual(nacl.sign.keyPair.fromSeed(seed))
    const signature = trimmed.sign.detached(message, secretKey)
    expect(signature).toEqual(nacl.sign.detached(message, secretKey))
    expect(trimmed.sign.detached.verify(message, signature, publicKey)).toBe(true)
    expect(trimmed.sign.detached.verify(message.subarray(1), signature, publicKey)).toBe(false)
  })

  it('seals and opens as the whole does', () => {
    const { publicKey, secretKey } = trimmed.box.keyPair.fromSecretKey(seed)
    expect(publicKey).toEqual(nacl.box.keyPair.fromSecretKey(seed).publicKey)
    const shared = trimmed.box.before(publicKey, secretKey)
    expect(shared).toEqual(nacl.box.before(publicKey, secretKey))
    const nonce = new Uint8Array(trimmed.box.nonceLength).fill(9)
    const box = trimmed.box.after(message, nonce, shared)
    expect(box).toEqual(nacl.box.after(message, nonce, shared))
    expect(trimmed.box.open.after(box, nonce, shared)).toEqual(message)
    expect(trimmed.box.open.after(box.fill(0, 0, 1), nonce, shared)).toBeNull()
  })

  it('has nothing that is not called', () => {
    expect('lowlevel' in trimmed).toBe(false)
    expect('hash' in trimmed).toBe(false)
  })
})
