/**
 * What is said in the demo: lines to all and to one, their receipts, and the past for who comes later.
 */

import { test } from '@playwright/test'
import type { Mesh } from '../src/index.ts'
import { type DemoTab, demoForAll, expect, meshed } from './demo-site.ts'

const demo = demoForAll()

test('a chat line appears once in every other tab, and its writer sees that it arrived', async ({
  context,
}) => {
  const [a, b, c] = (await demo.open(context, 3, '#chat')) as [DemoTab, DemoTab, DemoTab]
  await meshed([a, b, c])
  await a.say('good morning')
  await a.say('and good night')
  for (const tab of [b, c]) {
    // What came later is here, so nothing of the first line is still on its way.
    await expect(tab.line('and good night')).toHaveCount(1)
    await expect(tab.line('good morning')).toHaveCount(1)
  }
  await expect(a.line('good morning')).toHaveCount(1)
  await expect(a.part('chat-log').locator('[data-delivery="delivered"]')).toHaveCount(2)
  await c.say('same to you')
  for (const tab of [a, b]) await expect(tab.line('same to you')).toHaveCount(1)
})

test('an own line says how many have it, a number that only grows; what was not sent says why', async ({
  context,
}) => {
  const [a] = (await demo.open(context, 1, '#seen')) as [DemoTab]
  await expect(a.part('state')).toHaveText('connected')
  await a.say('anybody?')
  const status = a.part('chat-log').locator('[data-delivery]').last()
  await expect(status).toContainText('nobody else is here yet')

  const more = await demo.open(context, 2, '#seen')
  await meshed([a, ...more])
  await a.page.evaluate(() => {
    const { body } = document
    new MutationObserver(() => {
      const words = [...document.querySelectorAll('[data-delivery]')].at(-1)?.textContent ?? ''
      const seen = /Seen by (\d+)/.exec(words)?.[1]
      if (seen !== undefined) body.dataset['seen'] = `${body.dataset['seen'] ?? ''}${seen} `
    }).observe(document.getElementById('chat-log') as HTMLElement, { childList: true, subtree: true })
  })
  await a.say('now then')
  await expect(status).toContainText('Seen by 2')
  const seen = await a.page.evaluate(() =>
    (document.body.dataset['seen'] ?? '').trim().split(' ').map(Number),
  )
  expect(seen).toEqual([...seen].sort())
  expect(seen.at(-1)).toBe(2)

  await a.part('leave-join').click()
  await expect(a.part('state')).toHaveText('left')
  await a.say('too late')
  await expect(status).toContainText('(left)')
  // The line before it has arrived, whether or not all had been counted when this tab left.
  await expect(a.page.getByRole('button', { name: 'Try again' })).toHaveCount(1)
  await a.part('leave-join').click()
  await meshed([a, ...more])
  await a.page.getByRole('button', { name: 'Try again' }).click()
  await expect(status).toContainText('Seen by 2')
})

test('who comes later reads what was said before, once and in its place', async ({ context }) => {
  const [a, b] = (await demo.open(context, 2, '#past')) as [DemoTab, DemoTab]
  await meshed([a, b])
  await a.say('first')
  await expect(b.line('first')).toHaveCount(1)
  await b.say('second')
  await expect(a.line('second')).toHaveCount(1)
  for (const tab of [a, b]) await expect(tab.part('earlier')).toHaveCount(0)
  // What is only a moment old when a tab joins comes to it as a message.
  const said = await a.page.evaluate(() => performance.now())
  await a.page.waitForFunction(said => performance.now() - said > 3000, said)

  const [c] = (await demo.open(context, 1, '#past')) as [DemoTab]
  await meshed([a, b, c])
  const before = c.page.getByRole('group', { name: 'Before you came' })
  await expect(before.locator('.bubble')).toHaveText(['first', 'second'])
  await expect(before.getByRole('heading', { name: 'Before you came' })).toBeVisible()
  await expect(before).toHaveAttribute('aria-live', 'off')
  await a.say('third')
  await expect(c.part('chat-log').locator('.bubble')).toHaveText(['first', 'second', 'third'])
  await expect(before.locator('.bubble')).toHaveText(['first', 'second'])

  // Back from outside, only what was missed is new: as a message if it is recent, else from the past, never both.
  await c.part('leave-join').click()
  await expect(c.part('state')).toHaveText('left')
  const [d] = (await demo.open(context, 1, '#past')) as [DemoTab]
  await meshed([a, b, d])
  await d.say('fourth')
  for (const tab of [a, b]) await expect(tab.line('fourth')).toHaveCount(1)
  await c.part('leave-join').click()
  await expect(c.part('chat-log').locator('.bubble')).toHaveText(['first', 'second', 'third', 'fourth'])

  // After reloads its own lines are among those of the past: it is the same peer, and what it said in an earlier
  // session is not forgotten with that session.
  const id = await a.peerId()
  for (let reloads = 0; reloads < 3; reloads++) {
    await a.page.reload()
    await expect(a.part('chat-log').locator('.bubble')).toHaveText(['first', 'second', 'third', 'fourth'])
    expect(await a.peerId()).toBe(id)
    const own = a.page.getByRole('group', { name: 'Before you came' }).locator('.own .bubble')
    await expect(own).toHaveText(['first', 'third'])
  }
})

