import { afterEach, expect, it } from 'vitest'
import type { Mesh } from './api.ts'
import { House, until } from './house.testing.ts'

let house = new House()
afterEach(async () => {
  await house.close()
  house = new House()
})

it('a marked router is linked to, keeps its place, and introduces', async () => {
  const tab = await house.mesh({ maxPeers: 4 })
  const others: Mesh[] = []
  // Only the tab is short of places, and the ring is whole: it goes before routers on both sides.
  for (let i = 0; i < 8; i++) others.push(await house.mesh({ maxPeers: 9 }))
  for (const other of others) await until(other, () => other.neighbours.length >= 7)
  const stranger = () => others.find(({ peerId }) => !tab.neighbours.includes(peerId))
  const router = stranger()
  if (router === undefined) throw new Error('eight others do not fit four places')
  tab.route(router.peerId)
  await until(tab, () => tab.neighbours.includes(router.peerId))
  // Who introduces now is the router, or nobody.
  house.hub.stop()
  const other = stranger()
  if (other === undefined) throw new Error('as before')
  const { forwarded } = router.stats().routing
  // Also a router: it is dialled at once.
  tab.route(other.peerId)
  await until(tab, () => tab.neighbours.includes(other.peerId))
  expect(router.stats().routing.forwarded).toBeGreaterThan(forwarded)
  expect(tab.stats().links.find(({ peer }) => peer === other.peerId)?.signaledBy).toBe('mesh')
  expect(tab.neighbours).toContain(router.peerId)
  expect(tab.neighbours.length).toBeLessThanOrEqual(4)
})
