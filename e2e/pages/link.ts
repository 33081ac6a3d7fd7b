/** The link conformance suite in a page, and the same figures for a raw connection, to compare with. */

import { linkConformance, type Subject } from '../../src/link/conformance.ts'
import { dial, opened } from '../../src/link/conformance-dial.ts'
import { SimplePeerLinkFactory } from '../../src/link/simple-peer.ts'

/** Every connection this page makes: what is left open is asked of the browser, not of the code under test. */
const connections = new Set<RTCPeerConnection>()
/** The channel that was made last. */
let channel: RTCDataChannel | undefined
const Native = RTCPeerConnection
globalThis.RTCPeerConnection = new Proxy(Native, {
  construct(target, details: [RTCConfiguration?]) {
    const connection = new target(...details)
    connections.add(connection)
    const make = connection.createDataChannel.bind(connection)
    const value = (...named: Parameters<typeof make>) => {
      channel = make(...named)
      return channel
    }
    Object.defineProperty(connection, 'createDataChannel', { value, configurable: true })
    return connection
  },
})

function openConnections(): number {
  for (const connection of connections)
    if (connection.connectionState === 'closed') connections.delete(connection)
  return connections.size
}

const subject: Subject = {
  factory: connectTimeout =>
    new SimplePeerLinkFactory(connectTimeout === undefined ? {} : { connectTimeout }),
  openConnections,
}

