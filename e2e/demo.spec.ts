/**
 * The demo as people meet it: the built site beside the real signaling server, in real tabs.
 */

import { test } from '@playwright/test'
import { DemoSite, DemoTab, demoForAll, expect, meshed } from './demo-site.ts'

const demo = demoForAll()

test('a new name shows in the other tabs, in their lists and at their lines', async ({ context }) => {
  const [a, b] = (await demo.open(context, 2, '#names')) as [DemoTab, DemoTab]
  await meshed([a, b])
  await a.part('my-name').fill('Ada Lovelace')
  await a.part('my-name').press('Enter')
  await expect(b.part('known-peers')).toContainText('Ada Lovelace')
  await a.say('hello from Ada')
  await expect(b.part('chat-log').locator('article header')).toContainText('Ada Lovelace')
  await a.page.reload()
  await expect(a.part('my-name')).toHaveValue('Ada Lovelace')
})

test('“Open 3 more tabs” makes four tabs one mesh', async ({ context }) => {
  const [first] = (await demo.open(context, 1, '#more')) as [DemoTab]
  await expect(first.part('state')).toHaveText('connected')
  const more: DemoTab[] = []
  context.on('page', page => more.push(new DemoTab(page)))
  await first.part('open-tabs').click()
  await expect.poll(() => more.length).toBe(3)
  for (const tab of more) demo.watch(tab)
  await meshed([first, ...more])
  await more[2]?.say('we are four')
  for (const tab of [first, more[0], more[1]])
    await expect((tab as DemoTab).line('we are four')).toHaveCount(1)
})

test('leaving is seen by the others, and joining again brings everything back', async ({ context }) => {
  const [a, b] = (await demo.open(context, 2, '#leave')) as [DemoTab, DemoTab]
  await meshed([a, b])
  await a.part('leave-join').click()
  await expect(a.part('state')).toHaveText('left')
  await expect(b.part('peer-count')).toHaveText('0')
  await a.part('leave-join').click()
  await meshed([a, b])
  await a.say('here again')
  await expect(b.line('here again')).toHaveCount(1)
})

test('with the signaling connection cut, the chat goes on; restored, newcomers find the mesh', async ({
  context,
}) => {
  const [a, b] = (await demo.open(context, 2, '#cut')) as [DemoTab, DemoTab]
  await meshed([a, b])
  const scissors = [a, b].map(tab => tab.part('cut-signaling'))
  for (const button of scissors) await button.click()
  for (const tab of [a, b]) await expect(tab.part('signaling')).toHaveAttribute('data-signaling', 'cut')
  await a.say('no server here')
  await expect(b.line('no server here')).toHaveCount(1)
  await b.say('none here either')
  await expect(a.line('none here either')).toHaveCount(1)
  await expect(a.part('state')).toHaveText('connected')

  for (const button of scissors) await button.click()
  for (const tab of [a, b]) await expect(tab.part('signaling')).toHaveAttribute('data-signaling', 'up')
  const [c] = (await demo.open(context, 1, '#cut')) as [DemoTab]
  await meshed([a, b, c])
})

test('the name in the address keeps swarms apart; the bare address is one mesh for everybody', async ({
  context,
}) => {
  const red = await demo.open(context, 2, '#red')
  const bare = await demo.open(context, 2, '')
  const named = await demo.open(context, 1, '#lobby')
  const [a, b] = red as [DemoTab, DemoTab]
  const [c] = bare as [DemoTab]
  await meshed(red)
  await meshed([...bare, ...named])
  await expect(c.part('swarm-name')).toHaveValue('lobby')
  expect(new URL(c.page.url()).hash).toBe('#lobby')
  await a.say('red only')
  await expect(b.line('red only')).toHaveCount(1)
  await c.say('lobby only')
  await expect((named[0] as DemoTab).line('lobby only')).toHaveCount(1)
  for (const tab of [...bare, ...named]) await expect(tab.line('red only')).toHaveCount(0)
  for (const tab of red) await expect(tab.line('lobby only')).toHaveCount(0)

  // Another name in the field is another swarm, with the same peer id.
  const id = await c.peerId()
  await c.part('swarm-name').fill('red')
  await c.part('swarm-name').press('Enter')
  await meshed([...red, c])
  expect(await c.peerId()).toBe(id)
})

