import { afterEach, expect, it, vi } from 'vitest'
import type { Link, LinkEvents } from '../link/port.ts'
import type { Input } from '../protocol/input.ts'
import { LinkTable } from './link-table.ts'

function table(link: Partial<Link> = {}, open: () => void = () => {}) {
  const inputs: Input[] = []
  const trouble: string[] = []
  const calls: string[] = []
  let events: LinkEvents | undefined
  const links = new LinkTable(
    {
      open(_, told) {
        open()
        events = told
        return {
          bufferedAmount: 0,
          send: packet => calls.push(`send ${packet.length}`) > 0,
          signal: data => void calls.push(`signal ${data}`),
          close: () => void calls.push('close'),
          path: async () => ({ kind: 'direct', local: 'host', remote: 'host' }),
          ...link,
        }
      },
    },
    input => inputs.push(input),
    what => trouble.push(what),
  )
  links.open(1, true)
  const tell = (): LinkEvents => {
    if (events === undefined) throw new Error('no link was opened')
    return events
  }
  return { links, inputs, trouble, calls, tell }
}

afterEach(() => vi.restoreAllMocks())

it('turns what a link tells into inputs, until it has ended', () => {
  const { links, inputs, tell } = table()
  tell().signal('offer')
  tell().open(new Uint8Array([1]))
  tell().packet(new Uint8Array([2]))
  tell().closed('failed')
  tell().packet(new Uint8Array([3]))
  tell().closed('closed')
  links.signal(1, 'late')
  links.send(1, new Uint8Array(1))
  links.close(1)
  expect(inputs.map(input => input.kind)).toEqual(['link-signal', 'link-open', 'packet', 'link-closed'])
  expect(links.total).toEqual({ bytesSent: 0, bytesReceived: 1, packetsSent: 0, packetsReceived: 1 })
})

it('flushes before it closes, and tells nothing of it', () => {
  const { links, inputs, calls, tell } = table()
  links.send(1, new Uint8Array(10))
  expect(links.unsent).toBe(true)
  expect(calls).toEqual([])
  links.close(1)
  tell().closed('closed')
  expect(calls).toEqual(['send 12', 'close'])
  expect(inputs).toEqual([])
  expect(links.unsent).toBe(false)
})

it('makes an input of a link that cannot be opened', () => {
  const { inputs, trouble } = table({}, () => {
    throw new Error('500 connections')
  })
  expect(inputs).toEqual([{ kind: 'link-closed', link: 1, reason: 'failed' }])
  expect(trouble).toEqual(['a link could not be opened'])
})

it.each(['send', 'signal'] as const)('makes an input of a link whose %s throws', method => {
  const { links, inputs, trouble } = table({
    [method]() {
      throw new Error('broken')
    },
    close() {
      throw new Error('broken, too')
    },
  })
  links.signal(1, 'x')
  links.send(1, new Uint8Array(1))
  links.flush()
  expect(inputs).toEqual([{ kind: 'link-closed', link: 1, reason: 'failed' }])
  expect(trouble).toEqual([`${method} failed on a link`])
})

it('closes a link that has more to send than its bound', () => {
  const { links, inputs, calls } = table({ send: () => false })
  const frame = new Uint8Array(2 ** 20)
  for (let i = 0; i < 60; i++) {
    links.send(1, frame)
    links.flush()
  }
  expect(inputs.map(input => (input.kind === 'link-closed' ? input.reason : input.kind))).toEqual([
    'link-full',
    'overflow',
  ])
  expect(calls).toEqual(['close'])
})

it('knows how packets travel once it has asked', async () => {
  const { links, tell } = table()
  expect(links.path(7)).toBe('unknown')
  tell().open(new Uint8Array(64))
  await Promise.resolve()
  expect(links.path(1)).toBe('direct')
})

it('looks at a path once a second, however often it is asked', async () => {
  let looks = 0
  const { links, tell } = table({
    path: async () => {
      looks++
      return { kind: 'direct', local: 'host', remote: 'host' }
    },
  })
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  tell().open(new Uint8Array(64))
  for (let i = 0; i < 100; i++) {
    links.path(1)
    links.greet(1)
    await Promise.resolve()
  }
  expect(looks).toBe(1)
  now = 1000
  links.path(1)
  expect(looks).toBe(2)
})
