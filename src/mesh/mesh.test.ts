import { afterEach, describe, expect, it, vi } from 'vitest'
import { MemoryAddressBook } from '../book/port.ts'
import { signatures } from '../crypto/sign.ts'
import { MemoryNetwork } from '../link/memory.ts'
import { base32, type PeerId } from '../protocol/id.ts'
import { MemorySignaling, MemoryTransport } from '../signaling/memory.ts'
import type { SignalingTransport } from '../signaling/port.ts'
import type { Mesh } from './api.ts'
import type { BroadcastOptions, HistoryOptions } from './api-call-options.ts'
import type { MeshWarning, PeerTopics } from './api-events.ts'
import type { Message } from './api-messages.ts'
import type { MeshOptions } from './api-options.ts'
import { createMeshWith } from './create.ts'
import { MeshError } from './errors.ts'
import type { Platform, Timers } from './ports.ts'
import { webRandom } from './random.ts'

/** Real timers that can be counted. */
class CountedTimers implements Timers {
  readonly live = new Map<number, ReturnType<typeof setTimeout>>()
  private next = 1
  set(task: () => void, milliseconds: number): number {
    const number = this.next++
    const timer = setTimeout(() => {
      this.live.delete(number)
      task()
    }, milliseconds)
    this.live.set(number, timer)
    return number
  }
  clear(number: number): void {
    clearTimeout(this.live.get(number))
    this.live.delete(number)
  }
}

/** One process in which meshes meet: a signaling hub and a network of memory links. */
class World {
  readonly hub = new MemorySignaling()
  readonly network = new MemoryNetwork()
  readonly timers = new CountedTimers()
  readonly meshes: Mesh[] = []
  /** Milliseconds by which all clocks have been put forward. */
  passed = 0

  async mesh(options: Partial<MeshOptions> = {}, platform: Partial<Platform> = {}): Promise<Mesh> {
    const mesh = await createMeshWith(
      { transport: new MemoryTransport(this.hub), swarm: 'test', identity: 'ephemeral', ...options },
      {
        links: this.network.factory(),
        random: webRandom(),
        timers: this.timers,
        clock: () => performance.now() + this.passed,
        wallClock: () => Date.now(),
        page: undefined,
        unsupported: undefined,
        ...platform,
      },
    )
    this.meshes.push(mesh)
    return mesh
  }

  /** `count` meshes that have joined, one after another. */
  async joined(count: number, options: Partial<MeshOptions> = {}): Promise<Mesh[]> {
    const meshes: Mesh[] = []
    for (let i = 0; i < count; i++) {
      const mesh = await this.mesh(options)
      await mesh.join()
      meshes.push(mesh)
    }
    // A link is up on one side a moment before the other.
    if (count > 1) await Promise.all(meshes.map(mesh => until(mesh, () => mesh.neighbours.length > 0)))
    return meshes
  }
}

let world = new World()
afterEach(async () => {
  await Promise.all(world.meshes.map(mesh => mesh.leave()))
  vi.unstubAllGlobals()
  world = new World()
})

function nextMessage(mesh: Mesh): Promise<Message> {
  return new Promise(resolve => mesh.once('message', resolve))
}

/** Resolves when `condition` holds, looked at whenever a link of `mesh` comes or goes. */
function until(mesh: Mesh, condition: () => boolean): Promise<void> {
  return new Promise(resolve => {
    const look = (): void => {
      if (!condition()) return
      for (const off of offs) off()
      resolve()
    }
    const offs = [mesh.on('peer:connect', look), mesh.on('peer:disconnect', look), mesh.on('state', look)]
    look()
  })
}

async function failure(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (error instanceof Error) return error
  throw new Error('it did not fail')
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  const error = await failure(call)
  return error instanceof MeshError ? error.code : `${error.name}: ${error.message}`
}

const someone = base32(new Uint8Array(32).fill(7)) as PeerId

