import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shortNames } from './short-names.ts'

const naming = {
  uses: new Map([
    ['often', 9],
    ['link', 5],
    ['slot', 4],
    ['rare', 1],
    ['e', 3],
  ]),
  names: new Set(['often', 'link', 'slot', 'rare', 'unused']),
  alone: new Set<string>(),
  together: [],
}

describe('shortNames', () => {
  it('gives all the same one where no object has two of them, and none that is taken', () => {
    expect([...shortNames(naming)]).toEqual([
      ['often', 't'],
      ['link', 't'],
      ['slot', 't'],
      ['rare', 't'],
    ])
  })

  it('gives names of one object different ones', () => {
    const short = shortNames({ ...naming, together: [['link', 'slot', 'e']] })
    expect(short.get('often')).toBe(short.get('link'))
    expect(short.get('slot')).not.toBe(short.get('link'))
  })

  it('gives one that must be alone to nothing else', () => {
    const short = shortNames({ ...naming, alone: new Set(['link']) })
    expect(short.get('slot')).toBe(short.get('often'))
    expect(short.get('link')).not.toBe(short.get('often'))
    expect(short.get('link')).not.toBe(short.get('rare'))
  })

  it('never lets names of one object meet, whatever the groups are', () => {
    const name = fc.integer({ min: 0, max: 200 }).map(n => `name${n}`)
    fc.assert(
      fc.property(
        fc.array(fc.array(name, { maxLength: 30 }), { maxLength: 40 }),
        fc.array(name),
        (together, alone) => {
          const names = new Set([...together.flat(), ...alone])
          const uses = new Map([...names].map((each, i) => [each, i % 7]))
          const short = shortNames({ uses, names, alone: new Set(alone), together })
          for (const group of together)
            expect(new Set(group.map(each => short.get(each))).size).toBe(new Set(group).size)
          for (const one of alone)
            expect([...short].filter(([, each]) => each === short.get(one)).map(([each]) => each)).toEqual([
              one,
            ])
        },
      ),
      { numRuns: 100 },
    )
  })
})
