import { describe, expect, it, vi } from 'vitest'
import { newSession } from '../../server/network.testing.ts'
import { BroadcastChannelTransport, type ChannelConstructor } from './broadcast-channel.ts'
import { Listener, signalingConformance } from './conformance.ts'

// A tab that is lost is missed after two questions, 2 s each.
vi.setConfig({ testTimeout: 30_000 })

const SWARM = 'a'.repeat(52)

/** The platform's channel, and a way to lose it without a word. */
function tab() {
  const channels: BroadcastChannel[] = []
  const Channel = class extends BroadcastChannel {
    constructor(name: string) {
      super(name)
      channels.push(this)
    }
  }
  const transport = new BroadcastChannelTransport({ BroadcastChannel: Channel as ChannelConstructor })
  return { transport, lose: () => channels.at(-1)?.close() }
}

signalingConformance(
  { describe, it, expect },
  'BroadcastChannel',
  async () => {
    const tabs: ReturnType<typeof tab>[] = []
    return {
      transport() {
        const one = tab()
        tabs.push(one)
        return one.transport
      },
      session: newSession,
      cut: transport => tabs.find(one => one.transport === transport)?.lose(),
      async dispose() {
        for (const { transport } of tabs) transport.close()
      },
    }
  },
  { serverless: true },
)

describe('BroadcastChannelTransport', () => {
  it('a silent tab finds the others, is told of to nobody, and is written back to', async () => {
    const [silent, other] = [tab().transport, tab().transport]
    const [hears, listens] = [new Listener(), new Listener()]
    const [one, two] = [await newSession(SWARM), await newSession(SWARM)]
    try {
      other.open(two, listens)
      await listens.next('up')
      silent.open({ ...one, silent: true }, hears)
      expect(await hears.next('up')).toMatchObject({ peers: [{ id: two.id }] })
      silent.send(two.id, Uint8Array.of(1))
      await listens.next('envelope')
      other.send(one.id, Uint8Array.of(2))
      expect(await hears.next('envelope')).toMatchObject({ bytes: Uint8Array.of(2) })
      other.sample()
      expect(await listens.next('sample')).toMatchObject({ peers: [] })
    } finally {
      silent.close()
      other.close()
    }
  })

  it('a tab that was busy, or asks one that was, keeps it; who misses two questions is gone', async () => {
    const [asking, other] = [tab().transport, tab()]
    const [hears, listens] = [new Listener(), new Listener()]
    const [one, two] = [await newSession(SWARM), await newSession(SWARM)]
    try {
      other.transport.open(two, listens)
      await listens.next('up')
      asking.open(one, hears)
      await hears.next('up')
      asking.sample()
      // Nothing is heard, and no timer rings, for longer than the answers have.
      for (const until = performance.now() + 250; performance.now() < until; );
      expect(await hears.next('sample')).toMatchObject({ peers: [{ id: two.id }] })
      other.lose()
      asking.sample()
      expect(await hears.next('sample')).toMatchObject({ peers: [{ id: two.id }] })
      asking.sample()
      expect(await hears.next('sample')).toMatchObject({ peers: [] })
    } finally {
      asking.close()
      other.transport.close()
    }
  })

  it('says what it needs where there is no BroadcastChannel', () => {
    vi.stubGlobal('BroadcastChannel', undefined)
    expect(() => new BroadcastChannelTransport()).toThrow(TypeError)
    vi.unstubAllGlobals()
  })

  it('survives whatever other pages of the origin post', async () => {
    const [a, b] = [newSession(SWARM), newSession(SWARM)]
    const [left, right] = [new BroadcastChannelTransport(), new BroadcastChannelTransport()]
    const [heardLeft, heardRight] = [new Listener(), new Listener()]
    left.open(a, heardLeft)
    await heardLeft.next('up')
    const stranger = new BroadcastChannel(`tabmesh:${SWARM}`)
    const kinds = ['hello', 'who', 'here', 'mail', 'bye', 'toString', 7, undefined]
    const ids = [b.id, a.id.slice(1), '__proto__', 7, undefined]
    const bodies = [undefined, 'text', new Uint8Array(100_000), { length: 3 }, [1, 2]]
    for (const kind of kinds)
      for (const id of ids)
        for (const body of bodies) stranger.postMessage({ kind, id, to: a.id, record: body, bytes: body })
    for (const whole of [null, 7, 'hello', [], new Uint8Array(3)]) stranger.postMessage(whole)
    right.open(b, heardRight)
    const { peers } = await heardRight.next('up')
    expect(peers).toEqual([{ id: a.id, record: a.record }])
    right.send(a.id, Uint8Array.of(1, 2))
    expect((await heardLeft.next('envelope')).bytes).toEqual(Uint8Array.of(1, 2))
    expect(heardLeft.count('envelope')).toBe(1)
    expect(heardLeft.count('warning')).toBe(0)
    stranger.close()
    left.close()
    right.close()
  })
})