test('when nobody tells of the past nothing is shown, and the chat goes on', async ({ context }) => {
  const [a, b] = (await demo.open(context, 2, '#silence')) as [DemoTab, DemoTab]
  await meshed([a, b])
  await a.say('unheard')
  await expect(b.line('unheard')).toHaveCount(1)
  const asked = context.waitForEvent('console', message => message.text() === 'asked')
  await context.addInitScript(() => {
    let mesh: Mesh
    Object.defineProperty(window, 'mesh', {
      get: () => mesh,
      set: (given: Mesh) => {
        mesh = given
        mesh.history = () => {
          console.log('asked')
          return Promise.reject(new Error('nobody answered'))
        }
      },
    })
  })
  const [c] = (await demo.open(context, 1, '#silence')) as [DemoTab]
  await asked
  await meshed([a, b, c])
  await a.say('heard')
  await expect(c.part('chat-log').locator('.bubble')).toHaveText(['heard'])
  await expect(c.part('earlier')).toHaveCount(0)
})

test('a direct message is delivered to one tab only; to a closed tab it fails in words', async ({
  context,
}) => {
  const [a, b, c] = (await demo.open(context, 3, '#direct')) as [DemoTab, DemoTab, DemoTab]
  await meshed([a, b, c])
  const target = await b.peerId()
  await a.writeTo(target, 'between you and me')
  await expect(a.part('dm-status')).toContainText('Delivered')
  await expect(b.line('between you and me')).toHaveCount(1)
  await a.say('for everybody')
  await expect(c.line('for everybody')).toHaveCount(1)
  await expect(c.line('between you and me')).toHaveCount(0)

  await b.page.close()
  await a.part('dm-input').fill('are you there?')
  await a.part('dm-send').click()
  const status = a.part('dm-status')
  await expect(status).toHaveAttribute('data-delivery', 'failed', { timeout: 20_000 })
  await expect(status).toHaveText(/\((no-route|timeout)\)$/)
  await expect(a.part('chat-log').getByRole('button', { name: 'Try again' })).toBeVisible()
})

test('a line that was long on its way is put where it belongs', async ({ context }) => {
  const [a, b] = (await demo.open(context, 2, '#late')) as [DemoTab, DemoTab]
  await meshed([a, b])
  const sendAged = (text: string, age: number) =>
    a.page.evaluate(
      ({ text, age }) =>
        (globalThis as unknown as { mesh: Mesh }).mesh.sendBroadcast('chat', {
          name: 'Ann',
          text,
          at: Date.now() - age,
        }),
      { text, age },
    )
  await sendAged('a minute ago', 60_000)
  await expect(b.line('a minute ago')).toHaveCount(1)
  await b.say('just now')
  await sendAged('half a minute ago', 30_000)
  await expect(b.part('chat-log').locator('.bubble')).toHaveText([
    'a minute ago',
    'half a minute ago',
    'just now',
  ])
})

test('the keyboard alone is enough: into the chat, and to a direct message', async ({ context }) => {
  const [a, b] = (await demo.open(context, 2, '#keys')) as [DemoTab, DemoTab]
  await meshed([a, b])
  const { keyboard } = a.page
  const focused = () => a.page.evaluate(() => document.activeElement?.getAttribute('data-testid') ?? '')
  /** Tab by Tab, as far as it takes. */
  const tabTo = async (testId: string) => {
    for (let i = 0; i < 40 && (await focused()) !== testId; i++) await keyboard.press('Tab')
    expect(await focused()).toBe(testId)
  }
  // The first stop is a way past everything else.
  await keyboard.press('Tab')
  await keyboard.press('Enter')
  expect(await focused()).toBe('chat-input')
  await keyboard.type('without a mouse')
  await keyboard.press('Enter')
  await expect(b.line('without a mouse')).toHaveCount(1)

  await a.page.reload()
  await meshed([a, b])
  await tabTo('chat-input')
  await keyboard.type('the long way')
  await keyboard.press('Enter')
  await expect(b.line('the long way')).toHaveCount(1)
  const peer = a.part('known-peers').getByRole('button').first()
  await peer.focus()
  await keyboard.press('Enter')
  expect(await focused()).toBe('dm-input')
  await keyboard.type('only for you')
  await keyboard.press('Enter')
  await expect(a.part('dm-status')).toContainText('Delivered')
})
