import { describe, expect, it } from 'vitest'
import type { PeerId } from '../protocol/id.ts'
import { patternsOf } from '../protocol/topic.ts'
import type { Message } from './api-messages.ts'
import { Subscriptions } from './subscriptions.ts'

describe('subscriptions', () => {
  it.each([
    ['chat', ['chat', '*']],
    ['chat/en', ['chat/en', 'chat/*', '*']],
    ['a/b/c', ['a/b/c', 'a/b/*', 'a/*', '*']],
    ['/a', ['/a', '/*', '*']],
    ['a/', ['a/', 'a/*', '*']],
    ['/', ['/', '/*', '*']],
  ])('to %j are these', (topic, patterns) => {
    expect(patternsOf(topic)).toEqual(patterns)
  })

  const message: Message = { from: '' as PeerId, data: 1, topic: 'a/b', hops: 1 }

  it('get what they are for, until they end', () => {
    const heard: string[] = []
    const subscriptions = new Subscriptions(() => {})
    const handler = (name: string) => () => heard.push(name)
    const same = handler('same')
    const end = subscriptions.add('a/b', same)
    subscriptions.add('a/b', same)
    subscriptions.add('a/*', handler('below'))
    subscriptions.add('a', handler('a'))
    expect(subscriptions.wants('a/b')).toBe(true)
    expect(subscriptions.wants('b')).toBe(false)
    end()
    end()
    subscriptions.deliver('a/b', message)
    expect(heard).toEqual(['same', 'below'])
  })

  it('go on when a handler throws', () => {
    const errors: unknown[] = []
    const heard: unknown[] = []
    const subscriptions = new Subscriptions(error => errors.push(error))
    subscriptions.add('a/b', () => {
      throw new Error('mine')
    })
    subscriptions.add('a/b', ({ data }) => heard.push(data))
    subscriptions.deliver('a/b', message)
    expect(errors).toHaveLength(1)
    expect(heard).toEqual([1])
  })
})