test('on a phone nothing scrolls sideways, and the input is in sight', async ({ browser }) => {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  })
  try {
    const [a, b] = (await demo.open(context, 2, '#a-rather-long-swarm-name-that-somebody-chose')) as [
      DemoTab,
      DemoTab,
    ]
    await meshed([a, b])
    await b.part('my-name').fill('Maximiliane von Hohenlohe-Waldeck')
    await b.part('my-name').press('Enter')
    await b.say('w'.repeat(300))
    await b.say('short')
    await expect(a.line('short')).toHaveCount(1)
    // A phone shows one tab at a time, and hidden ones hardly paint.
    await a.page.bringToFront()
    const width = () => a.page.evaluate(() => document.documentElement.scrollWidth)
    for (const view of ['Mesh', 'Peers', 'Chat']) {
      await a.page.getByRole('button', { name: view, exact: true }).tap()
      expect(await width()).toBeLessThanOrEqual(390)
    }
    await expect(a.part('chat-input')).toBeInViewport({ ratio: 1 })
    await expect(a.part('chat-send')).toBeInViewport({ ratio: 1 })
    await a.part('chat-input').tap()
    await a.page.keyboard.type('from a phone')
    await a.part('chat-send').tap()
    await expect(b.line('from a phone')).toHaveCount(1)
  } finally {
    await context.close()
  }
})

test('dark and light follow the system until somebody chooses, and a choice is there before the first paint', async ({
  browser,
}) => {
  const context = await browser.newContext({ colorScheme: 'dark' })
  try {
    await context.addInitScript(() => {
      // The theme at the moment the body begins to exist: nothing has been painted before.
      new MutationObserver((_, observer) => {
        if (!document.body) return
        observer.disconnect()
        document.body.dataset['themeAtFirst'] = document.documentElement.dataset['theme'] ?? 'system'
      }).observe(document, { childList: true, subtree: true })
    })
    const [tab] = (await demo.open(context, 1, '#theme')) as [DemoTab]
    const look = () =>
      tab.page.evaluate(() => {
        const { backgroundColor, color } = getComputedStyle(document.body)
        const { themeAtFirst } = document.body.dataset
        return { backgroundColor, color, themeAtFirst }
      })
    const dark = await look()
    expect(dark.themeAtFirst).toBe('system')
    await tab.page.emulateMedia({ colorScheme: 'light' })
    const light = await look()
    expect(light.backgroundColor).not.toBe(dark.backgroundColor)
    expect(light.color).not.toBe(dark.color)

    await tab.page.getByRole('button', { name: 'Switch to the dark theme' }).click()
    expect(await look()).toEqual(dark)
    await tab.page.reload()
    await expect(tab.page.getByRole('button', { name: 'Switch to the light theme' })).toBeVisible()
    expect(await look()).toEqual({ ...dark, themeAtFirst: 'dark' })
  } finally {
    await context.close()
  }
})

test('the page forbids inline code and anything from elsewhere, and needs neither', async ({ context }) => {
  // Not among the tabs whose complaints count: this one provokes them.
  const tab = await DemoTab.open(context, `${demo.url}#policy`)
  await expect(tab.part('state')).toHaveText('connected')
  expect(tab.complaints).toEqual([])
  await tab.page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'document.title = "inline code ran"'
    document.body.append(script)
    const image = document.createElement('img')
    image.src = 'https://example.org/spy.png'
    document.body.append(image)
  })
  await expect
    .poll(() => tab.complaints.filter(text => text.includes('Content Security Policy')).length)
    .toBe(2)
  expect(await tab.page.title()).not.toBe('inline code ran')
})

test('without a signaling server the page says what to do, and finds it once it is there', async ({
  context,
}) => {
  const lonely = await DemoSite.start()
  const tab = new DemoTab(await context.newPage())
  await tab.page.goto(`${demo.url}?signal=${encodeURIComponent('ws://127.0.0.1:9/signal')}#alone`)
  await expect(tab.page.getByRole('alert')).toContainText('npm start')
  await tab.page.goto(`${demo.url}?signal=nonsense#alone`)
  await expect(tab.page.getByRole('alert')).toContainText('wss://')
  await tab.page.goto(
    `${demo.url}?signal=${encodeURIComponent(lonely.url.replace('http', 'ws'))}signal#alone`,
  )
  await expect(tab.part('signaling')).toHaveAttribute('data-signaling', 'up')
  await expect(tab.page.getByRole('alert')).toBeHidden()
  await lonely.close()
})