describe('joining', () => {
  it('alone is done when the swarm turns out empty', async () => {
    const mesh = await world.mesh()
    const states: string[] = []
    mesh.on('state', state => states.push(state))
    expect(mesh.state).toBe('idle')
    await mesh.join()
    expect(states).toEqual(['connecting', 'connected'])
    expect(mesh.neighbours).toEqual([])
  })

  it('is done when a link is up', async () => {
    const [a, b] = (await world.joined(2)) as [Mesh, Mesh]
    expect(b.neighbours).toEqual([a.peerId])
    await until(a, () => a.neighbours.length === 1)
    expect(a.neighbours).toEqual([b.peerId])
  })

  it('twice is one join', async () => {
    const mesh = await world.mesh()
    const states: string[] = []
    mesh.on('state', state => states.push(state))
    await Promise.all([mesh.join(), mesh.join({ signal: new AbortController().signal })])
    await mesh.join()
    expect(states).toEqual(['connecting', 'connected'])
  })

  it('can be aborted, and tried again', async () => {
    world.hub.stop()
    const mesh = await world.mesh()
    const controller = new AbortController()
    const joining = mesh.join({ signal: controller.signal })
    controller.abort('enough')
    const error = await failure(joining)
    expect(error).toMatchObject({ code: 'aborted', cause: 'enough' })
    expect(mesh.state).toBe('left')
    expect(world.timers.live.size).toBe(0)
    expect(await codeOf(mesh.join({ signal: AbortSignal.abort() }))).toBe('aborted')
    world.hub.start()
    await mesh.join()
    expect(mesh.state).toBe('connected')
  })

  it('goes on when one of two gives up', async () => {
    world.hub.stop()
    const mesh = await world.mesh()
    const controller = new AbortController()
    const impatient = mesh.join({ signal: controller.signal })
    const patient = mesh.join()
    controller.abort()
    expect(await codeOf(impatient)).toBe('aborted')
    world.hub.start()
    await patient
  })

  it('ends with `left` when the mesh leaves', async () => {
    world.hub.stop()
    const mesh = await world.mesh()
    const joining = mesh.join()
    await mesh.leave()
    expect(await codeOf(joining)).toBe('left')
  })

  it('waits out a server that is down, with a warning', async () => {
    world.hub.stop()
    const mesh = await world.mesh()
    const warned = new Promise<MeshWarning>(resolve => mesh.once('warning', resolve))
    const joining = mesh.join()
    expect((await warned).code).toBe('signaling-down')
    world.hub.start()
    await joining
  })

  it('ends with `refused` when signaling ends for good', async () => {
    const transport: SignalingTransport = {
      open: (_, events) => queueMicrotask(() => events.down('wrong version', undefined)),
      send: () => false,
      sample() {},
      close() {},
    }
    const mesh = await world.mesh({ transport })
    const error = await failure(mesh.join())
    expect(error).toMatchObject({ code: 'refused', message: 'signaling ended for good: wrong version' })
    expect(mesh.state).toBe('left')
  })

  it('ends with `refused` when the transport cannot even be opened', async () => {
    const transport: SignalingTransport = {
      open() {
        throw new Error('no such thing')
      },
      send: () => false,
      sample() {},
      close() {},
    }
    expect(await codeOf((await world.mesh({ transport })).join())).toBe('refused')
  })

  it('says what to do where there is no WebRTC', async () => {
    const mesh = await world.mesh({}, { unsupported: 'use a browser' })
    expect(await failure(mesh.join())).toMatchObject({ code: 'unsupported', message: 'use a browser' })
    expect(mesh.state).toBe('idle')
  })
})

