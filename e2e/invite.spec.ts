/**
 * Invites: who has a code and a way to carry another back needs no server; who shares a server needs one code.
 */

import { type Browser, type BrowserContext, expect, type Page, test } from '@playwright/test'
import { enter, hearEachOther, idOf, invite, joined, reply, welcome } from './device.ts'
import { SignalingProcess, serveBundle } from './swarm.ts'

let pages: Awaited<ReturnType<typeof serveBundle>>
let contexts: BrowserContext[] = []

test.beforeAll(async () => {
  pages = await serveBundle()
})
test.afterAll(() => pages.close())
test.afterEach(async () => {
  await Promise.all(contexts.map(context => context.close()))
  contexts = []
})

/** A tab in a browser profile of its own: it shares no BroadcastChannel with the others. */
async function newDevice(browser: Browser): Promise<Page> {
  const context = await browser.newContext()
  contexts.push(context)
  return tabOf(context)
}

async function tabOf(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(pages.url)
  return page
}

test('with no server at all, two codes bring a device in; the second device invites a third', async ({
  browser,
}) => {
  const devices = [await newDevice(browser)]
  expect(await enter(devices[0] as Page, {})).toBe('made')
  expect(await joined(devices[0] as Page)).toBe('ok')
  for (let n = 1; n < 3; n++) {
    const host = devices[n - 1] as Page
    const uri = await invite(host)
    expect(uri.length).toBeLessThan(600)
    expect(uri.startsWith(`${pages.url}#tabmesh=`)).toBe(true)
    const guest = await newDevice(browser)
    expect(await enter(guest, { invite: uri })).toBe('made')
    const code = await reply(guest)
    expect(code.length).toBeLessThan(400)
    expect(await welcome(host, code)).toBe(await idOf(guest))
    expect(await joined(guest)).toBe('ok')
    devices.push(guest)
    await hearEachOther(devices, `round ${n}`)
  }
})

test('an invite that is old, used or altered is refused by its name, and leaves nothing behind', async ({
  browser,
}) => {
  const host = await newDevice(browser)
  await enter(host, {})
  await joined(host)
  const uri = await invite(host)
  const guests = [await newDevice(browser), await newDevice(browser)] as const
  for (const guest of guests) expect(await enter(guest, { invite: uri })).toBe('made')
  expect(await welcome(host, await reply(guests[0]))).toBe(await idOf(guests[0]))
  expect(await welcome(host, await reply(guests[1]))).toBe('invite-used')
  expect(await welcome(host, uri)).toBe('invite-invalid')

  const brief = await invite(host, { lifetime: 1000, offer: false })
  const late = await newDevice(browser)
  await late.clock.install({ time: Date.now() + 5000 })
  expect(await enter(late, { invite: brief })).toBe('invite-expired')
  expect(await enter(late, { invite: `${brief.slice(0, -20)}${'A'.repeat(20)}` })).toBe('invite-invalid')
  const waiting = await newDevice(browser)
  expect(await enter(waiting, { invite: await invite(host, { lifetime: 1500 }) })).toBe('made')
  expect(await joined(waiting)).toBe('invite-expired')
  const { links, opening } = await host.evaluate(() => globalThis.device.mesh.stats())
  expect({ links: links.length, opening }).toEqual({ links: 1, opening: 0 })
})

test('one code is enough where both reach the server that it names, or are tabs of one browser', async ({
  browser,
}) => {
  const server = await SignalingProcess.start()
  try {
    const host = await newDevice(browser)
    await enter(host, { signaling: server.url })
    await joined(host)
    const devices = [host]
    for (const offer of [false, true]) {
      const guest = await newDevice(browser)
      const uri = await invite(host, { offer })
      expect(await enter(guest, { invite: uri })).toBe('made')
      expect(await joined(guest)).toBe('ok')
      devices.push(guest)
      const another = await newDevice(browser)
      expect(await enter(another, { invite: uri })).toBe('made')
      expect(await joined(another)).toBe('invite-used')
    }
    await server.kill()
    const tab = await tabOf(host.context())
    expect(await enter(tab, { invite: await invite(host) })).toBe('made')
    expect(await joined(tab)).toBe('ok')
    await hearEachOther([...devices, tab], 'all')
  } finally {
    await server.kill()
  }
})
