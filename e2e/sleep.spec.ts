/**
 * Tabs that freeze, lose their network or crash, and come back, in a real browser.
 *
 * What freezes a tab here is the debugger's pause: no timer, no message and no other JavaScript runs until it is let go,
 * while the browser's WebRTC threads go on, as in a tab that Chromium has frozen. `Page.setWebLifecycleState` would be the
 * nearer thing, but does nothing to a page that is visible, and Playwright keeps every page visible (Chromium 156); so
 * the event `freeze`, where there is one, is fired by the test. A machine that sleeps, whose WebRTC threads stop as well, is in the simulator
 * (`npm run sim -- --scenario sleep`).
 */
import { type CDPSession, expect, test } from '@playwright/test'
import { calm, noErrors, Swarm, Tab } from './swarm.ts'

// Ten seconds of frost, and pages that start on a busy machine.
test.describe.configure({ timeout: 120_000 })

let swarm: Swarm
test.beforeEach(async ({ browser }) => {
  swarm = await Swarm.start(browser)
})
test.afterEach(async () => {
  await swarm.close()
})

/** Longer than the 6 s of silence after which a link is given up. */
const FROZEN = 9000

/** Nothing runs in the tab until the session is given to {@link thaw}. */
async function freeze(tab: Tab): Promise<CDPSession> {
  await tab.page.evaluate(() => {
    const beats = { count: 0 }
    setInterval(() => beats.count++, 50)
    Object.assign(globalThis, { beats })
  })
  const session = await tab.page.context().newCDPSession(tab.page)
  await session.send('Debugger.enable')
  const paused = new Promise(resolve => session.once('Debugger.paused', resolve))
  await session.send('Debugger.pause')
  await paused
  return session
}

async function thaw(session: CDPSession): Promise<void> {
  await session.send('Debugger.resume')
  await session.send('Debugger.disable')
  await session.detach()
}

/** Broadcasts of the others while a tab is frozen, one every half second. */
async function talk(others: readonly Tab[], ms: number): Promise<Record<string, number>> {
  const expected: Record<string, number> = {}
  const end = Date.now() + ms
  for (let n = 0; Date.now() < end; n++) {
    const text = `missed ${n}`
    expected[text] = 1
    await (others[n % others.length] as Tab).broadcast('talk', text)
    await new Promise(resolve => setTimeout(resolve, 500))
  }
  return expected
}

function disconnects(tabs: readonly Tab[], id: string): Promise<number[]> {
  return Promise.all(
    tabs.map(tab =>
      tab.page.evaluate(
        id =>
          globalThis.tab.events.filter(({ name, peer }) => name === 'peer:disconnect' && peer === id).length,
        id,
      ),
    ),
  )
}

test('a frozen tab that has said so keeps its links, and has every broadcast it missed, once', async () => {
  const tabs = await swarm.open(5)
  await calm(tabs)
  const [sleeper, ...others] = tabs as [Tab, ...Tab[]]
  const before = await disconnects(others, sleeper.id)
  await sleeper.page.evaluate(() => document.dispatchEvent(new Event('freeze')))
  const session = await freeze(sleeper)
  const missed = await talk(others, FROZEN)
  await thaw(session)
  // Its timers stood still: of some 180 beats nearly none came.
  expect(
    await sleeper.page.evaluate(() => (Reflect.get(globalThis, 'beats') as { count: number }).count),
  ).toBeLessThan(40)
  await expect.poll(() => sleeper.heard('talk'), { intervals: [50], timeout: 5000 }).toEqual(missed)
  expect(await disconnects(others, sleeper.id)).toEqual(before)
  await sleeper.broadcast('back', 'here')
  for (const other of others) {
    await expect.poll(() => other.heard('back'), { intervals: [50], timeout: 5000 }).toEqual({ here: 1 })
  }
  expect(await sleeper.heard('talk')).toEqual(missed)
  await noErrors(tabs)
})

test('a frozen tab that could not say so has lost its links, says so, links again, and has what it missed, once', async () => {
  const tabs = await swarm.open(5)
  await calm(tabs)
  const [sleeper, ...others] = tabs as [Tab, ...Tab[]]
  await sleeper.page.evaluate(() => {
    const states: string[] = []
    tab.mesh.on('state', state => states.push(state))
    Object.assign(globalThis, { states })
  })
  const session = await freeze(sleeper)
  const missed = await talk(others, FROZEN)
  expect((await disconnects(others, sleeper.id)).some(count => count > 0)).toBe(true)
  await thaw(session)
  await expect.poll(() => sleeper.heard('talk'), { intervals: [50], timeout: 8000 }).toEqual(missed)
  await expect
    .poll(() => sleeper.page.evaluate(() => Reflect.get(globalThis, 'states')), {
      intervals: [50],
      timeout: 5000,
    })
    .toEqual(['reconnecting', 'connected'])
  await calm(tabs)
  expect(await sleeper.heard('talk')).toEqual(missed)
  await noErrors(tabs)
})