describe('a broadcast', () => {
  it('reaches everybody once, with its data, and nobody twice', async () => {
    const meshes = await world.joined(5)
    const [origin, ...others] = meshes as [Mesh, ...Mesh[]]
    const data = {
      text: 'hello',
      n: 2n ** 70n,
      at: new Date(5),
      bytes: new Float32Array([1, -0]),
      none: undefined,
    }
    const heard = new Map<Mesh, Message[]>(others.map(mesh => [mesh, []]))
    const all = others.map(mesh => {
      mesh.on('message', message => heard.get(mesh)?.push(message))
      return nextMessage(mesh)
    })
    let own = 0
    origin.on('message', () => own++)
    await origin.sendBroadcast('chat', data)
    await Promise.all(all)
    await origin.sendBroadcast('chat', 'second')
    for (const mesh of others) {
      const messages = heard.get(mesh) ?? []
      if (messages.length < 2) messages.push(await nextMessage(mesh))
      expect(messages.map(({ from, topic }) => [from, topic])).toEqual([
        [origin.peerId, 'chat'],
        [origin.peerId, 'chat'],
      ])
      expect(messages.map(message => message.data)).toStrictEqual([data, 'second'])
      expect(messages[0]?.hops).toBeGreaterThan(0)
    }
    expect(own).toBe(0)
  })

  it('goes to who subscribed to its topic', async () => {
    const [a, b] = (await world.joined(2)) as [Mesh, Mesh]
    const heard: string[] = []
    b.subscribe('chat/en', ({ data }) => heard.push(`en ${data}`))
    b.subscribe('chat/*', ({ data }) => heard.push(`all ${data}`))
    const off = b.subscribe('*', ({ data }) => heard.push(`any ${data}`))
    await a.sendBroadcast('chat/en', 1)
    await a.sendBroadcast('other', 2)
    off()
    const last = nextMessage(b)
    await a.sendBroadcast('other', 3)
    await last
    expect(heard).toEqual(['en 1', 'all 1', 'any 1', 'any 2'])
  })

  it('after broadcast arrives in order, though nobody waited for them', async () => {
    const [a, b] = (await world.joined(2)) as [Mesh, Mesh]
    const order: number[] = []
    b.on('message', ({ data }) => order.push(data[0]))
    const bytes = new Uint8Array(65_536)
    const calls = Array.from({ length: 200 }, (_, i) => a.sendBroadcast('t', [i, bytes]))
    await Promise.all(calls)
    expect(order).toEqual(calls.map((_, i) => i))
    expect(a.stats()).toMatchObject({ links: [{ peer: b.peerId }], drops: {} })
  })

  it('resolves at once when there is nobody', async () => {
    const [mesh] = (await world.joined(1)) as [Mesh]
    await mesh.sendBroadcast('chat', 1)
  })

  it('of 1 MiB arrives whole', async () => {
    const [a, b] = (await world.joined(2)) as [Mesh, Mesh]
    const arrived = nextMessage(b)
    const bytes = new Uint8Array(2 ** 20).map((_, i) => i % 251)
    await a.sendBroadcast('file', bytes)
    expect(Buffer.compare((await arrived).data, bytes)).toBe(0)
  })
})

