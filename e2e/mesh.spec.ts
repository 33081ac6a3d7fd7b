/**
 * The main job: tabs become a mesh, broadcasts reach everybody once, direct messages arrive, identities stay.
 */

import { expect, test } from '@playwright/test'
import { calm, everyoneHearsEveryone, islands, noErrors, Swarm, whole } from './swarm.ts'

let swarm: Swarm

test.beforeEach(async ({ browser }) => {
  swarm = await Swarm.start(browser)
})
test.afterEach(() => swarm.close())

test('eight tabs with maxPeers 4 are one island, and every broadcast reaches the seven others exactly once', async () => {
  const tabs = await swarm.open(8, { maxPeers: 4 })
  await whole(tabs)
  await everyoneHearsEveryone(tabs, 'first')
  await everyoneHearsEveryone(tabs, 'second')
  for (const tab of tabs) {
    const { links, opening } = await tab.page.evaluate(() => {
      const { links, opening } = globalThis.tab.mesh.stats()
      return { links: links.length, opening }
    })
    expect(links).toBeGreaterThanOrEqual(1)
    expect(links + opening).toBeLessThanOrEqual(4)
  }
  expect(await islands(tabs)).toBe(1)
  await noErrors(tabs)
})

test('receipts count all the others; a newcomer finds what was said before it came', async () => {
  const tabs = await swarm.open(6, { maxPeers: 4 })
  // A link that is swapped for another may take a count with it.
  await calm(tabs)
  const [from] = tabs
  if (from === undefined) throw new Error('no tab')
  const counted = await from.page.evaluate(async () => {
    const told: number[] = []
    const onReceipt = (count: number): void => void told.push(count)
    const options = { receipt: true, onReceipt, order: 'causal' } as const
    return { count: await globalThis.tab.mesh.sendBroadcast('room', { text: 'early' }, options), told }
  })
  expect(counted.count).toBe(5)
  expect(counted.told.at(-1)).toBe(5)
  // What is a moment old when it joins would be delivered to it.
  const sent = await from.page.evaluate(() => performance.now())
  await from.page.waitForFunction(sent => performance.now() - sent > 1000, sent)
  const [late] = await swarm.open(1, { maxPeers: 4 })
  if (late === undefined) throw new Error('no tab')
  const past = await late.page.evaluate(async () => {
    const found = await globalThis.tab.mesh.history('room', { last: 5, seconds: 600 })
    return found.map(({ from, data, at, delivered }) => ({ from, data, delivered, age: Date.now() - at }))
  })
  expect(past).toMatchObject([{ from: from.id, data: { text: 'early' }, delivered: false }])
  expect(past[0]?.age).toBeGreaterThan(900)
  expect(past[0]?.age).toBeLessThan(60_000)
  await noErrors([...tabs, late])
})

test('a direct message crosses the mesh to a tab without a link; to one that is gone it rejects in time', async () => {
  const tabs = await swarm.open(8, { maxPeers: 4 })
  await whole(tabs)
  const [from] = tabs
  if (from === undefined) throw new Error('no tab')
  // Links may still come up while a message is under way: what counts is one that really took more than one.
  let far: (typeof tabs)[number] | undefined
  for (const tab of tabs.slice(1)) {
    if ((await from.neighbours()).includes(tab.id)) continue
    expect((await from.send(tab.id, 'over several hops')).outcome).toBe('ok')
    const [message] = await tab.page.evaluate(() => globalThis.tab.heard)
    expect(message).toMatchObject({ from: from.id, data: 'over several hops', topic: undefined })
    if ((message?.hops ?? 0) > 1) far = tab
  }
  if (far === undefined) throw new Error('no message took more than one hop')

  await far.page.close()
  const gone = await from.send(far.id, 'anybody there?', 8000)
  expect(['no-route', 'timeout']).toContain(gone.outcome)
  expect(gone.ms).toBeLessThan(8500)
  await noErrors(tabs.filter(tab => tab !== far))
})

test('a reload keeps the peer id', async () => {
  const [tab] = await swarm.open(2)
  const id = tab?.id
  await tab?.page.reload()
  await tab?.begin(swarm.signaling.url)
  expect(tab?.id).toBe(id)
})

test('ten tabs have ten ids', async () => {
  const tabs = await swarm.open(10, { idle: true })
  expect(new Set(tabs.map(tab => tab.id)).size).toBe(10)
})

