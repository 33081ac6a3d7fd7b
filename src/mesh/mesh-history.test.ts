/**
 * What was said before: asked for by whole meshes.
 */
import { afterEach, describe, expect, it } from 'vitest'
import type { Mesh } from './api.ts'
import type { HistoryOptions } from './api-call-options.ts'
import { codeOf, House, nextMessage } from './house.testing.ts'

let house = new House()
afterEach(async () => {
  await house.close()
  house = new House()
})

describe('history', () => {
  it('brings a newcomer what was said before it came, in order, and not as events', async () => {
    const [ann, bob] = (await house.joined(2)) as [Mesh, Mesh]
    for (let i = 0; i < 5; i++) {
      await ann.sendBroadcast('chat', { i })
      await bob.sendBroadcast('other', i)
    }
    await bob.sendBroadcast('chat', 'and me')
    const before = Date.now()
    // What is a moment old would still come as an event.
    house.passed += 1000
    const late = await house.idle()
    const events: unknown[] = []
    late.on('message', message => events.push(message.data))
    await late.join()
    const past = await late.history('chat', { last: 4 })
    expect(past.map(({ from, data, topic, delivered }) => [from, data, topic, delivered])).toEqual([
      [ann.peerId, { i: 2 }, 'chat', false],
      [ann.peerId, { i: 3 }, 'chat', false],
      [ann.peerId, { i: 4 }, 'chat', false],
      [bob.peerId, 'and me', 'chat', false],
    ])
    for (const { at } of past) expect(Math.abs(at - before)).toBeLessThan(60_000)
    expect(await late.history('chat')).toHaveLength(6)
    expect(await late.history('chat', { seconds: 3600 })).toHaveLength(6)
    expect(await late.history('nothing')).toEqual([])
    const next = nextMessage(late)
    await ann.sendBroadcast('chat', 'new')
    await next
    expect(events).toEqual(['new'])
    expect((await late.history('chat', { last: 2 })).map(({ data, delivered }) => [data, delivered])).toEqual(
      [
        ['and me', false],
        ['new', true],
      ],
    )
  })

  it('of a peer alone is what it has said itself', async () => {
    const [mesh] = (await house.joined(1)) as [Mesh]
    await mesh.sendBroadcast('chat', 1)
    expect(await mesh.history('chat')).toMatchObject([{ from: mesh.peerId, data: 1, delivered: true }])
    await mesh.leave()
    expect(await codeOf(mesh.history('chat'))).toBe('left')
  })

  it.each<[HistoryOptions, string]>([
    [{ last: 0 }, 'RangeError: last must be an integer from 1 to 1000, got 0'],
    [{ seconds: 1.5 }, 'RangeError: seconds must be an integer from 1 to 86400, got 1.5'],
    [{ timeout: 0 }, 'RangeError: timeout must be 1 to 60000 milliseconds, got 0'],
    [{ signal: AbortSignal.abort() }, 'aborted'],
  ])('with %o is refused', async (options, message) => {
    const [mesh] = (await house.joined(1)) as [Mesh]
    expect(await codeOf(mesh.history('chat', options))).toBe(message)
    expect(await codeOf(mesh.history('chat/*'))).toMatch(/^RangeError: topic 'chat\/\*' names many/)
  })
})
