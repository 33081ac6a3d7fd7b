import { afterEach, describe, expect, it, vi } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { newNetwork, newSession } from '../../server/network.testing.ts'
import { newKey } from '../../server/raw-client.testing.ts'
import { Listener } from './conformance.ts'
import { encodeServerMessage, parseClientMessage, type ServerMessage } from './message.ts'
import { WebSocketTransport } from './websocket.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function open(url: string, options: object = {}, who = newSession()) {
  const transport = new WebSocketTransport(url, { WebSocket: newNetwork().WebSocket, ...options })
  cleanups.push(() => transport.close())
  const listener = new Listener()
  transport.open(who, listener)
  return { listener }
}

describe('a hostile signaling server', () => {
  async function hostile(talk: (socket: WebSocket) => void): Promise<string> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    cleanups.push(() => {
      for (const socket of server.clients) socket.terminate()
      server.close()
    })
    server.on('connection', talk)
    await new Promise(resolve => server.once('listening', resolve))
    return `ws://127.0.0.1:${(server.address() as { port: number }).port}`
  }
  const tell = (socket: WebSocket, message: ServerMessage) => socket.send(encodeServerMessage(message))
  const challenge = { type: 'challenge', nonce: Buffer.alloc(32).toString('base64') } as const

  it('that sends garbage is given up, without an exception', async () => {
    const url = await hostile(socket => {
      socket.send(Uint8Array.of(1, 2))
      for (let i = 0; i < 20; i++) socket.send(`garbage ${i}`)
    })
    const tab = open(url)
    expect((await tab.listener.next('down')).reason).toMatch(/no signaling messages/)
  })

  it('that never challenges, or never answers, is given up in time', async () => {
    const silent = open(await hostile(() => {}), { connectTimeout: 50 })
    expect((await silent.listener.next('down')).reason).toBe('no answer in time')
    const mute = open(await hostile(socket => tell(socket, challenge)), { connectTimeout: 50 })
    expect((await mute.listener.next('down')).reason).toBe('no answer in time')
  })

  it('cannot make a tab join twice, take envelopes of others, see itself in a sample or stay away for ever', async () => {
    const who = newSession()
    const other = newKey().id
    const joins: string[] = []
    const url = await hostile(socket => {
      socket.on('message', data => {
        const parsed = parseClientMessage(String(data))
        if (!parsed.ok || parsed.message.type !== 'join') return
        joins.push(parsed.message.signature)
        tell(socket, { type: 'joined', sample: [{ id: who.id, record: '' }], ttl: 0, grace: 0 })
        tell(socket, challenge)
        tell(socket, { type: 'envelope', to: other, data: 'AAAA' })
        tell(socket, { type: 'envelope', to: who.id, data: '' })
        tell(socket, { type: 'bye', reason: 'never', retryAfter: 86_400_000 })
      })
      tell(socket, challenge)
      tell(socket, challenge)
    })
    const tab = open(url, {}, who)
    expect((await tab.listener.next('up')).peers).toEqual([])
    expect((await tab.listener.next('envelope')).bytes.length).toBe(0)
    expect((await tab.listener.next('down')).retryIn).toBe(60_000)
    expect(tab.listener.count('envelope')).toBe(1)
    expect(joins.length).toBe(1)
  })

  describe('that falls silent', () => {
    const fallsSilent = async () => {
      const url = await hostile(socket => {
        socket.on('message', () => tell(socket, { type: 'joined', sample: [], ttl: 60_000, grace: 0 }))
        socket.once('message', () => socket.removeAllListeners('message'))
        tell(socket, challenge)
      })
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
      const tab = open(url)
      await tab.listener.next('up')
      // A renewal is due after a quarter of the ttl, at most a tenth later.
      vi.advanceTimersByTime(16_500)
      return tab.listener
    }

    it('is given up ten seconds after a renewal', async () => {
      const listener = await fallsSilent()
      expect(listener.count('down')).toBe(0)
      vi.advanceTimersByTime(10_000)
      expect(await listener.next('down')).toMatchObject({ reason: 'the server fell silent' })
    })

    it('gets another ten seconds when it was this machine that slept', async () => {
      const listener = await fallsSilent()
      vi.setSystemTime(Date.now() + 3_600_000)
      vi.advanceTimersByTime(10_000)
      expect(listener.count('down')).toBe(0)
      vi.advanceTimersByTime(10_000)
      expect(listener.count('down')).toBe(1)
    })
  })

  it('of a newer version may send kinds nobody knows here', async () => {
    const url = await hostile(socket => {
      socket.on('message', () => {
        for (let i = 0; i < 50; i++) socket.send('{"v":1,"type":"weather"}')
        tell(socket, { type: 'joined', sample: [], ttl: 60_000, grace: 0 })
      })
      tell(socket, challenge)
    })
    await open(url).listener.next('up')
  })
})
