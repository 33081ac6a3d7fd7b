import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { encodeClientMessage, encodeServerMessage, MAX_ENVELOPE } from '../src/signaling/message.ts'
import type { SignalingOptions } from './options.ts'
import { joinMessage, RawClient, startServer, type TestServer } from './raw-client.testing.ts'

const servers: TestServer[] = []

async function start(options: SignalingOptions = {}): Promise<TestServer> {
  const server = await startServer(options)
  servers.push(server)
  return server
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => server.close()))
})

const HOSTILE: readonly (readonly [name: string, input: string | Uint8Array, code: string])[] = [
  ['no JSON', 'hello', 'malformed'],
  ['an empty message', '', 'malformed'],
  ['null', 'null', 'malformed'],
  ['an array', '[1,2,3]', 'malformed'],
  ['a number', '1e999', 'malformed'],
  ['no version', '{"type":"sample"}', 'unsupported-version'],
  ['another version', '{"v":2,"type":"sample"}', 'unsupported-version'],
  ['a version of another type', '{"v":"1","type":"sample"}', 'unsupported-version'],
  ['no type', '{"v":1}', 'unknown-type'],
  ['an unknown type', '{"v":1,"type":"shutdown"}', 'unknown-type'],
  ["a server's type", '{"v":1,"type":"bye","reason":"x","retryAfter":1}', 'unknown-type'],
  ['a type that is an object', '{"v":1,"type":{"toString":"join"}}', 'unknown-type'],
  ['a type named like a method of objects', '{"v":1,"type":"constructor"}', 'unknown-type'],
  ['fields in a prototype', '{"__proto__":{"v":1,"type":"sample"}}', 'unsupported-version'],
  ['__proto__ beside them', '{"v":1,"type":"envelope","__proto__":{"to":"x"}}', 'malformed'],
  ['an envelope to nothing', '{"v":1,"type":"envelope"}', 'malformed'],
  ['an envelope to __proto__', '{"v":1,"type":"envelope","to":"__proto__","data":""}', 'malformed'],
  ['an id in capitals', `{"v":1,"type":"envelope","to":"${'A'.repeat(52)}","data":""}`, 'malformed'],
  ['an id with bits to spare', `{"v":1,"type":"envelope","to":"${'b'.repeat(52)}","data":""}`, 'malformed'],
  [
    'data that is not base64',
    `{"v":1,"type":"envelope","to":"${'a'.repeat(52)}","data":"a?=="}`,
    'malformed',
  ],
  ['data of another type', `{"v":1,"type":"envelope","to":"${'a'.repeat(52)}","data":[1]}`, 'malformed'],
  ['an envelope too large', tooLargeEnvelope(), 'malformed'],
  ['60,000 brackets', '['.repeat(60_000), 'malformed'],
  ['30,000 nested arrays', '['.repeat(30_000) + ']'.repeat(30_000), 'malformed'],
  ['a good message as binary', Buffer.from('{"v":1,"type":"sample"}'), 'malformed'],
  ['a short key', joinWith({ key: 'AAAA' }), 'malformed'],
  ['a signature of another type', joinWith({ signature: 5 }), 'malformed'],
  ['a record too large', joinWith({ record: 'A'.repeat(1372) }), 'malformed'],
  ['resume that is no boolean', joinWith({ resume: 'yes' }), 'malformed'],
  ['a swarm that is a name', joinWith({ swarm: 'my-app' }), 'malformed'],
]

function tooLargeEnvelope(): string {
  const data = Buffer.alloc(MAX_ENVELOPE + 3).toString('base64')
  return `{"v":1,"type":"envelope","to":"${'a'.repeat(52)}","data":"${data}"}`
}

function joinWith(change: object): string {
  const good = {
    v: 1,
    type: 'join',
    key: Buffer.alloc(32).toString('base64'),
    swarm: 'a'.repeat(52),
    record: '',
    signature: Buffer.alloc(64).toString('base64'),
  }
  return JSON.stringify({ ...good, ...change })
}

describe('hostile input gets an error and is counted', () => {
  for (const [name, input, code] of HOSTILE) {
    it(name, async () => {
      const { url, signaling } = await start()
      const client = await RawClient.join(url)
      client.sendText(input)
      expect((await client.next('error')).code).toBe(code)
      await client.settled()
      expect(signaling.stats()).toMatchObject({ malformed: 1, connections: 1, members: 1 })
    })
  }

  it('also before joining', async () => {
    const { url } = await start()
    const client = new RawClient(url)
    await client.next('challenge')
    client.sendText('hello')
    expect((await client.next('error')).code).toBe('malformed')
  })

  it('and closes the socket with 1008 when it goes on', async () => {
    const { url, signaling } = await start({ maxStrikes: 4 })
    const client = await RawClient.join(url)
    for (let i = 0; i < 10; i++) client.sendText('garbage')
    expect(await client.closed).toBe(1008)
    expect(client.count('error')).toBe(5)
    expect(signaling.stats()).toMatchObject({ abusive: 1, members: 0 })
  })
})

describe('a key that is no point of the curve', () => {
  for (const byte of [0x00, 0x01, 0xff]) {
    it(`32 × ${byte} proves nothing`, async () => {
      const { url } = await start()
      const client = new RawClient(url)
      const key = Buffer.alloc(32, byte).toString('base64')
      client.send({ ...joinMessage(client.key, await client.next('challenge')), key })
      expect((await client.next('error')).code).toBe('bad-signature')
    })
  }
})

