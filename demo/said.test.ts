import type { PeerId } from 'tabmesh'
import { expect, test } from 'vitest'
import { Said } from './said.ts'

const ann = 'ann' as PeerId
const bo = 'bo' as PeerId
const line = (text: string, at?: number) => ({ name: '', text, at })
const found = (from: PeerId, text: string, at?: number, delivered = false) => ({
  from,
  line: line(text, at),
  delivered,
})

test('what was shown is not missing, whoever else said the same', () => {
  const said = new Said()
  said.add(ann, line('hello', 5))
  const past = [found(ann, 'hello', 5), found(bo, 'hello', 5), found(ann, 'hello', 6)]
  expect(said.missing(past)).toEqual(past.slice(1))
})

test('the past asked twice brings nothing new the second time', () => {
  const said = new Said()
  const past = [found(ann, 'one', 1), found(bo, 'two'), found(bo, 'two')]
  expect(said.missing(past)).toEqual(past)
  expect(said.missing(past)).toEqual([])
  const more = found(bo, 'two')
  expect(said.missing([...past, more])).toEqual([more])
})

test('what has come as a message is never missing', () => {
  expect(new Said().missing([found(ann, 'hello', 5, true)])).toEqual([])
})

test('what was found in the past and comes as a message too is shown once', () => {
  const said = new Said()
  said.missing([found(ann, 'hello', 5)])
  expect(said.add(ann, line('hello', 5))).toBe(false)
  expect(said.add(ann, line('hello', 6))).toBe(true)
  expect([said.add(bo, line('hi')), said.add(bo, line('hi'))]).toEqual([true, true])
})

test('a line that was sent again is one line', () => {
  const again = found(ann, 'try', 9)
  expect(new Said().missing([again, again])).toEqual([again])
})

test('the memory is bounded; the latest are remembered', () => {
  const said = new Said()
  for (let i = 0; i < 3000; i++) said.add(ann, line('x', i))
  expect(said.missing([found(ann, 'x', 2999)])).toEqual([])
  expect(said.missing([found(ann, 'x', 0)])).toHaveLength(1)
})
