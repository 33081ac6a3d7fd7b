import { afterEach, describe, expect, it } from 'vitest'
import type { SignalingOptions } from './options.ts'
import { RawClient, SWARM, startServer, type TestServer } from './raw-client.testing.ts'

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

describe('departures', () => {
  it('leave is told at once to correspondents only, and closes the socket', async () => {
    const { url } = await start()
    const [leaver, friend, stranger] = [
      await RawClient.join(url),
      await RawClient.join(url),
      await RawClient.join(url),
    ]
    leaver.send(envelope(friend, 'hello'))
    await friend.next('envelope')
    leaver.send({ type: 'leave' })
    expect((await friend.next('left')).peer).toBe(leaver.key.id)
    expect(await leaver.closed).toBe(1000)
    await stranger.settled()
    expect(stranger.count('left')).toBe(0)
  })

  it('a crash is told at once, without waiting for the grace', async () => {
    const { url } = await start({ grace: 3_600_000 })
    const [lost, friend] = [await RawClient.join(url), await RawClient.join(url)]
    friend.send(envelope(lost, 'hello'))
    await lost.next('envelope')
    lost.crash()
    expect((await friend.next('left')).peer).toBe(lost.key.id)
    friend.send({ type: 'sample' })
    expect((await friend.next('sampled')).sample).toEqual([])
  })

  it('a resume keeps its correspondents, and a second loss within the grace is not told twice', async () => {
    const { url, signaling } = await start({ grace: 3_600_000 })
    const [lost, friend] = [await RawClient.join(url), await RawClient.join(url)]
    friend.send(envelope(lost, 'hello'))
    await lost.next('envelope')
    lost.crash()
    await friend.next('left')
    const resumed = new RawClient(url)
    await resumed.join(SWARM, lost.key, true)
    expect(signaling.stats().resumes).toBe(1)
    resumed.crash()
    await resumed.closed
    await gone(friend, lost)
    expect(friend.count('left')).toBe(1)
  })

  it('a resume beside a socket that seems alive is no departure; the old one is told replaced', async () => {
    const { url, signaling } = await start()
    const [half, friend] = [await RawClient.join(url), await RawClient.join(url)]
    friend.send(envelope(half, 'hello'))
    await half.next('envelope')
    const resumed = new RawClient(url)
    await resumed.join(SWARM, half.key, true)
    expect((await half.next('error')).code).toBe('replaced')
    expect(await half.closed).toBe(4001)
    friend.send({ ...envelope(half, 'again') })
    await resumed.next('envelope')
    expect(friend.count('left')).toBe(0)
    resumed.crash()
    expect((await friend.next('left')).peer).toBe(half.key.id)
    expect(signaling.stats()).toMatchObject({ replaced: 1, resumes: 1 })
  })

  it('a new session of the same key is a departure of the old one', async () => {
    const { url } = await start()
    const [old, friend] = [await RawClient.join(url), await RawClient.join(url)]
    friend.send(envelope(old, 'hello'))
    await old.next('envelope')
    await new RawClient(url).join(SWARM, old.key)
    expect((await friend.next('left')).peer).toBe(old.key.id)
  })

  it('at most 64 correspondents are told', async () => {
    const { url } = await start()
    const popular = await RawClient.join(url)
    const fans = await Promise.all(Array.from({ length: 70 }, () => RawClient.join(url)))
    for (const fan of fans) {
      fan.send(envelope(popular, 'hello'))
      await popular.next('envelope')
    }
    popular.send({ type: 'leave' })
    await popular.closed
    await Promise.all(fans.map(fan => fan.settled()))
    expect(fans.map(fan => fan.count('left'))).toEqual([...Array(6).fill(0), ...Array(64).fill(1)])
  })
})

/** Resolves once `lost` is out of the samples of `witness`. */
async function gone(witness: RawClient, lost: RawClient): Promise<void> {
  for (;;) {
    witness.send({ type: 'sample' })
    const { sample } = await witness.next('sampled')
    if (sample.every(({ id }) => id !== lost.key.id)) return
  }
}

describe('announcements', () => {
  it('expire when they are not renewed', async () => {
    const { url, signaling } = await start({ ttl: 60 })
    const client = await RawClient.join(url)
    expect((await client.next('error')).code).toBe('expired')
    expect(await client.closed).toBe(4002)
    expect(signaling.stats()).toMatchObject({ expired: 1, members: 0 })
  })

  it('live as long as they are renewed', async () => {
    const { url, signaling } = await start({ ttl: 1000 })
    const diligent = await RawClient.join(url)
    const lazy = await RawClient.join(url)
    const renewing = setInterval(() => diligent.send({ type: 'renew' }), 50)
    expect(await lazy.closed).toBe(4002)
    clearInterval(renewing)
    expect(signaling.stats()).toMatchObject({ expired: 1, members: 1 })
  })
})

describe('dead sockets', () => {
  it('are noticed by their silence to pings', async () => {
    // Long enough for a process that shares its machine to answer in.
    const { url, signaling } = await start({ pingInterval: 1000 })
    const [deaf, friend] = [await RawClient.join(url), await RawClient.join(url)]
    friend.send(envelope(deaf, 'hello'))
    await deaf.next('envelope')
    deaf.socket.pause()
    expect((await friend.next('left')).peer).toBe(deaf.key.id)
    expect(signaling.stats().dead).toBe(1)
    deaf.crash()
  })
})