const page = {
  names: linkConformance.map(({ name }) => name),
  /** Undefined, or why the case failed. */
  async run(name: string): Promise<string | undefined> {
    try {
      await linkConformance.find(one => one.name === name)?.run(subject)
      return undefined
    } catch (error) {
      return error instanceof Error ? `${error.message}\n${error.stack}` : String(error)
    }
  },
  openConnections,
  /** What the bundle leaves on the page and needs from it. */
  globals: () => ['global', 'process', 'Buffer'].filter(name => name in globalThis),
  refusedServers: () => {
    try {
      new SimplePeerLinkFactory({ iceServers: [{ urls: 'http://not-a-stun-server' }] })
      return undefined
    } catch (error) {
      return error instanceof TypeError ? error.message : `not a TypeError: ${error}`
    }
  },
  /**
   * Restarts ICE from one side of an open link. Names and passwords of ICE on both sides before and after (RFC 8839 §5.4),
   * the reason if a side has ended, and what arrived of a packet each way, sent when both had changed.
   */
  async restart(side: 'a' | 'b') {
    const known = new Set(connections)
    const pair = await opened(subject)
    const both = [...connections].filter(connection => !known.has(connection))
    const names = (): string[] =>
      both.map(({ localDescription: own }) => own?.sdp.match(/^a=ice-(?:ufrag|pwd):.*$/gm)?.join() ?? '')
    const before = names()
    pair[side].link.restart?.()
    for (let n = 0; n < 200 && names().some((name, i) => name === before[i]); n++) await turn(20)
    for (let n = 0; n < 200 && both.some(({ signalingState }) => signalingState !== 'stable'); n++)
      await turn(20)
    pair.a.link.send(Uint8Array.of(1))
    pair.b.link.send(Uint8Array.of(2))
    const got = [...(await pair.b.received(1)), ...(await pair.a.received(1))].map(packet => packet[0])
    const result = { before, after: names(), ends: [pair.a.reason, pair.b.reason], got }
    pair.a.link.close()
    pair.b.link.close()
    return result
  },
  /** Sends so many MiB as fast as a link takes them, each packet answered by a small one; what was on its way at most, bytes. */
  async flood(megabytes: number): Promise<{ mostFlying: number; answers: number; takens: number }> {
    const { a, b } = await opened(subject)
    const packet = new Uint8Array(16_384)
    const count = megabytes * 64
    let arrived = 0
    let mostFlying = 0
    b.onPacket = () => {
      arrived++
      b.packets.length = 0
      b.link.send(Uint8Array.of(1))
    }
    for (let n = 1; n <= count; n++) {
      const hasRoom = a.link.send(packet)
      mostFlying = Math.max(mostFlying, (n - arrived) * packet.length)
      if (!hasRoom) await a.drained()
    }
    const answers = (await a.received(count)).length
    a.link.close()
    await b.closed
    return { mostFlying, answers, takens: a.takens }
  },
  /** How a link ends whose other side sends these texts; undefined where it carries on. */
  async texts(...texts: string[]): Promise<string | undefined> {
    const { a, b } = await opened(subject)
    for (const text of texts) channel?.send(text)
    b.link.send(Uint8Array.of(1))
    await Promise.race([a.received(1), a.closed])
    const { reason } = a
    a.link.close()
    b.link.close()
    return reason
  },
  /** Why a link ends that is given another description with another fingerprint once it is open. */
  async impostor(): Promise<string> {
    const [{ a, b }, stranger] = [await opened(subject), new Native()]
    stranger.createDataChannel('tabmesh', { negotiated: true, id: 0 })
    await stranger.setLocalDescription()
    b.link.signal(JSON.stringify(stranger.localDescription))
    stranger.close()
    const reason = await b.closed
    a.link.close()
    return reason
  },
  /** Opens and closes `times` links at once, then tells whether a pair still opens within `tries` dials. */
  async churn(times: number, tries: number): Promise<boolean> {
    const factory = new SimplePeerLinkFactory()
    const ignore = () => {}
    const events = {
      signal: ignore,
      open: ignore,
      packet: ignore,
      taken: ignore,
      drain: ignore,
      closed: ignore,
    }
    for (let n = 0; n < times; n++) {
      factory.open(true, events).close()
      if (n % 50 === 0) await turn(5)
    }
    openConnections()
    for (let n = 0; n < tries; n++) {
      const pair = await opened(subject).catch(() => undefined)
      pair?.a.link.close()
      pair?.b.link.close()
      if (pair) return true
      await turn(100)
    }
    return false
  },
  /** Ms from dial to open on both sides. */
  async dialLink(times: number): Promise<number[]> {
    const [from, to] = [new SimplePeerLinkFactory(), new SimplePeerLinkFactory()]
    const taken: number[] = []
    for (let i = 0; i < times; i++) {
      const start = performance.now()
      const { a, b } = dial(from, to)
      await Promise.all([a.open, b.open])
      taken.push(performance.now() - start)
      a.link.close()
      await b.closed
      await turn(10)
    }
    return taken
  },
  async dialRaw(times: number): Promise<number[]> {
    const taken: number[] = []
    for (let i = 0; i < times; i++) {
      const start = performance.now()
      const { a, b, close } = await raw()
      taken.push(performance.now() - start)
      void a
      void b
      close()
      await turn(10)
    }
    return taken
  },
  /** MB/s of `megabytes` in packets of 16 KiB, received. */
  async throughputLink(megabytes: number): Promise<number> {
    const { a, b } = await opened(subject)
    const packet = new Uint8Array(16_384)
    const count = megabytes * 64
    let got = 0
    const all = new Promise<void>(resolve => {
      b.onPacket = () => {
        b.packets.length = 0
        if (++got === count) resolve()
      }
    })
    const start = performance.now()
    for (let n = 0; n < count; n++) if (!a.link.send(packet)) await a.drained()
    await all
    const rate = (megabytes * 1.048576) / ((performance.now() - start) / 1000)
    a.link.close()
    await b.closed
    return rate
  },
  async throughputRaw(megabytes: number): Promise<number> {
    const { a, b, close } = await raw()
    a.bufferedAmountLowThreshold = 262_144
    const packet = new Uint8Array(16_384)
    const count = megabytes * 64
    let got = 0
    const all = new Promise<void>(resolve => {
      b.onmessage = () => {
        if (++got === count) resolve()
      }
    })
    const start = performance.now()
    for (let n = 0; n < count; n++) {
      a.send(packet)
      if (a.bufferedAmount >= 1_048_576) await new Promise(resolve => (a.onbufferedamountlow = resolve))
    }
    await all
    const rate = (megabytes * 1.048576) / ((performance.now() - start) / 1000)
    close()
    return rate
  },
}

/** Two raw connections of this page and their open channels. */
async function raw(): Promise<{ a: RTCDataChannel; b: RTCDataChannel; close: () => void }> {
  const left = new Native()
  const right = new Native()
  left.onicecandidate = ({ candidate }) => candidate && right.addIceCandidate(candidate)
  right.onicecandidate = ({ candidate }) => candidate && left.addIceCandidate(candidate)
  const a = left.createDataChannel('raw')
  a.binaryType = 'arraybuffer'
  const open = new Promise(resolve => (a.onopen = resolve))
  const other = new Promise<RTCDataChannel>(resolve => {
    right.ondatachannel = ({ channel }) => {
      channel.binaryType = 'arraybuffer'
      channel.onopen = () => resolve(channel)
    }
  })
  await left.setLocalDescription()
  await right.setRemoteDescription(left.localDescription as RTCSessionDescription)
  await right.setLocalDescription()
  await left.setRemoteDescription(right.localDescription as RTCSessionDescription)
  await open
  const b = await other
  return {
    a,
    b,
    close: () => {
      left.close()
      right.close()
    },
  }
}

const turn = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

declare global {
  var linkPage: typeof page
}
globalThis.linkPage = page
