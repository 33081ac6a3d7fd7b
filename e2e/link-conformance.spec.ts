/**
 * The link of a browser against the conformance suite of the Link port, in a real browser. The memory link runs
 * the same cases in Node (src/link/memory.test.ts).
 */

import { expect, type Page, test } from '@playwright/test'
import { linkConformance } from '../src/link/conformance.ts'
import { MAX_PACKET } from '../src/link/port.ts'
import { GRAIN, TAKEN, WINDOW } from '../src/link/window.ts'
import { type PageServer, servePage } from './page-server.ts'
import type {} from './pages/link.ts'

let server: PageServer
let page: Page
const problems: string[] = []

test.beforeAll(async ({ browser }) => {
  server = await servePage('./pages/link.ts')
  page = await browser.newPage()
  page.on('pageerror', error => problems.push(String(error)))
  page.on('console', message => message.type() === 'error' && problems.push(message.text()))
  await page.goto(server.url)
  await page.waitForFunction(() => 'linkPage' in globalThis)
})

test.afterAll(async () => {
  await page?.close()
  await server?.close()
})

test.afterEach(() => {
  expect(problems.splice(0), 'errors of the page').toEqual([])
})

for (const { name } of linkConformance) {
  test(`the simple-peer link ${name}`, async () => {
    expect(await page.evaluate(name => linkPage.run(name), name)).toBeUndefined()
  })
}

for (const side of ['a', 'b'] as const) {
  test(`a restart from the ${side === 'a' ? 'initiator' : 'responder'} begins ICE anew, and the link carries on`, async () => {
    const { before, after, ends, got } = await page.evaluate(side => linkPage.restart(side), side)
    expect(before).toHaveLength(2)
    for (const [i, name] of after.entries()) expect(name).not.toBe(before[i])
    expect(ends).toEqual([undefined, undefined])
    expect(got).toEqual([1, 2])
  })
}

test('a restart cannot change who is at the other end: another fingerprint ends the link', async () => {
  expect(await page.evaluate(() => linkPage.impostor())).toBe('failed')
})

test('no more is on its way than a window, in a flood that is answered', async () => {
  const { mostFlying, answers, takens } = await page.evaluate(() => linkPage.flood(16))
  expect(answers).toBe(16 * 64)
  expect(mostFlying).toBeGreaterThan(0)
  // Not told where nearly all was taken.
  expect(takens * GRAIN).toBeGreaterThanOrEqual(8 * 1024 * 1024)
  // What is said to be taken is told a grain at a time, and the drain after that.
  expect(mostFlying).toBeLessThanOrEqual(WINDOW + MAX_PACKET)
})

test('texts that are no word of what was taken end the link, and so does more than was sent', async () => {
  expect(await page.evaluate(() => linkPage.texts())).toBeUndefined()
  for (const texts of [[''], ['hello'], [TAKEN], [TAKEN, TAKEN]])
    expect(await page.evaluate(texts => linkPage.texts(...texts), texts)).toBe('failed')
})

test('no connection is open after all cases', async () => {
  await expect.poll(() => page.evaluate(() => linkPage.openConnections()), { timeout: 10_000 }).toBe(0)
})

test('the bundle needs and leaves no Node globals, and runs without eval', async () => {
  expect(await page.evaluate(() => linkPage.globals())).toEqual([])
  expect(server.code).not.toMatch(/\bnew Function\b|\beval\(/)
})

test('iceServers that the browser refuses are a TypeError that names them', async () => {
  expect(await page.evaluate(() => linkPage.refusedServers())).toMatch(/^iceServers: /)
})

test('a page can dial for ever: closed connections do not use up its 500', async ({ browser }) => {
  // A page of its own: what other cases have left behind would cause a collection anyway.
  const fresh = await browser.newPage()
  await fresh.goto(server.url)
  await fresh.waitForFunction(() => 'linkPage' in globalThis)
  expect(await fresh.evaluate(() => linkPage.churn(520, 10))).toBe(true)
  await fresh.close()
})
