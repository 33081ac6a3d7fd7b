import { afterEach, expect, it } from 'vitest'
import type { LinkFactory } from '../link/port.ts'
import type { Mesh } from './api.ts'
import { House, until } from './house.testing.ts'

let house = new House()
afterEach(async () => {
  await house.close()
  house = new House()
})

/** Memory links, which cannot look for a new path; those of an earlier network carry nothing. */
class Networks {
  current = 0

  factory(): LinkFactory {
    const inner = house.network.factory()
    return {
      open: (initiator, events, patience) => {
        const made = this.current
        const isSilent = () => made !== this.current
        const packet = (bytes: Uint8Array) => isSilent() || events.packet(bytes)
        const closed: typeof events.closed = reason => isSilent() || events.closed(reason)
        const link = inner.open(initiator, { ...eventsOf(events), packet, closed }, patience)
        return {
          get bufferedAmount() {
            return link.bufferedAmount
          },
          send: bytes => isSilent() || link.send(bytes),
          signal: data => link.signal(data),
          close: () => link.close(),
          path: () => link.path(),
        }
      },
    }
  }
}

function eventsOf(events: Parameters<LinkFactory['open']>[1]): typeof events {
  return {
    signal: data => events.signal(data),
    open: binding => events.open(binding),
    packet: bytes => events.packet(bytes),
    taken: () => events.taken(),
    drain: () => events.drain(),
    closed: reason => events.closed(reason),
  }
}

it('a tab on another network has new links to the same neighbours, says so by its state only, and misses nothing', async () => {
  const networks = new Networks()
  const page = new EventTarget()
  const tab = await house.mesh({ maxPeers: 8 }, { links: networks.factory(), page })
  const others: Mesh[] = []
  for (let i = 0; i < 4; i++) others.push(await house.mesh({ maxPeers: 8 }))
  for (const mesh of house.meshes) await until(mesh, () => mesh.neighbours.length === 4)
  const told: string[] = []
  const heard: unknown[] = []
  for (const mesh of house.meshes)
    for (const event of ['peer:connect', 'peer:disconnect', 'peer:timeout'] as const)
      mesh.on(event, () => told.push(event))
  tab.on('state', state => told.push(state))
  tab.on('message', ({ data }) => heard.push(data))
  networks.current++
  page.dispatchEvent(new Event('online'))
  await until(tab, () => tab.state === 'reconnecting')
  await Promise.all(others.map((mesh, i) => mesh.sendBroadcast('news', i)))
  await until(tab, () => tab.state === 'connected')
  await expect.poll(() => heard.toSorted(), { timeout: 10_000 }).toEqual([0, 1, 2, 3])
  await expect
    .poll(() => tab.stats().links.every(({ roundTrip }) => roundTrip !== undefined), { timeout: 10_000 })
    .toBe(true)
  expect(tab.neighbours).toHaveLength(4)
  expect(told).toEqual(['reconnecting', 'connected'])
})
