import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type PropertyTypes, propertyTypes } from './property-types.ts'

const folder = mkdtempSync(join(tmpdir(), 'tabmesh-types-'))
afterAll(() => rmSync(folder, { recursive: true }))
writeFileSync(
  join(folder, 'tsconfig.json'),
  JSON.stringify({ compilerOptions: { strict: true, target: 'ES2022', lib: ['ES2022'], types: [] } }),
)
let count = 0

function read(code: string): PropertyTypes {
  const file = join(folder, `module${count++}.ts`)
  writeFileSync(file, code)
  return propertyTypes([file], join(folder, 'tsconfig.json'), each => each === file)
}

/** Names that are nobody else's. */
function ours(code: string): string[] {
  const { declared, foreign } = read(code)
  return [...declared].filter(name => !foreign.has(name)).sort()
}

const groups = (code: string): string[] => read(code).together.map(group => [...group].sort().join())

describe('whose a name is', () => {
  it('is ours where only our types have it, even if the platform has it elsewhere', () => {
    expect(
      ours('interface Slot { link: string; size: number } export const f = (s: Slot) => s.link + s.size'),
    ).toEqual(['link', 'size'])
  })

  it.each([
    [
      'read of the platform',
      'interface A { size: number; b: number } export const f = (m: Map<1, 1>) => m.size',
    ],
    [
      'taken out of what the platform gives',
      'export const a = { size: 1, b: 2 }; export const { size } = new Map()',
    ],
    [
      'handed to the platform',
      'const options = { cause: 1 }; export const o = { b: 1 }; export const e = new Error("", options)',
    ],
    [
      'in a class that extends one of the platform',
      'export class A extends Error { override message = ""; b = 1 }',
    ],
    [
      'what an object of ours is taken for',
      'interface Sized { size: number; b?: 1 } export const s: Sized = new Map()',
    ],
    [
      'made known as JSON',
      'export const f = (b: string) => JSON.stringify({ id: b }); export const x = { b: 1 }',
    ],
    ['read out of JSON', 'export const f = (): { id: string } => JSON.parse(""); export const x = { b: 1 }'],
    [
      'read out of JSON, deeper',
      'interface A { all: { id: 1 }[] }; export const x = { b: 1 }; export const a = JSON.parse("") as A',
    ],
    [
      'told by a predicate',
      'interface A { id: 1 }; export const x = { b: 1 }; export const f = (a: unknown): a is A => !!a',
    ],
    [
      'looked up by its name',
      'export const a = { id: 1, of: 2, b: 2 }; export const f = (k: "id" | "of") => a[k]',
    ],
    [
      'a text where names are texts',
      'export const a = { id: 1, b: 2 }; export const f = (o: object) => "id" in o',
    ],
    [
      'a text for Reflect',
      'export const a = { id: 1, b: 2 }; export const f = (o: object) => Reflect.get(o, "id")',
    ],
    ['listed', 'export const a = { b: 1 }; export const names = Object.keys({ id: 1, of: 2 })'],
    [
      'what we declare of others',
      'declare const T: new (o: { fatal: boolean }) => 1; export const t = new T({ fatal: true }); export const x = { b: 1 }',
    ],
    ['of a Record', 'export const a = { b: 1 }; export const f = (r: Record<"id" | "of", 1>) => r.id'],
  ])('is not ours: %s', (_, code) => {
    expect(ours(code).filter(name => name !== 'all')).toEqual(['b'])
  })

  it('is ours, again, where nothing is known of it', () => {
    // What comes of unknown things is kept; a class is not what is written down or posted.
    expect(
      ours('class A { a = 1 } export const f = () => String(new A()) + JSON.stringify(new A())'),
    ).toEqual(['a'])
  })

  it('is ours through functions, arrays and generics of the platform', () => {
    const code = `interface Slot { peer: string; since: number }
      const slots = new Map<string, Slot>()
      export const oldest = () => [...slots.values()].filter(s => s.since > 0).map(({ peer }) => peer)
      export const later = Promise.resolve<Slot>({ peer: '', since: 1 }).then(s => s.since)`
    expect(ours(code)).toEqual(['peer', 'since'])
  })
})

describe('what is together', () => {
  it('is what a class has, inherits and keeps to itself', () => {
    const code =
      'class A { a = 1; private b = 2 } export class B extends A { c() {}; static d = 1; get e() { return 1 } }'
    expect(groups(code)).toContain('a,b,c,e')
  })

  it('is what two objects come to', () => {
    expect(groups('export const x = Object.assign({ a: 1 }, { b: 2 })')).toContain('a,b')
    expect(groups('const y = { a: 1, c: 1 }; export const x = { ...y, b: 2 }')).toContain('a,b,c')
  })
})

describe('what an object may be asked for without having it', () => {
  it.each([
    ['optional names', 'interface A { a?: number; b: 1 } export const f = (x: A) => x.b', ['a']],
    ['optional names of a mapped type', 'export const f = (x: Partial<{ a: 1; b: 2 }>) => x.a', ['a', 'b']],
    [
      'names that one of two literals has',
      'declare const c: boolean; export const x = c ? { a: 1 } : { b: 2 }',
      ['a', 'b'],
    ],
    ['names that are copied', 'export const f = (x: { a: 1 }) => ({ ...x, b: 1 })', ['a', 'b']],
    ['names that are looked up', 'export const f = (x: { a: 1; b: 1 }, k: "a") => x[k]', ['a', 'b']],
  ])('is known: %s', (_, code, names) => {
    expect([...read(code).unsure].sort()).toEqual(names)
  })
})