describe('receipts', () => {
  it('say how many have it, as they come in and in the end', async () => {
    const [origin, ...others] = (await world.joined(7, { maxPeers: 3 })) as [Mesh, ...Mesh[]]
    const heard = others.map(nextMessage)
    const counts: number[] = []
    const onReceipt = (count: number): void => void counts.push(count)
    const count: number = await origin.sendBroadcast('chat', 'hello', { receipt: true, onReceipt })
    expect(count).toBe(6)
    expect(counts.at(-1)).toBe(6)
    expect([...new Set(counts)].sort((a, b) => a - b)).toEqual(counts)
    await Promise.all(heard)
    // Without asking it is as ever.
    expect(await origin.sendBroadcast('chat', 'again', { receipt: false })).toBe(undefined)
  })

  it('of nobody are none', async () => {
    const [mesh] = (await world.joined(1)) as [Mesh]
    expect(await mesh.sendBroadcast('chat', 1, { receipt: true })).toBe(0)
  })

  it('come as far as they get when their time is over, or the signal fires', async () => {
    const [a, b] = (await world.joined(2)) as [Mesh, Mesh]
    const heard = nextMessage(b)
    const controller = new AbortController()
    const call = a.sendBroadcast('chat', 1, { receipt: true, timeout: 60_000, signal: controller.signal })
    controller.abort()
    expect(await codeOf(call)).toBe('aborted')
    await heard
    b.leave()
    await until(a, () => a.neighbours.length === 0)
    expect(await a.sendBroadcast('chat', 2, { receipt: true, timeout: 50 })).toBe(0)
  })

  it('a listener that throws is reported and disturbs nothing', async () => {
    const reported: unknown[] = []
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
    const [a] = (await world.joined(2)) as [Mesh]
    const onReceipt = (): void => {
      throw new Error('mine')
    }
    expect(await a.sendBroadcast('chat', 1, { receipt: true, onReceipt })).toBe(1)
    expect(reported).toEqual([new Error('mine')])
  })

  it.each([
    [{ receipt: 1 }, 'TypeError: receipt must be true or false, got 1'],
    [{ onReceipt() {} }, 'TypeError: onReceipt and timeout need receipt: true'],
    [{ timeout: 5 }, 'TypeError: onReceipt and timeout need receipt: true'],
    [{ receipt: true, onReceipt: 'x' }, 'TypeError: onReceipt must be a function, got "x"'],
    [{ receipt: true, timeout: 60_001 }, 'RangeError: timeout must be 1 to 60000 milliseconds, got 60001'],
    [{ order: 'total' }, "TypeError: order must be 'fifo', 'causal' or 'none', got \"total\""],
    [
      { reciept: true },
      "TypeError: unknown option 'broadcast options.reciept', did you mean 'broadcast options.receipt'?",
    ],
  ])('asked for with %o are a mistake', async (options, message) => {
    const [mesh] = (await world.joined(1)) as [Mesh]
    expect(await codeOf(mesh.sendBroadcast('chat', 1, options as BroadcastOptions))).toBe(message)
  })
})

describe('order', () => {
  it.each(['fifo', 'causal', 'none'] as const)("'%s' brings everything", async order => {
    const meshes = await world.joined(4, { maxPeers: 3, order })
    const [ann, ...others] = meshes as [Mesh, ...Mesh[]]
    const heard = new Map<Mesh, string[]>(meshes.map(mesh => [mesh, []]))
    for (const mesh of meshes) mesh.on('message', ({ data }) => heard.get(mesh)?.push(data))
    // Everybody answers the question as soon as it is heard.
    const answers = others.map(async mesh => {
      const { data } = await nextMessage(mesh)
      await mesh.sendBroadcast('chat', `${data}!`, { receipt: true })
    })
    await ann.sendBroadcast('chat', 'hello', { receipt: true, order: 'causal' })
    await Promise.all(answers)
    for (const mesh of others) expect(heard.get(mesh)).toEqual(['hello', 'hello!', 'hello!'])
    expect(heard.get(ann)).toEqual(['hello!', 'hello!', 'hello!'])
  })
})

describe('history', () => {
  it('brings a newcomer what was said before it came, in order, and not as events', async () => {
    const [ann, bob] = (await world.joined(2)) as [Mesh, Mesh]
    for (let i = 0; i < 5; i++) {
      await ann.sendBroadcast('chat', { i })
      await bob.sendBroadcast('other', i)
    }
    await bob.sendBroadcast('chat', 'and me')
    const before = Date.now()
    // What is a moment old would still come as an event.
    world.passed += 1000
    const late = await world.mesh()
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
    const [mesh] = (await world.joined(1)) as [Mesh]
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
    const [mesh] = (await world.joined(1)) as [Mesh]
    expect(await codeOf(mesh.history('chat', options))).toBe(message)
    expect(await codeOf(mesh.history('chat/*'))).toMatch(/^RangeError: topic 'chat\/\*' names many/)
  })
})

