import { describe, expect, it } from 'vitest'
import { HELP, readArguments } from './arguments.ts'

const problem = (...argv: string[]): string => {
  const read = readArguments(argv)
  return read.kind === 'wrong' ? read.problem : read.kind
}

describe('the arguments of the lab', () => {
  it('are all optional', () => {
    expect(readArguments([])).toEqual({
      kind: 'run',
      options: { json: false, few: false, loss: 0, output: undefined },
    })
    expect(readArguments(['--json', '--few', '--loss', '10', '--output', 'a.json'])).toEqual({
      kind: 'run',
      options: { json: true, few: true, loss: 10, output: 'a.json' },
    })
  })

  it('are refused by name', () => {
    for (const loss of ['', '-1', '51', '100', 'x', '1.5'])
      expect(problem(`--loss=${loss}`)).toContain(`'${loss}'`)
    expect(problem('--lost', '10')).toContain('--lost')
    expect(problem('more')).toContain('more')
  })

  it('are told by --help, and so are the exit codes', () => {
    expect(readArguments(['--help'])).toEqual({ kind: 'help' })
    for (const word of ['--json', '--output', '--few', '--loss', '0 every', '1 some', '2 wrong', '3 no lab'])
      expect(HELP).toContain(word)
  })
})
