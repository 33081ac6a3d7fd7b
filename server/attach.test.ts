import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { SignalingOptions } from './options.ts'
import { joinMessage, newKey, RawClient, SWARM, startServer, type TestServer } from './raw-client.testing.ts'

const OTHER_SWARM = 'b'.repeat(51).concat('a')
const UPGRADE =
  'GET /signal HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
const servers: TestServer[] = []

async function start(options: SignalingOptions = {}): Promise<TestServer> {
  const server = await startServer(options)
  servers.push(server)
  return server
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => server.close()))
})

describe('sharing an HTTP server', () => {
  it('leaves other upgrades and requests to others', async () => {
    const { http, port, signaling } = await start()
    const other = new WebSocketServer({ noServer: true })
    http.on('upgrade', (request, socket, head) => {
      if (request.url === '/hmr') other.handleUpgrade(request, socket, head, ws => ws.send('hmr'))
    })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/hmr`)
    const greeting = await new Promise(resolve => socket.once('message', data => resolve(String(data))))
    expect(greeting).toBe('hmr')
    expect(signaling.stats().accepted).toBe(0)
    socket.terminate()
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('page')
  })

  it('takes its own path with a query, and no longer path that begins like it', async () => {
    const { url, http } = await start({ path: '/rendezvous' })
    const client = new RawClient(`${url}?x=1`)
    await client.join()
    http.on('upgrade', (request, socket) => {
      if (request.url === '/rendezvous/deeper') socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
    })
    expect(await new RawClient(`${url}/deeper`).closed).toBe(1006)
  })

  it('answers an upgrade that is no WebSocket with an error, and goes on', async () => {
    const { url, port } = await start()
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /signal HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: nonsense\r\n\r\n')
    const answer = await new Promise(resolve => socket.once('data', data => resolve(String(data))))
    expect(answer).toMatch(/^HTTP\/1\.1 400/)
    socket.destroy()
    await RawClient.join(url)
  })
})

describe('limits', () => {
  it('sockets per address, when asked for', async () => {
    const { url, signaling } = await start({ maxConnectionsPerAddress: 2 })
    const [first] = [await RawClient.join(url), await RawClient.join(url)]
    expect(await new RawClient(url).closed).toBe(1006)
    expect(signaling.stats().refused).toBe(1)
    first.send({ type: 'leave' })
    await first.closed
    await RawClient.join(url)
  })

  it('sockets in all', async () => {
    const { url } = await start({ maxConnections: 1 })
    await RawClient.join(url)
    expect(await new RawClient(url).closed).toBe(1006)
  })

  it('members of a swarm; one that resumes still finds its place', async () => {
    const { url } = await start({ maxMembers: 1 })
    const only = await RawClient.join(url)
    const late = new RawClient(url)
    late.send(joinMessage(late.key, await late.next('challenge')))
    expect((await late.next('error')).code).toBe('swarm-full')
    expect(await late.closed).toBe(1013)
    await new RawClient(url).join(SWARM, only.key, true)
    await RawClient.join(url, OTHER_SWARM)
  })
})

describe('good-bye', () => {
  it('is said to every client, spread, with 1001; close() is idempotent', async () => {
    const server = await startServer()
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.join(server.url)))
    const closing = server.signaling.close()
    expect(server.signaling.close()).toBe(closing)
    const byes = await Promise.all(clients.map(client => client.next('bye')))
    expect(await Promise.all(clients.map(client => client.closed))).toEqual(Array(20).fill(1001))
    await closing
    const waits = byes.map(({ retryAfter }) => retryAfter)
    for (const wait of waits) expect(wait).toBeLessThanOrEqual(250)
    expect(new Set(waits).size).toBeGreaterThan(1)
    expect(clients.every(client => client.count('left') === 0)).toBe(true)
    await server.close()
  })

  it('does not wait for clients that do not answer longer than two seconds', async () => {
    const server = await startServer()
    const deaf = await RawClient.join(server.url)
    deaf.socket.pause()
    const began = performance.now()
    await server.close()
    expect(performance.now() - began).toBeLessThan(3000)
    deaf.crash()
  })
})

describe('while closing', () => {
  it('who comes is refused at once, not left without an answer', async () => {
    const server = await start()
    // Where others listen for upgrades, one that nobody answers stays open.
    server.http.on('upgrade', () => {})
    const deaf = await RawClient.join(server.url)
    deaf.socket.pause()
    const closed = server.signaling.close()
    const socket = connect(server.port, '127.0.0.1')
    socket.write(UPGRADE)
    const answer = await new Promise(resolve => socket.once('data', data => resolve(String(data))))
    expect(answer).toMatch(/^HTTP\/1\.1 503/)
    await closed
    deaf.crash()
  })
})

describe('many members', () => {
  it('give bounded samples to each of 300 real sockets', async () => {
    const { url, signaling } = await start()
    const clients: RawClient[] = []
    for (let i = 0; i < 6; i++) {
      clients.push(...(await Promise.all(Array.from({ length: 50 }, () => RawClient.join(url)))))
    }
    const sizes = clients.map(({ heard }) => {
      const joined = heard.find(message => message.type === 'joined')
      return joined?.type === 'joined' ? joined.sample.length : -1
    })
    expect(Math.max(...sizes)).toBe(16)
    expect(sizes.filter(size => size === 16).length).toBe(300 - 16)
    expect(signaling.stats()).toMatchObject({ members: 300, swarms: 1, joins: 300 })
    for (const client of clients) client.crash()
  }, 20_000)
})

describe('options', () => {
  it('that are unknown or unfit are named', async () => {
    const { attachSignaling } = await import('./attach.ts')
    const http = (await start()).http
    const attach = (options: object) => () => attachSignaling(http, options)
    expect(attach({ ptah: '/x' })).toThrow(/options\.ptah is unknown/)
    expect(attach({ path: 'x' })).toThrow(/options\.path/)
    expect(attach({ path: '/x?y' })).toThrow(/options\.path/)
    expect(attach({ ttl: 'long' })).toThrow(/options\.ttl must be a number/)
    expect(attach({ sampleSize: 33 })).toThrow(RangeError)
    expect(attach({ maxMessage: Number.NaN })).toThrow(/options\.maxMessage/)
    expect(attach({ log: 1 })).toThrow(/options\.log/)
    expect(newKey().id).toHaveLength(52)
  })
})