describe('a direct message', () => {
  it('resolves when the other side has it', async () => {
    const [a, b] = (await world.joined(2)) as [Mesh, Mesh]
    const messages: Message[] = []
    b.on('message', message => messages.push(message))
    await a.send(b.peerId, ['hi', new Uint8Array(0), ''])
    expect(messages).toEqual([
      { from: a.peerId, data: ['hi', new Uint8Array(0), ''], topic: undefined, hops: 1 },
    ])
  })

  it('crosses as many links as it takes', async () => {
    const meshes = await world.joined(7, { maxPeers: 3 })
    const hops: number[] = []
    for (const mesh of meshes) mesh.on('message', message => hops.push(message.hops))
    for (const from of meshes) for (const to of meshes) if (from !== to) await from.send(to.peerId, 'x')
    expect(hops).toHaveLength(42)
    expect(Math.max(...hops)).toBeGreaterThan(1)
    for (const mesh of meshes) expect(mesh.neighbours.length).toBeLessThanOrEqual(3)
  })

  it('a thousand in one turn leave in few packets', async () => {
    const [a, b] = (await world.joined(2)) as [Mesh, Mesh]
    const before = a.stats().total.packetsSent
    let received = 0
    b.on('message', () => received++)
    await Promise.all(Array.from({ length: 1000 }, (_, i) => a.send(b.peerId, i)))
    expect(received).toBe(1000)
    expect(a.stats().total.packetsSent - before).toBeLessThan(50)
  })

  it('of 1 MiB arrives whole', async () => {
    const [a, b] = (await world.joined(2)) as [Mesh, Mesh]
    const arrived = nextMessage(b)
    await a.send(b.peerId, 'x'.repeat(2 ** 20))
    expect((await arrived).data).toHaveLength(2 ** 20)
  })

  it('after message are all sent that nobody waited for', async () => {
    const [a, b] = (await world.joined(2)) as [Mesh, Mesh]
    const order: number[] = []
    b.on('message', ({ data }) => order.push(data[0]))
    const bytes = new Uint8Array(65_536)
    const calls = Array.from({ length: 200 }, (_, i) => a.send(b.peerId, [i, bytes]))
    await Promise.all(calls)
    expect(order.toSorted((x, y) => x - y)).toEqual(calls.map((_, i) => i))
    expect(a.stats()).toMatchObject({ links: [{ peer: b.peerId }], drops: {} })
  })

  it('to a peer that is not there ends in time', async () => {
    const [a] = (await world.joined(2)) as [Mesh]
    expect(['timeout', 'no-route']).toContain(await codeOf(a.send(someone, 'x', { timeout: 300 })))
  })

  it('can be aborted', async () => {
    const [a] = (await world.joined(2)) as [Mesh]
    const controller = new AbortController()
    const call = a.send(someone, 'x', { signal: controller.signal })
    controller.abort('enough')
    expect(await failure(call)).toMatchObject({ code: 'aborted', cause: 'enough' })
  })
})

describe('a wrong call', () => {
  it.each<[string, (mesh: Mesh, other: PeerId) => Promise<unknown>, string]>([
    [
      'a peer that is none',
      mesh => mesh.send('bob' as PeerId, 1),
      'TypeError: peer must be a peer id (52 characters of lower-case base32), got "bob"',
    ],
    [
      'this peer itself',
      mesh => mesh.send(mesh.peerId, 1),
      'RangeError: peer is this peer itself: a mesh does not send to itself',
    ],
    ['a function', (mesh, peer) => mesh.send(peer, { f() {} } as never), 'unsupported'],
    ['100 MiB', (mesh, peer) => mesh.send(peer, new Uint8Array(100 * 2 ** 20)), 'too-large'],
    ['100 MiB to all', mesh => mesh.sendBroadcast('t', new Uint8Array(100 * 2 ** 20)), 'too-large'],
    [
      'no time',
      (mesh, peer) => mesh.send(peer, 1, { timeout: 0 }),
      'RangeError: timeout must be 1 to 86400000 milliseconds, got 0',
    ],
    [
      'a time that is none',
      (mesh, peer) => mesh.send(peer, 1, { timeout: '5' as never }),
      'TypeError: timeout must be 1 to 86400000 milliseconds, got "5"',
    ],
    [
      'an unknown option',
      (mesh, peer) => mesh.send(peer, 1, { timeOut: 5 } as never),
      "TypeError: unknown option 'send options.timeOut', did you mean 'send options.timeout'?",
    ],
    [
      'a signal that is none',
      (mesh, peer) => mesh.send(peer, 1, { signal: {} as never }),
      'TypeError: signal must be an AbortSignal, got an object',
    ],
    ['an aborted signal', (mesh, peer) => mesh.send(peer, 1, { signal: AbortSignal.abort() }), 'aborted'],
    [
      'no topic',
      mesh => mesh.sendBroadcast('', 1),
      'RangeError: topic must be text of 1 to 256 bytes in UTF-8, got ""',
    ],
    [
      'a long topic',
      mesh => mesh.sendBroadcast('é'.repeat(200), 1),
      `RangeError: topic must be text of 1 to 256 bytes in UTF-8, got "${'é'.repeat(60)}…"`,
    ],
    [
      'many topics',
      mesh => mesh.sendBroadcast('chat/*', 1),
      "RangeError: topic 'chat/*' names many topics: name one of them",
    ],
  ])('is refused before anything is sent: %s', async (_, call, wanted) => {
    const [mesh] = (await world.joined(1)) as [Mesh]
    const { total } = mesh.stats()
    expect(await codeOf(call(mesh, someone))).toBe(wanted)
    expect(mesh.stats().total).toEqual(total)
  })

  it('before join, or after leave, is refused with `left`', async () => {
    const mesh = await world.mesh()
    expect(await codeOf(mesh.send(someone, 1))).toBe('left')
    await mesh.join()
    await mesh.leave()
    expect(await codeOf(mesh.sendBroadcast('t', 1))).toBe('left')
  })
})

