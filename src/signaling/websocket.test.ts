import type { Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { newNetwork, newSession } from '../../server/network.testing.ts'
import type { SignalingOptions } from '../../server/options.ts'
import { RawClient, startServer, type TestServer } from '../../server/raw-client.testing.ts'
import type { PeerId } from '../protocol/id.ts'
import { Listener } from './conformance.ts'
import { WebSocketTransport } from './websocket.ts'

const FAST = { initialBackoff: 20, maxBackoff: 80 }
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

async function start(options: SignalingOptions = {}, port = 0): Promise<TestServer> {
  const server = await startServer(options, port)
  cleanups.push(() => server.close())
  return server
}

function open(url: string | string[], options: object = {}, who = newSession()) {
  const network = newNetwork()
  const transport = new WebSocketTransport(url, { ...FAST, WebSocket: network.WebSocket, ...options })
  cleanups.push(() => transport.close())
  const listener = new Listener()
  transport.open(who, listener)
  return { transport, listener, network, session: who }
}

describe('WebSocketTransport', () => {
  it('works with the WebSocket of the platform where there is one', async () => {
    vi.stubGlobal('WebSocket', WebSocket)
    const { url } = await start()
    const transport = new WebSocketTransport(url)
    cleanups.push(() => transport.close())
    const listener = new Listener()
    transport.open(newSession(), listener)
    expect((await listener.next('up')).peers).toEqual([])
  })

  it('resumes after a lost connection: same place, no departure told twice', async () => {
    const { url, signaling } = await start()
    const a = open(url)
    const b = open(url)
    await Promise.all([a.listener.next('up'), b.listener.next('up')])
    a.transport.send(b.session.id, Uint8Array.of(1))
    await b.listener.next('envelope')
    for (let i = 0; i < 3; i++) {
      a.network.drop()
      await a.listener.next('down')
      expect((await a.listener.next('up')).peers.map(({ id }) => id)).toEqual([b.session.id])
    }
    expect(signaling.stats()).toMatchObject({ joins: 5, resumes: 3, members: 2 })
    expect(b.listener.count('left')).toBe(1)
  })

  it('resumes by itself after the server was killed and started again', async () => {
    const first = await startServer()
    const sockets = new Set<Socket>()
    first.http.on('connection', socket => sockets.add(socket))
    const tabs = Array.from({ length: 5 }, () => open(first.url, { connectTimeout: 500 }))
    await Promise.all(tabs.map(tab => tab.listener.next('up')))
    first.http.close()
    for (const socket of sockets) socket.destroy()
    await Promise.all(tabs.map(tab => tab.listener.next('down')))
    await first.signaling.close()
    const again = await start({}, first.port)
    await Promise.all(tabs.map(tab => tab.listener.next('up')))
    expect(again.signaling.stats().members).toBe(5)
    const fresh = open(again.url)
    expect((await fresh.listener.next('up')).peers.length).toBe(5)
  })

  it('comes back when a good-bye asks for it', async () => {
    const first = await startServer()
    const tab = open(first.url)
    await tab.listener.next('up')
    await first.close()
    const { reason, retryIn } = await tab.listener.next('down')
    expect(reason).toMatch(/good-bye: shutdown/)
    expect(retryIn).toBeLessThanOrEqual(250)
    await start({}, first.port)
    await tab.listener.next('up')
  })

  it('tries the next url when one fails', async () => {
    const dead = await startServer()
    await dead.close()
    const { url } = await start()
    const tab = open([dead.url, url])
    await tab.listener.next('up')
    expect(tab.listener.count('down')).toBe(1)
  })

  it('retries at once when the page is back', async () => {
    const dead = await startServer()
    await dead.close()
    const tab = open(dead.url, { initialBackoff: 3_000_000, maxBackoff: 3_000_000 })
    await tab.listener.next('down')
    await start({}, dead.port)
    tab.transport.awake(false)
    await tab.listener.next('up')
    tab.transport.close()
    tab.transport.awake(true)
    expect(tab.network.dialled()).toBe(2)
  })

  it('keeps a socket that answers when the page is back, and takes a new one where it is stale', async () => {
    const { url, signaling } = await start()
    const tab = open(url, { initialBackoff: 3_000_000, maxBackoff: 3_000_000 })
    await tab.listener.next('up')
    tab.transport.awake(false)
    tab.transport.sample()
    await tab.listener.next('sample')
    expect(tab.network.dialled()).toBe(1)
    tab.transport.awake(true)
    expect(await tab.listener.next('down')).toMatchObject({ reason: 'the page was away', retryIn: 0 })
    await tab.listener.next('up')
    expect(tab.network.dialled()).toBe(2)
    expect(signaling.stats()).toMatchObject({ members: 1 })
  })

  it('backs off from a server that accepts and drops it again', async () => {
    const { url, signaling } = await start({ ttl: 10, grace: 0 })
    vi.spyOn(Math, 'random').mockReturnValue(0.999)
    const tab = open(url, { initialBackoff: 1, maxBackoff: 20 })
    const waits: number[] = []
    for (let i = 0; i < 7; i++) waits.push((await tab.listener.next('down')).retryIn ?? -1)
    expect(waits).toEqual([0, 1, 3, 7, 15, 19, 19])
    expect(signaling.stats().expired).toBeGreaterThanOrEqual(7)
  })

  it('renews its announcement before it expires', async () => {
    const { url, signaling } = await start({ ttl: 1200 })
    const tab = open(url)
    await tab.listener.next('up')
    const lazy = await RawClient.join(url)
    expect(await lazy.closed).toBe(4002)
    expect(signaling.stats()).toMatchObject({ expired: 1, members: 1, joins: 2 })
    expect(tab.listener.count('down')).toBe(0)
  })

  it('does not sign for a server that passes on the challenge of another', async () => {
    const { url } = await start({ publicHost: 'signal.example.org' })
    const signed = vi.fn()
    const tab = open(url, {}, { ...newSession(), sign: signed })
    expect((await tab.listener.next('warning')).code).toBe('wrong-server')
    await tab.listener.next('down')
    expect(signed).not.toHaveBeenCalled()
  })

  it('signs for a server that names itself as it was dialled', async () => {
    const probe = await startServer()
    await probe.close()
    const { url } = await start({ publicHost: `127.0.0.1:${probe.port}` }, probe.port)
    await open(url).listener.next('up')
  })

  it('tells what the server refused, by its code', async () => {
    const { url } = await start({ maxMembers: 1 })
    await open(url).listener.next('up')
    const late = open(url)
    expect((await late.listener.next('warning')).code).toBe('swarm-full')
    expect((await late.listener.next('down')).reason).toMatch(/^swarm-full/)
  })

  it('an identity that cannot sign is a warning, not an exception', async () => {
    const { url } = await start()
    const tab = open(url, {}, { ...newSession(), sign: () => Promise.reject(new Error('no key')) })
    expect(await tab.listener.next('warning')).toMatchObject({ code: 'sign-failed', message: 'no key' })
    await tab.listener.next('down')
  })

  it('opened again while a retry was due dials once', async () => {
    const dead = await startServer()
    await dead.close()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { transport, listener, network, session } = open(dead.url)
    await listener.next('down')
    transport.close()
    await start({}, dead.port)
    const again = new Listener()
    transport.open(session, again)
    await again.next('up')
    vi.advanceTimersByTime(1000)
    expect(network.dialled()).toBe(2)
  })

  it('close() says so: the server does not wait for a resume', async () => {
    const { url, signaling } = await start({ grace: 3_600_000 })
    const tab = open(url)
    await tab.listener.next('up')
    expect(signaling.stats().swarms).toBe(1)
    tab.transport.close()
    await vi.waitFor(() => expect(signaling.stats().connections).toBe(0))
    expect(signaling.stats().swarms).toBe(0)
  })

  it('closing while connecting, proving or waiting leaves nothing behind', async () => {
    const { url, signaling } = await start()
    const connecting = open(url)
    connecting.transport.close()
    const proving = open(url, {}, { ...newSession(), sign: () => new Promise(() => {}) })
    const joined = open(url)
    await joined.listener.next('up')
    joined.network.drop()
    await joined.listener.next('down')
    joined.transport.close()
    proving.transport.close()
    const witness = await RawClient.join(url)
    witness.send({ type: 'sample' })
    expect((await witness.next('sampled')).sample).toEqual([])
    expect(connecting.listener.told.length + proving.listener.told.length).toBe(0)
    expect(signaling.stats().joins).toBe(2)
    witness.crash()
  })

  it('open() twice and an envelope too large are the caller’s mistakes', async () => {
    const { url } = await start()
    const { transport } = open(url)
    expect(() => transport.open(newSession(), new Listener())).toThrow(/close\(\) it first/)
    expect(() => transport.send('a'.repeat(52) as PeerId, new Uint8Array(48_001))).toThrow(RangeError)
  })

  it.each([
    ['', /url is not a valid URL/],
    ['not a url', /url is not a valid URL/],
    ['/signal', /url is not a valid URL/],
    ['ftp://x/signal', /url must be ws:/],
    ['ws://x/signal#there', /url must not have a fragment/],
    [[], /url: at least one/],
    [['ws://x', 5], /url must be a string/],
    [null, /url must be a string or URL, not null/],
    [undefined, /url must be a string or URL, not undefined/],
  ])('url %j is refused by name', (url, problem) => {
    expect(() => new WebSocketTransport(url as never, { WebSocket })).toThrow(problem)
    expect(() => new WebSocketTransport(url as never, { WebSocket })).toThrow(TypeError)
  })

  it.each([
    [{ webSocket: WebSocket }, /options\.webSocket is unknown/],
    [{ WebSocket: 5 }, /options\.WebSocket/],
    [{ WebSocket, initialBackoff: 0 }, /options\.initialBackoff/],
    [{ WebSocket, maxBackoff: '1' }, /options\.maxBackoff/],
    [{ WebSocket, connectTimeout: Number.NaN }, /options\.connectTimeout/],
  ])('options %o are refused by name', (options, problem) => {
    expect(() => new WebSocketTransport('ws://x', options as never)).toThrow(problem)
  })

  it('a relative url is relative to the page, and http becomes ws', async () => {
    const { url, port } = await start()
    vi.stubGlobal('location', new URL(`http://127.0.0.1:${port}/page/?x#y`))
    await open('/signal').listener.next('up')
    await open(url.replace('ws:', 'http:')).listener.next('up')
  })

  it('warns of ws: on an https: page, after open() has returned', async () => {
    vi.stubGlobal('location', new URL('https://example.org/'))
    const { url } = await start()
    const { listener } = open(url)
    expect(listener.told).toEqual([])
    expect((await listener.next('warning')).code).toBe('insecure-url')
  })
})
