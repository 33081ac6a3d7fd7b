/**
 * Identities in a real browser: real tabs, real Web Locks and IndexedDB, and pages that the browser really denies
 * them.
 */

import { type BrowserContext, chromium, expect, type Page, test } from '@playwright/test'
import { type PageServer, STRICT_POLICY, servePage } from './page-server.ts'
import type {} from './pages/identity.ts'

let server: PageServer

test.beforeAll(async () => {
  // A sandbox without allow-same-origin gives an opaque origin: no IndexedDB, no locks, no sessionStorage.
  server = await servePage('./pages/identity.ts', {
    '/denied': `sandbox allow-scripts; ${STRICT_POLICY.replace("'self'", "'self' http:")}`,
  })
})

test.afterAll(() => server?.close())

/** A new tab with the page in it. */
async function tab(context: BrowserContext, path = ''): Promise<Page> {
  const page = await context.newPage()
  await page.goto(server.url + path)
  return ready(page)
}

async function ready(page: Page): Promise<Page> {
  await page.waitForFunction(() => 'identityPage' in globalThis)
  return page
}

const open = (page: Page) => page.evaluate(() => identityPage.open())
const warnings = (page: Page) => page.evaluate(() => identityPage.warnings())

test('a reload keeps its identity, time after time', async ({ context }) => {
  const page = await tab(context)
  const key = await open(page)
  for (let n = 0; n < 5; n++) {
    await page.reload()
    await ready(page)
    expect(await open(page)).toBe(key)
  }
  expect(await warnings(page)).toEqual([])
  expect(await page.evaluate(() => identityPage.secretKind(0))).toBe('non-extractable')
})

test('ten tabs are ten peers, and each keeps its own through a reload of all at once', async ({
  context,
}) => {
  const pages = await Promise.all(Array.from({ length: 10 }, () => tab(context)))
  const keys = await Promise.all(pages.map(open))
  expect(new Set(keys).size).toBe(10)
  await Promise.all(pages.map(page => page.reload()))
  await Promise.all(pages.map(ready))
  expect(await Promise.all(pages.map(open))).toEqual(keys)
})

test('a tab closed and opened again takes the lowest free identity, and the others keep theirs', async ({
  context,
}) => {
  const [first, second] = [await tab(context), await tab(context)]
  const keys = [await open(first), await open(second)]
  await first.close()
  const third = await tab(context)
  await expect
    .poll(async () => {
      await third.evaluate(() => identityPage.release())
      return open(third)
    })
    .toBe(keys[0])
})

test('a duplicated tab gets an identity of its own at once, and steals none', async ({ context }) => {
  const page = await tab(context)
  const key = await open(page)
  // window.open copies sessionStorage, as duplicating a tab does.
  const [copy] = await Promise.all([
    context.waitForEvent('page'),
    page.evaluate(url => void window.open(url), server.url),
  ])
  await ready(copy)
  expect(await copy.evaluate(() => sessionStorage.length)).toBe(1)
  const start = Date.now()
  expect(await open(copy)).not.toBe(key)
  expect(Date.now() - start).toBeLessThan(900)
  await page.reload()
  await ready(page)
  expect(await open(page)).toBe(key)
})

test('two meshes in one page are two peers, both the same after a reload', async ({ context }) => {
  const page = await tab(context)
  const both = () => page.evaluate(async () => [await identityPage.open(), await identityPage.open()])
  const keys = await both()
  expect(keys[0]).not.toBe(keys[1])
  await page.reload()
  await ready(page)
  expect(await both()).toEqual(keys)
})

test('a crashed tab leaves its identity free for its next load', async ({ browser }) => {
  const context = await browser.newContext()
  const page = await tab(context)
  const key = await open(page)
  const other = await tab(context)
  const otherKey = await open(other)
  await other.goto('chrome://crash').catch(() => {})
  const again = await tab(context)
  await expect
    .poll(async () => {
      await again.evaluate(() => identityPage.release())
      return open(again)
    })
    .toBe(otherKey)
  expect(key).not.toBe(otherKey)
  await context.close()
})

test('a released identity can be had by another tab', async ({ context }) => {
  const [one, two] = [await tab(context), await tab(context)]
  const key = await open(one)
  await one.evaluate(() => identityPage.release())
  expect(await open(two)).toBe(key)
})

test('a damaged record, or one of another version, is replaced with a warning, once', async ({ context }) => {
  const page = await tab(context)
  for (const what of ['text', { version: 99 }, { version: 1, publicKey: new Array(32).fill(0), secret: 7 }]) {
    await page.evaluate(what => identityPage.damage(0, what), what)
    await page.reload()
    await ready(page)
    const key = await open(page)
    expect(await warnings(page)).toEqual(['identity-replaced'])
    await page.reload()
    await ready(page)
    expect(await open(page)).toBe(key)
    expect(await warnings(page)).toEqual([])
    await page.evaluate(() => identityPage.release())
  }
})

test('a key stored as bytes still opens, and is made unreadable where WebCrypto can', async ({ context }) => {
  const page = await tab(context)
  const key = await page.evaluate(() => identityPage.storeNaclKey(0))
  expect(await page.evaluate(() => identityPage.secretKind(0))).toBe('bytes')
  expect(await open(page)).toBe(key)
  expect(await page.evaluate(() => identityPage.secretKind(0))).toBe('non-extractable')
  await page.reload()
  await ready(page)
  expect(await open(page)).toBe(key)
})

test('a tab whose lock is stolen is warned', async ({ context }) => {
  const page = await tab(context)
  await open(page)
  await page.evaluate(() => identityPage.steal(0))
  await expect.poll(() => warnings(page)).toEqual(['identity-shared'])
})

test('where the browser denies storage and locks, the identity is ephemeral, with a warning', async ({
  context,
}) => {
  const page = await tab(context, 'denied')
  expect(await page.evaluate(() => origin)).toBe('null')
  expect(await open(page)).toMatch(/^[0-9a-f]{64}$/)
  expect(await warnings(page)).toEqual(['identity-ephemeral'])
})

test('without a secure context, tweetnacl signs and the identity is ephemeral, with a warning', async () => {
  const browser = await chromium.launch({
    ...test.info().project.use.launchOptions,
    args: ['--host-resolver-rules=MAP plain.test 127.0.0.1'],
  })
  const page = await browser.newPage()
  await page.goto(`http://plain.test:${server.port}/`)
  await ready(page)
  expect(await page.evaluate(() => isSecureContext)).toBe(false)
  expect(await page.evaluate(() => identityPage.backend())).toBe('tweetnacl')
  expect(await open(page)).toMatch(/^[0-9a-f]{64}$/)
  expect(await warnings(page)).toEqual(['identity-ephemeral'])
  await browser.close()
})

test('the engine signs with WebCrypto, and both backends verify each other', async ({ context }) => {
  const page = await tab(context)
  expect(await page.evaluate(() => identityPage.backend())).toBe('webcrypto')
  expect(await page.evaluate(() => identityPage.interop(20))).toBe(40)
})