describe('leaving', () => {
  it('is told to the neighbours, and leaves nothing behind', async () => {
    const [a, b] = (await world.joined(2)) as [Mesh, Mesh]
    await until(a, () => a.neighbours.length === 1)
    const told: string[] = []
    b.on('peer:disconnect', (peer, reason) => told.push(`${peer} ${reason}`))
    const gone = new Promise<string>(resolve => a.once('peer:disconnect', (_, reason) => resolve(reason)))
    await b.leave()
    expect(await gone).toBe('bye')
    expect(told).toEqual([`${a.peerId} left`])
    expect(b.neighbours).toEqual([])
    await a.leave()
    await a.leave()
    expect(world.timers.live.size).toBe(0)
  })

  it('ends what is under way with `left`', async () => {
    const [a] = (await world.joined(2)) as [Mesh]
    const call = a.send(someone, 'x', { timeout: 60_000 })
    await a.leave()
    expect(await codeOf(call)).toBe('left')
  })

  it('before joining is nothing', async () => {
    const mesh = await world.mesh()
    await mesh.leave()
    expect(mesh.state).toBe('idle')
  })

  it('is not for ever', async () => {
    const [a, b] = (await world.joined(2)) as [Mesh, Mesh]
    for (let i = 0; i < 3; i++) {
      await b.leave()
      expect(b.state).toBe('left')
      await b.join()
      await until(b, () => b.neighbours.includes(a.peerId))
      const arrived = nextMessage(a)
      await b.send(a.peerId, i)
      expect(await arrived).toMatchObject({ from: b.peerId, data: i })
      const heard = nextMessage(a)
      await b.sendBroadcast('again', i)
      expect(await heard).toMatchObject({ topic: 'again', data: i })
    }
  })

  it('works from inside a listener, and so does joining again', async () => {
    const [a, b] = (await world.joined(2)) as [Mesh, Mesh]
    const back = new Promise<void>((resolve, reject) => {
      b.once('message', () => {
        b.leave()
          .then(() => b.join())
          .then(resolve, reject)
      })
    })
    await a.send(b.peerId, 'go away').catch(() => {})
    await back
    await until(b, () => b.neighbours.includes(a.peerId))
  })

  it('for good frees the identity', async () => {
    let released = 0
    const { publicKey, privateKey } = await crypto.subtle
      .generateKey('Ed25519', false, ['sign', 'verify'])
      .then(pair => pair as CryptoKeyPair)
    const identity = {
      publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)),
      sign: async (bytes: Uint8Array) =>
        new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, bytes as Uint8Array<ArrayBuffer>)),
      release: () => released++,
    }
    const mesh = await world.mesh({ identity })
    await mesh.join()
    await mesh.leave()
    expect(released).toBe(0)
    await mesh[Symbol.asyncDispose]()
    await mesh[Symbol.asyncDispose]()
    expect(released).toBe(1)
    expect(await codeOf(mesh.join())).toBe('left')
  })
})

