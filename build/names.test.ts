import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { namesOfLibrary } from './minify.ts'
import { internalNames, type Source } from './names.ts'

const ts = (text: string): Source => ({ text, lang: 'ts' })
const dts = (text: string): Source => ({ text, lang: 'dts' })

describe('internalNames', () => {
  it('lists what classes, objects and interfaces declare', () => {
    const own = ts(`
      interface Slot { readonly phase: string; since?: number; close(): void }
      class Overlay { private slots = 0; get used() { return this.slots } drop() {} }
      const limits = { most: 1, ['computed']: 2 }`)
    expect(internalNames([own], [])).toEqual(['close', 'drop', 'most', 'phase', 'since', 'slots', 'used'])
  })

  it('leaves out variables, parameters and functions, which a minifier renames anyway', () => {
    expect(internalNames([ts('const a = 1; function f(b: number) { return a + b }')], [])).toEqual([])
  })

  it('keeps what a published declaration names, as a property or as a text', () => {
    const own = ts('interface Link { peer: string; slot: string; ring: number }')
    const published = dts(`export interface LinkStats { readonly peer: string; readonly kind: 'slot' }`)
    expect(internalNames([own], [published])).toEqual(['ring'])
  })

  it('keeps what the code of a package names, publicly or not', () => {
    const own = ts('class Link { initiator = 1; channel = 2; ours = 3 }')
    const packaged: Source = { text: 'class P { #channel; f(o) { this.initiator = o } }', lang: 'js' }
    expect(internalNames([own], [packaged])).toEqual(['ours'])
  })

  it('keeps a name that stands in our source as a text: it may be looked up by it', () => {
    const own = ts(
      `class A { open() {} shut() {} }; Reflect.get({}, 'open'); 'shut' in {}; ({ 'quoted': 1 })`,
    )
    expect(internalNames([own], [])).toEqual([])
  })
})

describe('the names of the library', () => {
  const names = new Set(namesOfLibrary([]))

  it('are not those of the platform', () => {
    for (const name of [
      'addEventListener',
      'bufferedAmountLowThreshold',
      'getRemoteCertificates',
      'subarray',
    ])
      expect(names, name).not.toContain(name)
  })

  it('are not those of messages to a signaling server', () => {
    const example = readFileSync(new URL('../docs/SIGNALING.md', import.meta.url), 'utf8')
    const fields = [...example.matchAll(/"([a-zA-Z]+)":/g)].map(([, field]) => field)
    expect(fields.length).toBeGreaterThan(10)
    for (const field of fields) expect(names, field).not.toContain(field)
  })

  it('are not those of a key record', () => {
    for (const name of ['version', 'publicKey', 'secret']) expect(names, name).not.toContain(name)
  })

  it('are many: else something outside keeps more than it should', () => {
    expect(names.size).toBeGreaterThan(300)
  })
})
