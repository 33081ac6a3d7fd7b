/**
 * One mesh of two engines: Chromium and Firefox tabs join, hear each other, send over several hops, miss those that leave
 * or crash, and invite each other.
 */

import { type Browser, type BrowserContext, expect, firefox, test } from '@playwright/test'
import { findFirefox } from '../scripts/firefox.mjs'
import { enter, hearEachOther, idOf, invite, joined, reply, welcome } from './device.ts'
import { calm, everyoneHearsEveryone, islands, noErrors, Swarm, type Tab, whole } from './swarm.ts'

const launch = await findFirefox()
if (launch === undefined) console.log('no Firefox is installed: the tests of a mixed mesh are left out')

let swarm: Swarm
let browser: Browser
let context: BrowserContext

// biome-ignore lint/suspicious/noSkippedTests: where no Firefox can be had there is nothing to test; scripts/test.mjs says so
test.skip(launch === undefined, 'no Firefox is installed')

test.beforeAll(async () => {
  browser = await firefox.launch(launch)
})
test.afterAll(() => browser?.close())

test.beforeEach(async ({ browser: chromium }) => {
  swarm = await Swarm.start(chromium)
  context = await browser.newContext()
})
test.afterEach(async () => {
  await context?.close()
  await swarm?.close()
})

/** Tabs of both engines, opened at once: first those of Chromium, then those of Firefox. */
async function openMixed(
  each: number,
  maxPeers = 4,
  other = context,
): Promise<{ chromium: Tab[]; firefox: Tab[]; all: Tab[] }> {
  const [chromium, firefox] = await Promise.all([
    swarm.open(each, { maxPeers }),
    swarm.open(each, { maxPeers }, undefined, other),
  ])
  return { chromium, firefox, all: [...chromium, ...firefox] }
}

test('three tabs of each are one island, hear every broadcast once, and every link tells its path', async () => {
  test.setTimeout(120_000)
  const { all, firefox } = await openMixed(3)
  await whole(all)
  await everyoneHearsEveryone(all, 'first')
  await calm(all)
  await everyoneHearsEveryone(all, 'second')
  const ids = new Set(firefox.map(tab => tab.id))
  // Links between the engines, seen from Firefox.
  const across = await Promise.all(
    firefox.map(async tab => (await tab.neighbours()).some(id => !ids.has(id))),
  )
  expect(across).toContain(true)
  for (const { page } of all) {
    // A dial that a busy machine drew out is relayed at first, and tried again after half a minute.
    await expect
      .poll(
        () => page.evaluate(() => [...new Set(globalThis.tab.mesh.stats().links.map(link => link.path))]),
        { timeout: 60_000 },
      )
      .toEqual(['direct'])
  }
  await noErrors(all)
})

test('direct messages cross several hops from either engine to the other', async () => {
  const { all, chromium, firefox } = await openMixed(3, 3)
  await whole(all)
  let furthest = 0
  for (const [senders, receivers] of [
    [chromium, firefox],
    [firefox, chromium],
  ] as const) {
    for (const from of senders) {
      for (const to of receivers) {
        expect((await from.send(to.id, `from ${from.id}`)).outcome).toBe('ok')
        const heard = await to.page.evaluate(() =>
          globalThis.tab.heard.filter(({ topic }) => topic === undefined),
        )
        const message = heard.find(({ data }) => data === `from ${from.id}`)
        expect(message?.from).toBe(from.id)
        furthest = Math.max(furthest, message?.hops ?? 0)
      }
    }
  }
  expect(furthest).toBeGreaterThan(1)
  await noErrors(all)
})

test('receipts count the tabs of both engines, whichever asks', async () => {
  const { all, chromium, firefox } = await openMixed(2)
  await calm(all)
  for (const tab of [chromium[0], firefox[0]]) {
    const count = await tab?.page.evaluate(() =>
      globalThis.tab.mesh.sendBroadcast('room', 'x', { receipt: true }),
    )
    expect(count).toBe(3)
  }
  await noErrors(all)
})

/** A tab of the one engine and a tab of the other that have a link; which two are linked first is left to the mesh. */
async function linkedAcross(watchers: readonly Tab[], leavers: readonly Tab[]): Promise<[Tab, Tab]> {
  let pair: [Tab, Tab] | undefined
  await expect
    .poll(
      async () => {
        for (const watcher of watchers) {
          const linked = await watcher.neighbours()
          const leaver = leavers.find(tab => linked.includes(tab.id))
          if (leaver !== undefined) pair = [watcher, leaver]
        }
        return pair
      },
      { timeout: 20_000 },
    )
    .toBeDefined()
  return pair as [Tab, Tab]
}