describe('a page', () => {
  it('that goes away says good-bye at once, and joins again when it comes back', async () => {
    const page = new EventTarget()
    const [a] = (await world.joined(1)) as [Mesh]
    const b = await world.mesh({}, { page })
    await b.join()
    await until(a, () => a.neighbours.length === 1)
    const gone = new Promise<string>(resolve => a.once('peer:disconnect', (_, reason) => resolve(reason)))
    page.dispatchEvent(new Event('pageshow'))
    expect(b.state).toBe('connected')
    page.dispatchEvent(new Event('pagehide'))
    expect(b.state).toBe('left')
    expect(await gone).toBe('bye')
    page.dispatchEvent(new Event('pageshow'))
    await until(b, () => b.neighbours.includes(a.peerId))
    await b.leave()
    page.dispatchEvent(new Event('pagehide'))
    page.dispatchEvent(new Event('pageshow'))
    expect(b.state).toBe('left')
  })
})

describe('events', () => {
  it('go on when a listener throws, and the page hears of it', async () => {
    const reported: unknown[] = []
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
    const logged: string[] = []
    const logger = { debug() {}, info() {}, warn() {}, error: (message: string) => logged.push(message) }
    const [a] = (await world.joined(1)) as [Mesh]
    const b = await world.mesh({ logger })
    const mine = new Error('mine')
    const fail = (): void => {
      throw mine
    }
    b.on('message', fail)
    b.subscribe('t', fail)
    const heard = new Promise<Message>(resolve => b.subscribe('t', resolve))
    await b.join()
    await a.sendBroadcast('t', 1)
    await heard
    expect(reported).toEqual([mine, mine])
    expect(logged).toEqual(["a listener for 'message' threw", "a subscriber of 't' threw"])
  })

  it('tell of known peers, not more often than they change', async () => {
    const [a] = (await world.joined(1)) as [Mesh]
    const changed = new Promise<readonly PeerId[]>(resolve => a.once('peers', () => resolve(a.peers)))
    const b = await world.mesh()
    await b.join()
    expect(await changed).toEqual([b.peerId])
  })

  it('keep a warning for the first listener', async () => {
    const mesh = await world.mesh({ identity: 'persistent' })
    const warning = await new Promise<MeshWarning>(resolve => mesh.on('warning', resolve))
    expect(warning.code).toBe('identity-ephemeral')
  })
})

describe('stats', () => {
  it('count what passes', async () => {
    const [a, b] = (await world.joined(2)) as [Mesh, Mesh]
    await a.sendBroadcast('t', 1)
    await a.send(b.peerId, 1)
    const stats = a.stats()
    expect(stats).toMatchObject({
      opening: 0,
      gossip: { sent: 1, duplicates: 0 },
      drops: {},
      signaling: { up: true, reconnects: 0 },
      addressBook: 0,
      topology: [{ peer: b.peerId }],
    })
    const [link] = stats.links
    expect(link).toMatchObject({ peer: b.peerId, path: 'direct' })
    expect(link?.bytesSent).toBeGreaterThan(0)
    expect(stats.total.bytesReceived).toBeGreaterThan(0)
    expect(b.stats()).toMatchObject({ gossip: { delivered: 1 } })
  })

  it('count signaling reconnects', async () => {
    const [mesh] = (await world.joined(1)) as [Mesh]
    const down = new Promise(resolve => mesh.once('warning', resolve))
    world.hub.stop()
    await down
    expect(mesh.stats().signaling).toEqual({ up: false, reconnects: 0 })
    const up = until(mesh, () => mesh.stats().signaling.up)
    world.hub.start()
    await up
    expect(mesh.stats().signaling.reconnects).toBe(1)
  })
})

