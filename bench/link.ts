/**
 * `npm run bench`: two tabs of one headless Chromium, tabmesh against a raw RTCDataChannel, in turn and in the same
 * run. What counts are the ratios; absolute figures belong to the machine.
 *
 * @module
 */

import type { Page } from 'playwright'
import type * as Tabmesh from '../src/index.ts'
import { bundleSize, median, openBench, save, table } from './browser-tabs.ts'

interface BenchTab {
  mesh: Tabmesh.Mesh
  peer: Tabmesh.PeerId
  channel: RTCDataChannel
  dialRaw: (initiator: boolean, socketOpen: boolean) => Promise<number>
  /** Bytes or messages that have arrived, and who waits for how many. */
  arrived: number
  reached: (count: number) => Promise<void>
  echo: 'none' | 'raw' | 'mesh'
}

declare global {
  var bench: BenchTab
}

const ROUNDS = 5
const DIALS = 15
const PINGS = 400
const BULK_BYTES = 64 * 1024 * 1024
const BULK_MESSAGE = 64 * 1024
const SMALL_MESSAGES = 20_000
const SMALL_BYTES = 100

/** Puts the means of both kinds into a tab. Runs inside it. */
async function prepare({
  library,
  signaling,
  url,
}: {
  library: string
  signaling: string
  url: string
}): Promise<void> {
  const { createMesh, WebSocketTransport } = (await import(library)) as typeof Tabmesh
  const mesh = await createMesh({
    transport: new WebSocketTransport(signaling),
    swarm: 'bench',
    iceServers: [],
    identity: 'ephemeral',
  })
  let waiting: { count: number; resolve: () => void } | undefined
  const note = (more: number) => {
    bench.arrived += more
    if (waiting === undefined || bench.arrived < waiting.count) return
    waiting.resolve()
    waiting = undefined
  }
  mesh.on('message', ({ from, data }) => {
    if (bench.echo === 'mesh') void mesh.send(from, data).catch(() => {})
    note((data as Uint8Array).length)
  })
  const dialRaw = async (initiator: boolean, socketOpen: boolean): Promise<number> => {
    const raw = new URL('/raw', url)
    raw.protocol = 'ws:'
    let began = performance.now()
    const socket = new WebSocket(raw)
    await new Promise(resolve => socket.addEventListener('open', resolve, { once: true }))
    if (initiator && socketOpen) began = performance.now()
    const connection = new RTCPeerConnection()
    const channel = connection.createDataChannel('raw', { negotiated: true, id: 0 })
    channel.binaryType = 'arraybuffer'
    channel.bufferedAmountLowThreshold = 262_144
    connection.onicecandidate = ({ candidate }) => candidate && socket.send(JSON.stringify({ candidate }))
    socket.onmessage = async ({ data }) => {
      const { description, candidate } = JSON.parse(data)
      if (candidate) return connection.addIceCandidate(candidate)
      await connection.setRemoteDescription(description)
      if (description.type === 'answer') return
      await connection.setLocalDescription()
      socket.send(JSON.stringify({ description: connection.localDescription }))
    }
    channel.onmessage = ({ data }) => {
      if (bench.echo === 'raw') channel.send(data)
      note(data.byteLength)
    }
    const open = new Promise(resolve => channel.addEventListener('open', resolve, { once: true }))
    if (initiator) {
      await connection.setLocalDescription()
      socket.send(JSON.stringify({ description: connection.localDescription }))
    }
    await open
    const took = performance.now() - began
    socket.close()
    bench.channel?.close()
    bench.channel = channel
    return took
  }
  globalThis.bench = {
    mesh,
    dialRaw,
    arrived: 0,
    echo: 'none',
    reached: count =>
      bench.arrived >= count ? Promise.resolve() : new Promise(resolve => (waiting = { count, resolve })),
  } as BenchTab
}

/** A raw dial between the two tabs: the second listens before the first offers. */
async function dialRaw(a: Page, b: Page, socketOpen: boolean): Promise<number> {
  const answer = b.evaluate(() => bench.dialRaw(false, false))
  // The listener's socket has to be there before anything is said through it.
  await b.waitForFunction(() => performance.getEntriesByType('resource') !== undefined)
  await new Promise(resolve => setTimeout(resolve, 50))
  const took = await a.evaluate(open => bench.dialRaw(true, open), socketOpen)
  await answer
  return took
}

/** join() until the first authenticated link, the other tab being in the swarm already. */
async function dialMesh(a: Page): Promise<number> {
  return a.evaluate(async () => {
    await bench.mesh.leave()
    // The connection that was closed takes its time to go; the raw dial has the same pause.
    await new Promise(resolve => setTimeout(resolve, 50))
    const began = performance.now()
    const linked = new Promise<Tabmesh.PeerId>(resolve => bench.mesh.once('peer:connect', resolve))
    await bench.mesh.join()
    bench.peer = await linked
    return performance.now() - began
  })
}

type Kind = 'raw' | 'mesh'

