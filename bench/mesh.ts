/**
 * `npm run bench:mesh`: 8, 12 and 20 real tabs with `maxPeers` 4, all joining at once, in one headless Chromium.
 *
 * @module
 */

import type { Page } from 'playwright'
import type * as Tabmesh from '../src/index.ts'
import { type Bench, median, openBench, save, table } from './browser-tabs.ts'

interface MeshTab {
  mesh: Tabmesh.Mesh
  /** Per topic, how often each sender was heard. */
  heard: Map<string, Map<string, number>>
  /** The most links, opening ones included, that were seen at any moment. */
  mostLinks: number
  /** Resolves with the time when every one of `peers` was heard on `topic`. */
  all: (topic: string, peers: readonly string[]) => Promise<number>
}

declare global {
  var meshTab: MeshTab
}

const MAX_PEERS = 4
const BODY_BYTES = 200
const ROUNDS = 5
const IDLE_MS = 20_000

async function prepare(setup: {
  library: string
  signaling: string
  swarm: string
  maxPeers: number
}): Promise<string> {
  const { createMesh, WebSocketTransport } = (await import(setup.library)) as typeof Tabmesh
  const mesh = await createMesh({
    transport: new WebSocketTransport(setup.signaling),
    swarm: setup.swarm,
    maxPeers: setup.maxPeers,
    iceServers: [],
    identity: 'ephemeral',
  })
  const heard: MeshTab['heard'] = new Map()
  const waiting = new Set<() => void>()
  mesh.on('message', ({ topic, from }) => {
    const counts = heard.get(topic ?? '') ?? new Map<string, number>()
    heard.set(topic ?? '', counts.set(from, (counts.get(from) ?? 0) + 1))
    for (const check of waiting) check()
  })
  // Looked at from inside: asking the tabs from outside all the time would cost the processors they share.
  setInterval(() => {
    const { links, opening } = mesh.stats()
    meshTab.mostLinks = Math.max(meshTab.mostLinks, links.length + opening)
  }, 25)
  globalThis.meshTab = {
    mesh,
    heard,
    mostLinks: 0,
    all: (topic, peers) =>
      new Promise(resolve => {
        const check = () => {
          const counts = heard.get(topic)
          if (!peers.every(peer => peer === mesh.peerId || counts?.has(peer) === true)) return
          waiting.delete(check)
          resolve(performance.timeOrigin + performance.now())
        }
        waiting.add(check)
        check()
      }),
  }
  return mesh.peerId
}

interface Traffic {
  readonly packets: number
  readonly bytes: number
}