describe('interests', () => {
  it('are checked before anything happens', async () => {
    await expect(world.mesh({ interests: 'chat' as never })).rejects.toThrow(
      'interests must be an array of topics, got "chat"',
    )
    await expect(world.mesh({ intents: [''] })).rejects.toThrow('intents[0] must be text of 1 to 258 bytes')
    const mesh = await world.mesh()
    const many = Array.from({ length: 65 }, (_, i) => `${i}`)
    expect(() => mesh.setInterests(many)).toThrow(RangeError)
    expect(() => mesh.setIntents([1 as never])).toThrow(TypeError)
  })

  it('decide what is delivered, and neighbours are told of them', async () => {
    const [a] = await world.joined(1, { intents: ['news'] })
    const b = await world.mesh({ interests: ['game/*'] })
    const told = new Promise<[PeerId, PeerTopics]>(resolve =>
      a!.on('peer:topics', (...topics) => resolve(topics)),
    )
    await b.join()
    expect(await told).toEqual([b.peerId, { interests: ['game/*'], intents: [] }])
    await until(b, () => b.neighbours.length > 0)
    const got: string[] = []
    b.on('message', ({ topic, data }) => got.push(`${topic} ${data}`))
    for (const [i, topic] of ['game/chess', 'chat', 'chat', 'game/go'].entries())
      await a!.sendBroadcast(topic, i)
    expect(got).toEqual(['game/chess 0', 'game/go 3'])
    expect(a!.stats().links[0]).toMatchObject({ interests: ['game/*'], intents: [] })
    expect(b.stats().links[0]).toMatchObject({ interests: ['*'], intents: ['news'] })
    b.setInterests(['chat'])
    const next = nextMessage(b)
    // Once the sender has heard of it; before, the topic is declined.
    await new Promise<void>(resolve => {
      const look = (): void =>
        a!.stats().links[0]?.interests[0] === 'chat' ? resolve() : void setTimeout(look, 5)
      look()
    })
    await a!.sendBroadcast('chat', 'now')
    expect((await next).data).toBe('now')
  })
})

describe('an address book', () => {
  it('brings a tab back to its old neighbours where the server names nobody', async () => {
    const book = new MemoryAddressBook()
    const identity = await (await signatures()).generate()
    const [host] = (await world.joined(2)) as [Mesh]
    const first = await world.mesh({ identity, addressBook: book })
    await first.join()
    await until(first, () => first.neighbours.length === 2)
    expect(first.stats().addressBook).toBe(2)
    await first[Symbol.asyncDispose]()
    vi.spyOn(world.hub, 'sampleFor').mockReturnValue([])
    const back = await world.mesh({ identity, addressBook: book })
    await back.join()
    await until(back, () => back.neighbours.includes(host.peerId))
    const stranger = await world.mesh()
    await stranger.join()
    expect(stranger.neighbours).toEqual([])
    vi.restoreAllMocks()
  })

  it('that fails is a warning', async () => {
    const warnings: MeshWarning[] = []
    const broken = { load: () => Promise.reject(new Error('denied')), save: () => Promise.resolve() }
    const mesh = await world.mesh({ addressBook: broken })
    mesh.on('warning', warning => warnings.push(warning))
    await mesh.join()
    expect(warnings.map(({ code }) => code)).toEqual(['address-book-failed'])
  })
})

describe('a page that sleeps', () => {
  it('is noticed by its mesh while it is joined, and the transport with it', async () => {
    const woken: boolean[] = []
    const transport = Object.assign(new MemoryTransport(world.hub), {
      awake: (stale: boolean) => void woken.push(stale),
    })
    const page = Object.assign(new EventTarget(), { document: { visibilityState: 'visible' } })
    const mesh = await world.mesh({ transport }, { page })
    page.dispatchEvent(new Event('online'))
    await mesh.join()
    page.dispatchEvent(new Event('resume'))
    page.dispatchEvent(new Event('online'))
    await mesh.leave()
    page.dispatchEvent(new Event('online'))
    expect(woken).toEqual([false, true])
  })
})