describe('sizes', () => {
  it('a message over the limit closes the socket with 1009', async () => {
    const { url, signaling } = await start({ maxMessage: 2048 })
    const client = await RawClient.join(url)
    client.sendText('x'.repeat(2049))
    expect(await client.closed).toBe(1009)
    expect(signaling.stats()).toMatchObject({ tooLarge: 1, members: 0 })
  })

  it('the largest envelope, record and sample fit in a message', () => {
    const id = 'a'.repeat(52) as never
    const data = Buffer.alloc(MAX_ENVELOPE).toString('base64')
    expect(encodeClientMessage({ type: 'envelope', to: id, data }).length).toBeLessThanOrEqual(65_536)
    const sample = Array.from({ length: 32 }, () => ({ id, record: Buffer.alloc(1024).toString('base64') }))
    const joined = encodeServerMessage({ type: 'joined', sample, ttl: 86_400_000, grace: 86_400_000 })
    expect(joined.length).toBeLessThanOrEqual(65_536)
  })

  it('frames that are no WebSocket frames end the socket, not the server', async () => {
    const { url, port } = await start()
    const raw = connect(port, '127.0.0.1')
    raw.write(
      'GET /signal HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    raw.write(Buffer.alloc(1000, 0xff))
    await new Promise(resolve => {
      raw.on('close', resolve)
      raw.on('error', () => {})
      raw.resume()
    })
    await RawClient.join(url)
  })
})

describe('flooding', () => {
  it('is read slower, loses nothing, and is told once', async () => {
    const { url, signaling } = await start({ messageBurst: 10, messageRate: 1000 })
    const [flood, target] = [await RawClient.join(url), await RawClient.join(url)]
    for (let i = 0; i < 200; i++) flood.send({ type: 'envelope', to: target.key.id, data: '' })
    for (let i = 0; i < 200; i++) await target.next('envelope')
    expect(signaling.stats().throttled).toBeGreaterThanOrEqual(1)
    expect((await flood.next('error')).code).toBe('rate-limited')
    await flood.settled()
  })

  it('waits until its debt is paid', async () => {
    const { url } = await start({ messageBurst: 10, messageRate: 100 })
    const flood = await RawClient.join(url)
    const began = performance.now()
    for (let i = 0; i < 60; i++) flood.send({ type: 'renew' })
    await flood.next('error')
    flood.send({ type: 'sample' })
    await flood.next('sampled')
    // 61 messages and the join, 10 of them at once, at 100 a second.
    expect(performance.now() - began).toBeGreaterThan(400)
  })

  it('by bytes counts too', async () => {
    const { url, signaling } = await start({ byteBurst: 4000, byteRate: 1_000_000 })
    const [flood, target] = [await RawClient.join(url), await RawClient.join(url)]
    const data = Buffer.alloc(30_000).toString('base64')
    flood.send({ type: 'envelope', to: target.key.id, data })
    await target.next('envelope')
    expect(signaling.stats().throttled).toBe(1)
  })

  it('without end closes the socket', async () => {
    const { url, signaling } = await start({ messageBurst: 10, messageRate: 10, maxDebt: 1000 })
    const flood = await RawClient.join(url)
    for (let i = 0; i < 1000; i++) flood.send({ type: 'renew' })
    expect(await flood.closed).toBe(1008)
    expect(signaling.stats()).toMatchObject({ abusive: 1, members: 0 })
  })

  it('does not touch twenty tabs that join at once with offers and candidates', async () => {
    const { url, signaling } = await start()
    const tabs = await Promise.all(Array.from({ length: 20 }, () => RawClient.join(url)))
    for (const tab of tabs) {
      for (const peer of tabs.filter(other => other !== tab).slice(0, 8)) {
        tab.send({ type: 'envelope', to: peer.key.id, data: Buffer.alloc(4000).toString('base64') })
        for (let i = 0; i < 12; i++) {
          tab.send({ type: 'envelope', to: peer.key.id, data: Buffer.alloc(300).toString('base64') })
        }
      }
    }
    await Promise.all(tabs.map(tab => tab.settled()))
    expect(signaling.stats()).toMatchObject({ throttled: 0, abusive: 0, envelopes: 20 * 8 * 13 })
  })
})

describe('a slow consumer', () => {
  it('is dropped by a bound on the bytes that wait for it, and others go on', async () => {
    const { url, signaling } = await start({ byteBurst: 1e12, messageBurst: 1e6, maxBuffered: 100_000 })
    const [slow, fast] = [await RawClient.join(url), await RawClient.join(url)]
    slow.socket.pause()
    const data = Buffer.alloc(MAX_ENVELOPE).toString('base64')
    for (let sent = 0; signaling.stats().slowConsumers === 0; sent++) {
      expect(sent).toBeLessThan(400)
      fast.send({ type: 'envelope', to: slow.key.id, data })
      await fast.settled()
    }
    expect(fast.heard).toContainEqual({ type: 'left', peer: slow.key.id })
    expect(signaling.stats()).toMatchObject({ slowConsumers: 1, members: 1 })
    slow.crash()
  })
})