test('a closed tab of either engine is missed by the other within two seconds', async () => {
  const tabs = await openMixed(2)
  await whole(tabs.all)
  for (const [watchers, leavers] of [
    [tabs.chromium, tabs.firefox],
    [tabs.firefox, tabs.chromium],
  ] as const) {
    const open = (tab: Tab) => !tab.page.isClosed()
    const [watcher, leaver] = await linkedAcross(watchers.filter(open), leavers.filter(open))
    const closedAt = await watcher.page.evaluate(() => performance.now())
    await leaver.page.close({ runBeforeUnload: false })
    await watcher.page.waitForFunction(
      peer => globalThis.tab.events.some(event => event.name === 'peer:disconnect' && event.peer === peer),
      leaver.id,
      { timeout: 5000 },
    )
    const at = await watcher.page.evaluate(
      peer => globalThis.tab.events.findLast(event => event.peer === peer)?.at ?? 0,
      leaver.id,
    )
    expect(at - closedAt).toBeLessThan(2000)
  }
})

test('a Firefox that is killed leaves a whole mesh behind, and what it swallowed is repaired', async () => {
  // As a server, because its process can be killed.
  const server = await firefox.launchServer(launch)
  const other = await (await firefox.connect(server.wsEndpoint())).newContext()
  const { all, chromium } = await openMixed(3, 4, other)
  await whole(all)
  await everyoneHearsEveryone(all, 'before')
  await server.kill()
  await everyoneHearsEveryone(chromium, 'at once')
  const left = chromium.map(tab => tab.id)
  for (const tab of chromium) {
    await expect
      .poll(async () => (await tab.neighbours()).filter(id => !left.includes(id)), { timeout: 15_000 })
      .toEqual([])
  }
  expect(await islands(chromium)).toBe(1)
  await noErrors(chromium)
})

test('a Chromium tab that crashes is missed by Firefox tabs, which stay whole', async () => {
  const { all, chromium } = await openMixed(3)
  await whole(all)
  const [crashed, ...rest] = all
  await crashed?.crash()
  await everyoneHearsEveryone(rest, 'at once')
  for (const tab of rest) {
    await expect
      .poll(async () => (await tab.neighbours()).includes(chromium[0]?.id ?? ''), { timeout: 15_000 })
      .toBe(false)
  }
  await whole(rest)
  await everyoneHearsEveryone(rest, 'after')
  await noErrors(rest)
})

test('tabs of Firefox keep their peer ids through a reload, and no two have the same', async () => {
  const tabs = await swarm.open(3, {}, undefined, context)
  const ids = tabs.map(tab => tab.id)
  expect(new Set(ids).size).toBe(3)
  for (const tab of tabs) {
    await tab.page.reload()
    await tab.begin(swarm.signaling.url)
  }
  expect(tabs.map(tab => tab.id)).toEqual(ids)
  await whole(tabs)
  await everyoneHearsEveryone(tabs, 'after the reload')
  await noErrors(tabs)
})

for (const direction of ['Chromium invites Firefox', 'Firefox invites Chromium'] as const) {
  test(`${direction} by two codes, without any server, and they hear each other`, async ({
    browser: chromium,
  }) => {
    const other = await chromium.newContext()
    try {
      // Contexts of two browsers share no channel: what is between them is the codes.
      const contexts = direction === 'Chromium invites Firefox' ? [other, context] : [context, other]
      const [host, guest] = await Promise.all(contexts.map(async each => each.newPage()))
      if (host === undefined || guest === undefined) throw new Error('no page')
      await Promise.all([host, guest].map(page => page.goto(swarm.url)))
      await swarm.signaling.kill()
      expect(await enter(host, {})).toBe('made')
      expect(await joined(host)).toBe('ok')
      const uri = await invite(host)
      expect(uri.length).toBeLessThan(600)
      expect(await enter(guest, { invite: uri })).toBe('made')
      const code = await reply(guest)
      expect(code.length).toBeLessThan(400)
      expect(await welcome(host, code)).toBe(await idOf(guest))
      expect(await joined(guest)).toBe('ok')
      await hearEachOther([host, guest], 'both')
    } finally {
      await other.close()
    }
  })
}