async function traffic(pages: readonly Page[]): Promise<Traffic> {
  const each = await Promise.all(
    pages.map(page =>
      page.evaluate(() => {
        const { total } = meshTab.mesh.stats()
        return { packets: total.packetsSent, bytes: total.bytesSent }
      }),
    ),
  )
  return {
    packets: each.reduce((sum, { packets }) => sum + packets, 0),
    bytes: each.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/** Every tab broadcasts on `topic`; the time at which the last has heard the last, and how often anything came twice. */
async function everybody(pages: readonly Page[], ids: readonly string[], topic: string) {
  const heard = Promise.all(
    pages.map(page => page.evaluate(({ topic, ids }) => meshTab.all(topic, ids), { topic, ids })),
  )
  await Promise.all(
    pages.map(page =>
      page.evaluate(({ topic, bytes }) => meshTab.mesh.sendBroadcast(topic, new Uint8Array(bytes)), {
        topic,
        bytes: BODY_BYTES,
      }),
    ),
  )
  return Math.max(...(await heard))
}

function later(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

async function openTabs(lab: Bench, count: number, swarm: string): Promise<{ pages: Page[]; ids: string[] }> {
  const pages = await Promise.all(Array.from({ length: count }, () => lab.page()))
  const setup = { library: `${lab.url}tabmesh.js`, signaling: lab.signaling, swarm, maxPeers: MAX_PEERS }
  return { pages, ids: await Promise.all(pages.map(page => page.evaluate(prepare, setup))) }
}

async function run(lab: Bench, count: number) {
  const { pages, ids } = await openTabs(lab, count, `mesh-${count}`)
  const result: Record<string, number | string> = { tabs: count }

  // Everybody joins at once and says hello as soon as join() lets it.
  const began = Date.now()
  const heard = Promise.all(pages.map(page => page.evaluate(ids => meshTab.all('hello', ids), ids)))
  await Promise.all(
    pages.map(page =>
      page.evaluate(async bytes => {
        await meshTab.mesh.join()
        await meshTab.mesh.sendBroadcast('hello', new Uint8Array(bytes))
      }, BODY_BYTES),
    ),
  )
  result['everyTabHearsEveryOtherMs'] = Math.max(...(await heard)) - began

  // Settled: what broadcasting costs, the first message of each sender included.
  await later(3000)
  const before = await traffic(pages)
  for (let round = 0; round < ROUNDS; round++) await everybody(pages, ids, `round-${round}`)
  await later(500)
  const after = await traffic(pages)
  const deliveries = ROUNDS * count * (count - 1)
  result['packetsPerDelivery'] = (after.packets - before.packets) / deliveries
  result['bytesPerDelivery'] = (after.bytes - before.bytes) / deliveries
  result['mostLinks'] = Math.max(
    ...(await Promise.all(pages.map(page => page.evaluate(() => meshTab.mostLinks)))),
  )

  const idleFrom = await traffic(pages)
  await later(IDLE_MS)
  const idleTo = await traffic(pages)
  result['idleBytesPerTabPerSecond'] = ((idleTo.bytes - idleFrom.bytes) / count / IDLE_MS) * 1000

  // Direct messages between tabs that have no link.
  const outcomes = await Promise.all(
    Array.from({ length: 25 }, (_, i) =>
      (pages[i % count] as Page).evaluate(
        async ({ ids, i }) => {
          const { mesh } = meshTab
          const far = ids.filter(id => id !== mesh.peerId && !mesh.neighbours.includes(id as Tabmesh.PeerId))
          const to = far[(i * 7) % far.length]
          if (to === undefined) return true
          return mesh.send(to as Tabmesh.PeerId, 'direct').then(
            () => true,
            () => false,
          )
        },
        { ids, i },
      ),
    ),
  )
  result['directOf25'] = outcomes.filter(Boolean).length

  // A quarter crashes; the rest broadcasts at once.
  const dead = Math.floor(count / 4)
  const [victims, rest] = [pages.slice(0, dead), pages.slice(dead)]
  await Promise.all(
    victims.map(async page => {
      const session = await page.context().newCDPSession(page)
      const gone = page.waitForEvent('crash')
      session.send('Page.crash').catch(() => {})
      await gone
    }),
  )
  const crashedAt = Date.now()
  const restIds = ids.slice(dead)
  const whole = everybody(rest, restIds, 'crash').then(at => at - crashedAt)
  await later(Math.max(0, crashedAt + 2000 - Date.now()))
  const got = await Promise.all(
    rest.map(page =>
      page.evaluate(ids => ids.filter(id => meshTab.heard.get('crash')?.has(id) === true).length, restIds),
    ),
  )
  result['deliveryWithin2sOfCrash'] = got.reduce((a, b) => a + b, 0) / (rest.length * (rest.length - 1))
  result['wholeAfterCrashMs'] = await whole

  // The server dies and comes back: how long until a fresh tab reaches all.
  await lab.cut()
  await later(500)
  lab.restore()
  const fresh = await openTabs(lab, 1, `mesh-${count}`)
  const newcomer = fresh.pages[0] as Page
  const everyone = [...rest, newcomer]
  const freshAt = Date.now()
  const reached = Promise.all(rest.map(page => page.evaluate(ids => meshTab.all('fresh', ids), fresh.ids)))
  await newcomer.evaluate(async () => {
    await meshTab.mesh.join()
    await meshTab.mesh.sendBroadcast('fresh', 'here')
  })
  result['freshTabReachesAllMs'] = Math.max(...(await reached)) - freshAt
  let twice = 0
  for (const page of everyone) {
    twice += await page.evaluate(
      () =>
        [...meshTab.heard]
          .filter(([topic]) => topic !== '')
          .flatMap(([, counts]) => [...counts.values()])
          .filter(n => n > 1).length,
    )
  }
  result['deliveredTwice'] = twice
  await Promise.all(everyone.map(page => page.close()))
  return result
}

const runs = Number(process.argv.find(argument => argument.startsWith('--runs='))?.slice(7) ?? 1)
const only = process.argv
  .find(argument => argument.startsWith('--tabs='))
  ?.slice(7)
  .split(',')
  .map(Number)
const lab = await openBench()
const counts = only ?? [8, 12, 20]
const results: Record<string, Record<string, number | string>> = {}
for (const count of counts) {
  const all: Record<string, number | string>[] = []
  for (let i = 0; i < runs; i++) all.push(await run(lab, count))
  const keys = Object.keys(all[0] as object)
  results[count] = Object.fromEntries(keys.map(key => [key, median(all.map(one => Number(one[key])))]))
}
const ROWS = [
  ['everyTabHearsEveryOtherMs', 'every tab hears every other, ms', '≤ 1000 / 1500 / 3000', 0],
  ['mostLinks', 'links per tab, opening ones included', '≤ 4', 0],
  ['packetsPerDelivery', 'data-channel messages per delivery', '≤ 2', 2],
  ['bytesPerDelivery', 'bytes per delivery of 200 B', '≤ 500', 0],
  ['directOf25', 'direct messages between unlinked tabs, of 25', '25', 0],
  ['deliveryWithin2sOfCrash', 'a quarter crashed: delivery within 2 s', '1.0', 3],
  ['wholeAfterCrashMs', '… everything delivered after, ms', '≤ 2000', 0],
  ['freshTabReachesAllMs', 'server back: a fresh tab reaches all, ms', '≤ 2000', 0],
  ['idleBytesPerTabPerSecond', 'idle traffic per tab, B/s', '≤ 200', 0],
  ['deliveredTwice', 'messages delivered twice', '0', 0],
] as const
console.log(
  table([
    ['', ...counts.map(count => `${count} tabs`), 'target'],
    ...ROWS.map(([key, label, target, digits]) => [
      label,
      ...counts.map(count => Number(results[count]?.[key]).toFixed(digits)),
      target,
    ]),
  ]),
)
save('mesh', { maxPeers: MAX_PEERS, runs, ...results }, lab.browser)
await lab.close()
process.exit(0)