test('a closed tab is missed within two seconds', async () => {
  const tabs = await swarm.open(4)
  const [watcher, leaver] = tabs
  if (watcher === undefined || leaver === undefined) throw new Error('no tab')
  await expect.poll(() => watcher.neighbours()).toContain(leaver.id)
  const closedAt = await watcher.page.evaluate(() => performance.now())
  await leaver.page.close({ runBeforeUnload: false })
  const missed = await watcher.page.waitForFunction(
    peer => globalThis.tab.events.find(event => event.name === 'peer:disconnect' && event.peer === peer),
    leaver.id,
    { timeout: 5000, polling: 20 },
  )
  const { at } = (await missed.jsonValue()) as { at: number }
  expect(at - closedAt).toBeLessThan(2000)
})

/** Runs inside the tabs: one value of every type. */
function makeData(): Record<string, unknown> {
  return {
    empty: '',
    text: 'grüße 🎈',
    zero: 0,
    minus: -0,
    float: 1.5e300,
    nan: Number.NaN,
    big: 2n ** 70n,
    yes: true,
    nothing: null,
    missing: undefined,
    bytes: new Uint8Array([1, 2, 3]),
    noBytes: new Uint8Array(0),
    floats: new Float32Array([1.5, -2]),
    longs: new BigInt64Array([-1n]),
    buffer: new Uint8Array([9]).buffer,
    date: new Date(1234),
    map: new Map<unknown, unknown>([[1, new Set(['a'])]]),
    list: [1, [2, [3]]],
    nested: { a: { b: [null] } },
    mebibyte: Uint8Array.from({ length: 1 << 20 }, (_, i) => i),
  }
}

/** Runs inside the tabs: the same value, of the same type. */
function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Date) return a.getTime() === (b as Date).getTime()
  if (a instanceof ArrayBuffer) return sameData(new Uint8Array(a), new Uint8Array(b as ArrayBuffer))
  if (a instanceof Map || a instanceof Set) return sameData([...a], [...(b as Set<unknown>)])
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  const keys = Object.keys(left)
  return keys.length === Object.keys(right).length && keys.every(key => sameData(left[key], right[key]))
}

declare global {
  var recipe: { make: typeof makeData; same: typeof sameData }
}

test('every type of data survives the trip, direct and broadcast, from nothing to a mebibyte', async () => {
  const [from, to] = await swarm.open(2)
  if (from === undefined || to === undefined) throw new Error('no tab')
  await expect.poll(() => from.neighbours()).toContain(to.id)
  // Made and compared inside the tabs: what Playwright carries between processes loses types.
  for (const { page } of [from, to]) {
    await page.evaluate(
      `(() => { ${sameData}; globalThis.recipe = { make: ${makeData}, same: sameData } })()`,
    )
  }
  const wrong = await from.page.evaluate(async peer => {
    const { tab, recipe } = globalThis
    const wrong: string[] = []
    for (const [key, value] of Object.entries(recipe.make()) as [string, never][]) {
      await tab.mesh.send(peer as never, value).catch(error => wrong.push(`direct ${key}: ${error}`))
      await tab.mesh
        .sendBroadcast(`data/${key}`, value)
        .catch(error => wrong.push(`broadcast ${key}: ${error}`))
    }
    return wrong
  }, to.id)
  expect(wrong).toEqual([])
  const arrived = () =>
    to.page.evaluate(() => {
      const { tab, recipe } = globalThis
      const keys = Object.keys(recipe.make())
      const made = recipe.make()
      const direct = tab.heard.filter(message => message.topic === undefined)
      const broadcast = tab.heard.filter(message => message.topic !== undefined)
      return keys.map((key, i) => [
        key,
        recipe.same(direct[i]?.data, made[key]) && direct[i] !== undefined,
        recipe.same(broadcast[i]?.data, made[key]) && broadcast[i]?.topic === `data/${key}`,
      ])
    })
  const expected = Object.keys(makeData()).map(key => [key, true, true])
  await expect.poll(arrived).toEqual(expected)
})

test('a hundred mebibytes are refused at the call', async () => {
  const [from, to] = await swarm.open(2)
  if (from === undefined || to === undefined) throw new Error('no tab')
  const codes = await from.page.evaluate(async peer => {
    const large = new Uint8Array(100 * 1024 * 1024)
    const code = (error: { code?: string }) => error.code
    return [
      await globalThis.tab.mesh.send(peer as never, large).then(() => 'sent', code),
      await globalThis.tab.mesh.sendBroadcast('large', large).then(() => 'sent', code),
    ]
  }, to.id)
  expect(codes).toEqual(['too-large', 'too-large'])
})
