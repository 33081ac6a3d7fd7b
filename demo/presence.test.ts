import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chatLineOf, MAX_NAME, MAX_TEXT, presenceOf, tidyName } from './presence.ts'

test('whatever a stranger sends, reading it does not throw and stays within bounds', () => {
  fc.assert(
    fc.property(fc.anything({ withMap: true, withDate: true, withBigInt: true }), data => {
      const presence = presenceOf(data)
      if (presence) expect([...presence.name].length).toBeLessThanOrEqual(MAX_NAME)
      const line = chatLineOf(data)
      if (line) expect([...line.text].length).toBeLessThanOrEqual(MAX_TEXT)
    }),
  )
})

test('a name cannot carry controls or turn the direction of writing', () => {
  expect(tidyName('  Ann\u202e\u0007 \n B ')).toBe('Ann B')
  expect(tidyName('x'.repeat(5000))).toBe('x'.repeat(MAX_NAME))
  expect(tidyName(7)).toBe('')
})

test('presence needs a name', () => {
  expect(presenceOf({ name: 'Ann', ask: true })).toEqual({ name: 'Ann', ask: true })
  expect(presenceOf({ name: ' ' })).toBeUndefined()
  expect(presenceOf(null)).toBeUndefined()
})

test('a plain string is a line; an empty one is not', () => {
  expect(chatLineOf('hello')).toEqual({ name: '', text: 'hello', at: undefined })
  expect(chatLineOf({ name: 'Ann', text: 'hi', at: 5 })).toEqual({ name: 'Ann', text: 'hi', at: 5 })
  expect(chatLineOf({ text: 'hi', at: Number.NaN })?.at).toBeUndefined()
  expect(chatLineOf('  ')).toBeUndefined()
  expect(chatLineOf({ text: { length: 3 } })).toBeUndefined()
})