/**
 * Chromium's emulated offline cuts fetches and new sockets and fires `offline` and `online`; data channels go on. So this
 * shows that the way to the server is back at once, and that a flip costs no link and no message; that a link finds a new
 * path is shown by the ICE restart in link-conformance.spec.ts, and by a real network in the lab.
 */
test('a network that goes and comes back: the server is reached again at once, and no link is lost', async () => {
  const tabs = await swarm.open(4)
  await calm(tabs)
  const before = await Promise.all(tabs.map(tab => tab.neighbours()))
  const signaling = (tab: Tab) => tab.page.evaluate(() => globalThis.tab.mesh.stats().signaling)
  const context = (tabs[0] as Tab).page.context()
  const attempts = tabs.map(tab => {
    const seen = { count: 0 }
    tab.page.on('websocket', () => seen.count++)
    return seen
  })
  await context.setOffline(true)
  await swarm.signaling.kill()
  for (const tab of tabs) await expect.poll(async () => (await signaling(tab)).up).toBe(false)
  // Attempts fail until the wait between two of them is several seconds.
  await expect
    .poll(() => Math.min(...attempts.map(({ count }) => count)), { timeout: 60_000 })
    .toBeGreaterThanOrEqual(4)
  await swarm.signaling.start()
  for (const tab of tabs) expect((await signaling(tab)).up).toBe(false)
  await context.setOffline(false)
  for (const tab of tabs)
    await expect.poll(async () => (await signaling(tab)).up, { timeout: 2000 }).toBe(true)
  expect(await Promise.all(tabs.map(tab => tab.neighbours()))).toEqual(before)
  await (tabs[0] as Tab).broadcast('flip', 'once')
  for (const tab of tabs.slice(1)) {
    await expect.poll(() => tab.heard('flip'), { intervals: [50], timeout: 5000 }).toEqual({ once: 1 })
  }
  await noErrors(tabs)
})

/** In a page: from the moment that `nobody` is true, samples of the signaling server are empty. All else is as it was. */
function blind(from: 'now' | 'later'): void {
  Object.assign(globalThis, { nobody: from === 'now' })
  const listen = WebSocket.prototype.addEventListener
  WebSocket.prototype.addEventListener = function (this: WebSocket, type: string, listener: unknown) {
    const hear = listener as (event: unknown) => void
    listen.call(this, type, (event: Event) => {
      if (type !== 'message' || Reflect.get(globalThis, 'nobody') === false) return hear(event)
      const message = JSON.parse((event as MessageEvent<string>).data)
      if (Array.isArray(message.sample)) message.sample = []
      hear({ data: JSON.stringify(message) })
    })
  }
}

/** Entries of the longest address book in this browser's database: every tab has one of its own. */
function longestBook(): Promise<number> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('tabmesh-book')
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const reading = opening.result.transaction('books').objectStore('books').getAll()
      reading.onsuccess = () => {
        opening.result.close()
        const books = (reading.result as unknown[][]).filter(([first]) => typeof first === 'object')
        resolve(Math.max(0, ...books.map(book => book.length)))
      }
    }
  })
}

test('a tab that crashed comes back by its address book, with a server that names nobody', async () => {
  const tabs = await swarm.open(6, { idle: true })
  for (const { page } of tabs) {
    await page.evaluate(blind, 'later' as const)
    await page.evaluate(() => tab.mesh.join())
  }
  await calm(tabs)
  const [crashed, ...others] = tabs as [Tab, ...Tab[]]
  const { id, page } = crashed
  const before = (await crashed.neighbours()).length
  // Writes are gathered for a second.
  await expect.poll(() => page.evaluate(longestBook), { timeout: 5000 }).toBeGreaterThanOrEqual(before)
  for (const other of others)
    await other.page.evaluate(() => Object.assign(globalThis, { nobody: true }) && 0)
  await crashed.crash()

  // A tab without a book finds nobody: the server names none.
  const [stranger, back] = (await Promise.all(
    (['ephemeral', 'persistent'] as const).map(async identity => {
      const tab = new Tab(await page.context().newPage(), { identity })
      await tab.page.addInitScript(blind, 'now' as const)
      return tab
    }),
  )) as [Tab, Tab]
  await stranger.open(swarm.url, swarm.signaling.url)

  // The browser restores a crashed tab as a new page: the one identity that is free is its own.
  await back.open(swarm.url, swarm.signaling.url)
  expect(back.id).toBe(id)
  await expect.poll(async () => (await back.neighbours()).length, { timeout: 10_000 }).toBeGreaterThan(0)
  expect(await back.page.evaluate(() => tab.mesh.stats().addressBook)).toBeGreaterThan(0)
  expect(await stranger.neighbours()).toEqual([])
  await back.broadcast('again', 'back')
  for (const other of others) {
    await expect.poll(() => other.heard('again'), { intervals: [50], timeout: 10_000 }).toEqual({ back: 1 })
  }
  await noErrors([back, ...others])
})