async function roundTrip(a: Page, b: Page, kind: Kind): Promise<number> {
  await b.evaluate(kind => {
    bench.echo = kind
  }, kind)
  const times = await a.evaluate(
    async ({ kind, pings, bytes }) => {
      const times: number[] = []
      const data = new Uint8Array(bytes)
      for (let i = 0; i < pings; i++) {
        bench.arrived = 0
        const began = performance.now()
        if (kind === 'raw') bench.channel.send(data)
        else void bench.mesh.send(bench.peer, data)
        await bench.reached(bytes)
        times.push(performance.now() - began)
      }
      return times
    },
    { kind, pings: PINGS, bytes: SMALL_BYTES },
  )
  await b.evaluate(() => {
    bench.echo = 'none'
  })
  return median(times)
}

/** Sends `count` messages of `size` bytes as fast as they go; milliseconds until the last has arrived. */
async function flood(a: Page, b: Page, kind: Kind, count: number, size: number): Promise<number> {
  await b.evaluate(() => {
    bench.arrived = 0
  })
  const arrived = b.evaluate(
    total => bench.reached(total).then(() => performance.timeOrigin + performance.now()),
    count * size,
  )
  const began = await a.evaluate(
    async ({ kind, count, size }) => {
      const data = new Uint8Array(size)
      const began = performance.timeOrigin + performance.now()
      if (kind === 'raw') {
        const { channel } = bench
        for (let i = 0; i < count; i++) {
          if (channel.bufferedAmount > 1_048_576) {
            await new Promise(resolve =>
              channel.addEventListener('bufferedamountlow', resolve, { once: true }),
            )
          }
          channel.send(data)
        }
        return began
      }
      // A window of unacknowledged messages, as an application that minds its memory would keep.
      const window = Math.max(16, Math.min(1024, (4 * 1024 * 1024) / size))
      const flying = new Set<Promise<void>>()
      for (let i = 0; i < count; i++) {
        const sent: Promise<void> = bench.mesh
          .send(bench.peer, data, { timeout: 60_000 })
          .finally(() => flying.delete(sent))
        flying.add(sent)
        if (flying.size >= window) await Promise.race(flying)
      }
      await Promise.all(flying)
      return began
    },
    { kind, count, size },
  )
  return (await arrived) - began
}

const lab = await openBench()
const [a, b] = [await lab.page(), await lab.page()]
for (const page of [a, b])
  await page.evaluate(prepare, { library: `${lab.url}tabmesh.js`, signaling: lab.signaling, url: lab.url })
await b.evaluate(() => bench.mesh.join())

const measured: Record<string, { raw: number[]; mesh: number[] }> = {}
const note = (row: string, kind: Kind, value: number) => {
  measured[row] ??= { raw: [], mesh: [] }
  measured[row][kind].push(value)
}
for (let i = 0; i < DIALS; i++) {
  note('dial', 'raw', await dialRaw(a, b, true))
  note('dialWithSocket', 'raw', await dialRaw(a, b, false))
  const took = await dialMesh(a)
  note('dial', 'mesh', took)
  note('dialWithSocket', 'mesh', took)
}
for (let i = 0; i < ROUNDS; i++) {
  for (const kind of ['raw', 'mesh'] as const) {
    note('roundTrip', kind, await roundTrip(a, b, kind))
    note('bulk', kind, BULK_BYTES / 1e3 / (await flood(a, b, kind, BULK_BYTES / BULK_MESSAGE, BULK_MESSAGE)))
    note('small', kind, (SMALL_MESSAGES * 1000) / (await flood(a, b, kind, SMALL_MESSAGES, SMALL_BYTES)))
  }
}

const ROWS = [
  ['dial', 'join → link, against dialling with the socket open', 'ms', '≤ 2', 1],
  ['dialWithSocket', 'join → link, against opening the socket and dialling', 'ms', '', 1],
  ['roundTrip', 'round trip of 100 B, p50', 'ms', '≤ 1.2', 2],
  ['small', '100 B messages per second, acknowledged', '/s', '≥ 0.4', 0],
  ['bulk', 'MB/s, 64 MiB in 64 KiB messages', 'MB/s', '≥ 0.8', 1],
] as const
const results: Record<string, unknown> = {}
const rows: string[][] = [['', 'raw', 'tabmesh', 'ratio', 'target']]
for (const [key, label, unit, target, digits] of ROWS) {
  const pair = measured[key] as { raw: number[]; mesh: number[] }
  const [raw, mesh] = [median(pair.raw), median(pair.mesh)]
  results[key] = { raw, mesh, ratio: mesh / raw, unit, target }
  rows.push([
    label,
    `${raw.toFixed(digits)} ${unit}`,
    `${mesh.toFixed(digits)} ${unit}`,
    (mesh / raw).toFixed(2),
    target,
  ])
}
const size = bundleSize()
rows.push(['bundle, gzip', '', `${(size.gzip / 1000).toFixed(1)} kB`, '', '≤ 55 kB'])
console.log(table(rows))
save('link', { ...results, bundle: size }, lab.browser)
await lab.close()
process.exit(0)
