import { describe, expect, it } from 'vitest'
import { namesIn, propertiesIn, type Source, stringsIn } from './names.ts'

const dts = (text: string): Source => ({ text, lang: 'dts' })
const js = (text: string): Source => ({ text, lang: 'js' })

describe('namesIn', () => {
  it('is whatever a declaration names, as a property or as a text', () => {
    const published = dts(`export interface LinkStats { readonly peer: string; readonly kind: 'slot' }
      export declare class Link { get open(): boolean; close(reason: string): void; static made: number }
      export type Made = { id: 1 } & { at?: 2; (session: 3): 4 }`)
    const names = ['at', 'close', 'id', 'kind', 'made', 'open', 'peer', 'slot']
    expect([...namesIn([published])].sort()).toEqual(names)
  })

  it('leaves out what is private: nobody outside can use it', () => {
    const published = dts(
      'export declare class T { private timer; open(): void; private end(hard: boolean): void }',
    )
    expect([...namesIn([published])].sort()).toEqual(['open'])
  })
})

describe('propertiesIn', () => {
  it('counts names that are read, declared and taken out', () => {
    const code = js('class P { ours = 1; f(o) { const { b: c, ours } = o; this.ours = o?.z + c + o[q] } }')
    expect([...propertiesIn(code.text)].sort()).toEqual([
      ['b', 1],
      ['f', 1],
      ['ours', 3],
      ['z', 1],
    ])
  })
})

describe('stringsIn', () => {
  it('is every text: it may be the name of a property', () => {
    expect([...stringsIn([js(`'shut' in {}; ({ 'quoted': 1 }); a.b`)])].sort()).toEqual(['quoted', 'shut'])
  })
})
