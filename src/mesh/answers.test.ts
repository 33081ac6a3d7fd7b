import { expect, it } from 'vitest'
import type { Input } from '../protocol/input.ts'
import { Answers } from './answers.ts'

it('gives answers in the order of the questions, machine by machine', async () => {
  const given: string[] = []
  const answers = new Answers(input =>
    given.push(input.kind === 'verified' ? `${input.token.machine} ${input.token.n}` : ''),
  )
  const answer = (machine: 'gossip' | 'routing', n: number): Input => ({
    kind: 'verified',
    token: { machine, n },
    ok: true,
  })
  let finish: (input: Input) => void = () => {}
  const slow = new Promise<Input>(resolve => {
    finish = resolve
  })
  answers.ask('gossip', slow)
  answers.ask('gossip', Promise.resolve(answer('gossip', 2)))
  const other = Promise.resolve(answer('routing', 1))
  answers.ask('routing', other)
  await other
  expect(given).toEqual(['routing 1'])
  finish(answer('gossip', 1))
  await slow
  expect(given).toEqual(['routing 1', 'gossip 1', 'gossip 2'])
})
