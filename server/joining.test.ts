import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { SignalingOptions } from './options.ts'
import { joinMessage, RawClient, startServer, type TestServer } from './raw-client.testing.ts'

const OTHER_SWARM = 'b'.repeat(51).concat('a')
const servers: TestServer[] = []

async function start(options: SignalingOptions = {}): Promise<TestServer> {
  const server = await startServer(options)
  servers.push(server)
  return server
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => server.close()))
})

const envelope = (to: RawClient, text: string) =>
  ({ type: 'envelope', to: to.key.id, data: Buffer.from(text).toString('base64') }) as const

describe('joining', () => {
  it('answers a proof with a sample, the time to live and the grace', async () => {
    const { url } = await start({ ttl: 9000, grace: 700 })
    const first = new RawClient(url)
    expect(await first.join()).toEqual({ type: 'joined', sample: [], ttl: 9000, grace: 700 })
    const second = new RawClient(url)
    const { sample } = await second.join()
    const record = Buffer.from(`record of ${first.key.id}`).toString('base64')
    expect(sample).toEqual([{ id: first.key.id, record }])
  })

  it('gives every socket a challenge of its own', async () => {
    const { url } = await start()
    const [a, b] = [new RawClient(url), new RawClient(url)]
    const [one, two] = await Promise.all([a.next('challenge'), b.next('challenge')])
    expect(one.nonce).not.toBe(two.nonce)
  })

  it('joining as someone else: a signature by another key is refused and the socket closed', async () => {
    const { url, signaling } = await start()
    const victim = await RawClient.join(url)
    const thief = new RawClient(url)
    const honest = joinMessage(thief.key, await thief.next('challenge'))
    thief.send({ ...honest, key: victim.key.publicKey.toString('base64') })
    expect((await thief.next('error')).code).toBe('bad-signature')
    expect(await thief.closed).toBe(1008)
    expect(signaling.stats()).toMatchObject({ badSignatures: 1, members: 1 })
  })

  it('receiving for someone else: the thief gets nothing, the victim keeps its place', async () => {
    const { url } = await start()
    const victim = await RawClient.join(url)
    const friend = await RawClient.join(url)
    const thief = new RawClient(url)
    const honest = joinMessage(thief.key, await thief.next('challenge'))
    thief.send({ ...honest, key: victim.key.publicKey.toString('base64'), resume: true })
    await thief.closed
    const insider = await RawClient.join(url)
    friend.send(envelope(victim, 'for the victim'))
    expect((await victim.next('envelope')).data).toBe(envelope(victim, 'for the victim').data)
    await insider.settled()
    expect(thief.count('envelope') + insider.count('envelope')).toBe(0)
  })

  it('a replayed join, seen on another socket, is refused', async () => {
    const { url } = await start()
    const victim = new RawClient(url)
    const recorded = joinMessage(victim.key, await victim.next('challenge'))
    victim.send(recorded)
    await victim.next('joined')
    const thief = new RawClient(url)
    await thief.next('challenge')
    thief.send(recorded)
    expect((await thief.next('error')).code).toBe('bad-signature')
  })

  it('a signature for one swarm does not open another', async () => {
    const { url } = await start()
    const client = new RawClient(url)
    client.send({ ...joinMessage(client.key, await client.next('challenge')), swarm: OTHER_SWARM })
    expect((await client.next('error')).code).toBe('bad-signature')
  })

  it("a signature for another server's name is refused", async () => {
    const { url } = await start({ publicHost: 'signal.example.org' })
    const client = new RawClient(url)
    const challenge = await client.next('challenge')
    expect(challenge.server).toBe('signal.example.org')
    client.send(joinMessage(client.key, { ...challenge, server: 'evil.example.org' }))
    expect((await client.next('error')).code).toBe('bad-signature')
  })

  it('one swarm per socket', async () => {
    const { url } = await start()
    const client = new RawClient(url)
    const challenge = await client.next('challenge')
    client.send(joinMessage(client.key, challenge))
    client.send(joinMessage(client.key, challenge, OTHER_SWARM))
    expect((await client.next('error')).code).toBe('already-joined')
    expect(client.socket.readyState).toBe(WebSocket.OPEN)
  })

  it('only join is allowed before joined', async () => {
    const { url } = await start()
    const client = new RawClient(url)
    await client.next('challenge')
    for (const type of ['sample', 'renew', 'leave'] as const) {
      client.send({ type })
      expect((await client.next('error')).code).toBe('not-joined')
    }
    client.send(envelope(client, 'x'))
    expect((await client.next('error')).code).toBe('not-joined')
  })

  it('a socket that does not prove a key in time is closed', async () => {
    const { url, signaling } = await start({ joinTimeout: 40 })
    const client = new RawClient(url)
    expect((await client.next('error')).code).toBe('join-timeout')
    expect(await client.closed).toBe(1008)
    expect(signaling.stats().joinTimeouts).toBe(1)
  })
})

describe('envelopes', () => {
  it('reach the peer they are for, in order, and nobody else', async () => {
    const { url } = await start()
    const [a, b, c] = [await RawClient.join(url), await RawClient.join(url), await RawClient.join(url)]
    for (let i = 0; i < 50; i++) a.send(envelope(b, `message ${i}`))
    for (let i = 0; i < 50; i++) expect(await b.next('envelope')).toEqual(envelope(b, `message ${i}`))
    await c.settled()
    expect(c.count('envelope')).toBe(0)
  })

  it('do not cross swarms: the sender is told absent', async () => {
    const { url, signaling } = await start()
    const here = await RawClient.join(url)
    const there = await RawClient.join(url, OTHER_SWARM)
    there.send(envelope(here, 'x'))
    expect((await there.next('absent')).to).toBe(here.key.id)
    await here.settled()
    expect(here.count('envelope')).toBe(0)
    expect(signaling.stats()).toMatchObject({ absent: 1, envelopes: 0, swarms: 2 })
  })
})
