/**
 * The mesh outlives its server: links are signaled by peers, and two that ICE cannot connect get a relayed one.
 */
import { expect, test } from '@playwright/test'
import { everyoneHearsEveryone, islands, noErrors, Swarm, type Tab, whole } from './swarm.ts'

test.describe.configure({ timeout: 90_000 })

let swarm: Swarm
test.beforeEach(async ({ browser }) => {
  swarm = await Swarm.start(browser)
})
test.afterEach(() => swarm.close())

interface Links {
  readonly up: number
  readonly byMesh: number
}

async function linksOf(tabs: readonly Tab[]): Promise<Links> {
  const all = await Promise.all(
    tabs.map(({ page }) =>
      page.evaluate(() => globalThis.tab.mesh.stats().links.map(({ signaledBy }) => signaledBy)),
    ),
  )
  const ends = all.flat()
  return { up: ends.length / 2, byMesh: ends.filter(end => end === 'mesh').length / 2 }
}

test('the server is killed as soon as eight tabs are one island: they fill their links, and heal after a crash', async () => {
  const tabs: Tab[] = []
  for (let n = 0; n < 8; n++) tabs.push(...(await swarm.open(1, { maxPeers: 4 })))
  await whole(tabs)
  await swarm.signaling.kill()
  const before = await linksOf(tabs)
  // A ring at least; with one place free for changes, three links each.
  await expect.poll(async () => (await linksOf(tabs)).up, { timeout: 20_000 }).toBeGreaterThanOrEqual(11)
  const after = await linksOf(tabs)
  test.info().annotations.push({ type: 'links', description: JSON.stringify({ before, after }) })
  await everyoneHearsEveryone(tabs, 'without a server')

  const [crashed, ...rest] = tabs as [Tab, ...Tab[]]
  await crashed.crash()
  for (const tab of rest)
    await expect
      .poll(async () => (await tab.neighbours()).includes(crashed.id), { timeout: 15_000 })
      .toBe(false)
  await whole(rest)
  await expect.poll(async () => (await linksOf(rest)).up, { timeout: 20_000 }).toBeGreaterThanOrEqual(9)
  await everyoneHearsEveryone(rest, 'healed')
  await noErrors(rest)
})

test('of the links after the first of either end, 95 % are signaled by the mesh', async () => {
  const tabs: Tab[] = []
  for (let n = 0; n < 10; n++) {
    const [tab] = (await swarm.open(1, { maxPeers: 6 })) as [Tab]
    tabs.push(tab)
    // Who comes next finds a mesh, as people do.
    await whole(tabs)
  }
  await expect.poll(async () => (await linksOf(tabs)).up, { timeout: 20_000 }).toBeGreaterThanOrEqual(22)
  const { up, byMesh } = await linksOf(tabs)
  // Nine tabs had to be let in by the server; some of those links may have been given up for others since.
  expect(byMesh, `${byMesh} of ${up}`).toBeGreaterThanOrEqual((up - 9) * 0.95)
  await noErrors(tabs)
})

/** Ids in the order of the ring, as text: base32 has its digits behind its letters. */
function place(id: string): string {
  return id.replace(/[2-7]/g, digit => String.fromCharCode(0x100 + Number(digit)))
}

/** The tab takes no candidate of a tab of the other name, and so never connects to it. */
async function bar(tab: Tab, name: string, other: string): Promise<void> {
  await tab.page.evaluate(
    ({ name, other }) => {
      const { prototype } = RTCPeerConnection
      const barred = new WeakSet<RTCPeerConnection>()
      const described = Object.getOwnPropertyDescriptor(prototype, 'localDescription')
      // The name travels as an attribute that browsers do not know and pass over (RFC 8866 §5.13).
      Object.defineProperty(prototype, 'localDescription', {
        get(this: RTCPeerConnection) {
          const own = described?.get?.call(this) as RTCSessionDescription | null
          return own === null ? null : { type: own.type, sdp: `${own.sdp}a=x-tab:${name}\r\n` }
        },
      })
      const { setRemoteDescription, addIceCandidate } = prototype
      prototype.setRemoteDescription = function (this: RTCPeerConnection, description) {
        const isBarred = description.sdp?.includes(`a=x-tab:${other}`) === true
        if (isBarred) barred.add(this)
        const sdp =
          description.sdp?.replace(isBarred ? /a=(candidate|x-tab):.*\r\n/g : /a=x-tab:.*\r\n/g, '') ?? ''
        return Reflect.apply(setRemoteDescription, this, [{ type: description.type, sdp }])
      } as typeof setRemoteDescription
      prototype.addIceCandidate = function (this: RTCPeerConnection, candidate) {
        return barred.has(this) ? Promise.resolve() : Reflect.apply(addIceCandidate, this, [candidate])
      } as typeof addIceCandidate
    },
    { name, other },
  )
}

test('two tabs that ICE cannot connect talk over a relayed link; when its relay leaves, over another', async () => {
  const [a, b] = (await swarm.open(2, { maxPeers: 4, idle: true })) as [Tab, Tab]
  await bar(a, 'left', 'right')
  await bar(b, 'right', 'left')
  // Relayed links are the ring's: the other two stand on one side of the pair. Of four, two always do.
  const others = await swarm.open(4, { maxPeers: 4, idle: true })
  const [low, high] = [place(a.id), place(b.id)].sort() as [string, string]
  const isBetween = ({ id }: Tab) => low < place(id) && place(id) < high
  const inside = others.filter(isBetween)
  const relays = (inside.length >= 2 ? inside : others.filter(tab => !isBetween(tab))).slice(0, 2)
  for (const tab of [...relays, a, b]) await tab.page.evaluate(() => globalThis.tab.mesh.join())
  const pathTo = (other: string) =>
    a.page.evaluate(
      other => globalThis.tab.mesh.stats().links.find(({ peer }) => peer === other)?.path,
      other,
    )
  await expect.poll(() => pathTo(b.id), { timeout: 30_000 }).toBe('relayed')
  expect(await a.send(b.id, 'x'.repeat(200_000))).toMatchObject({ outcome: 'ok' })
  await everyoneHearsEveryone([a, b, ...relays], 'relayed')
  const passed = await b.page.evaluate(
    other => globalThis.tab.mesh.stats().links.find(({ peer }) => peer === other)?.bytesReceived,
    a.id,
  )
  expect(passed).toBeGreaterThan(200_000)
  const carried = await Promise.all(
    relays.map(({ page }) => page.evaluate(() => globalThis.tab.mesh.stats().relay)),
  )
  expect(carried.map(({ carried }) => carried).sort()).toEqual([0, 1])
  expect(Math.max(...carried.map(({ bytes }) => bytes))).toBeGreaterThan(200_000)

  const first = carried.findIndex(({ carried }) => carried === 1)
  const [relay, rest] = (first === 0 ? relays : [...relays].reverse()) as [Tab, Tab]
  await relay.page.evaluate(() => globalThis.tab.mesh.leave())
  await expect
    .poll(() => rest.page.evaluate(() => globalThis.tab.mesh.stats().relay.carried), { timeout: 20_000 })
    .toBe(1)
  await everyoneHearsEveryone([a, b, rest], 'by the other')
  expect(await islands([a, b, rest])).toBe(1)
  await noErrors([a, b, rest])
})
