import { expect, test } from 'vitest'
import { codeOf, seenWords, sendFailure, warningText } from './words.ts'

const failed = (code: string): Error => Object.assign(new Error(`raw ${code}`), { code })

test.each(['timeout', 'no-route', 'refused', 'too-large', 'left', 'aborted', 'busy', 'unsupported'])(
  'the code %s is put in words and named',
  code => {
    expect(sendFailure(failed(code))).toContain(`(${code})`)
    expect(sendFailure(failed(code))).not.toContain('raw')
  },
)

test('an unknown failure speaks for itself', () => {
  expect(sendFailure(failed('new-code'))).toBe('raw new-code')
  expect(sendFailure('text')).toBe('It could not be sent.')
  expect(codeOf({ code: 7 })).toBe('')
})

test('a warning without better words keeps its own', () => {
  expect(warningText('something', 'Plain words.')).toBe('Plain words.')
  expect(warningText('identity-ephemeral', 'x')).toContain('new peer id')
})

test('a line says how many have it, and why nobody has', () => {
  expect(seenWords(5, 2)).toBe('Seen by 5')
  expect(seenWords(5, 0)).toBe('Seen by 5')
  expect(seenWords(0, 2)).toContain('confirmed')
  expect(seenWords(0, 0)).toContain('nobody else is here')
})
