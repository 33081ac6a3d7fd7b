/**
 * The demo on a static host: the tabs of one browser meet by themselves, another device comes in by an invite and its reply, and
 * the page says what it can find out about its connection.
 */

import { test } from '@playwright/test'
import { DemoSite, DemoTab, expect, meshed } from './demo-site.ts'

test('without a server, tabs of one browser meet, and another device comes in by an invite and its reply', async ({
  browser,
}) => {
  const site = await DemoSite.start(true)
  const contexts = [await browser.newContext(), await browser.newContext()] as const
  try {
    const [home, away] = contexts
    const tabs = [
      await DemoTab.open(home, `${site.url}#static`),
      await DemoTab.open(home, `${site.url}#static`),
    ]
    await meshed(tabs)
    const [host] = tabs as [DemoTab]
    await host.page.setViewportSize({ width: 1200, height: 800 })
    await host.part('invite').click()
    await expect(host.part('invite-link')).toHaveValue(/#static&tabmesh=[\w-]+$/)
    await expect(host.part('invite-dialog').getByRole('img')).toBeVisible()
    await expect(host.part('invite-dialog')).toContainText(/for (10:00|9:\d\d) more/)
    const shots = process.env['TABMESH_SHOTS']
    if (shots !== undefined) await host.page.screenshot({ path: `${shots}/invite-wide.png` })
    const guest = await DemoTab.open(away, await host.part('invite-link').inputValue())
    await guest.page.setViewportSize({ width: 390, height: 780 })
    await guest.page.emulateMedia({ colorScheme: 'dark' })
    await expect(guest.part('reply-dialog')).toBeVisible()
    if (shots !== undefined) await guest.page.screenshot({ path: `${shots}/reply-phone-dark.png` })
    await host.part('invite-reply').fill(await guest.part('reply-text').inputValue())
    await host.part('welcome').click()
    await expect(host.part('invite-dialog')).toContainText(/Connected|come in/)
    await expect(guest.part('reply-dialog')).toBeHidden()
    await host.page.keyboard.press('Escape')
    await guest.say('hello from outside')
    await expect(host.part('chat-log')).toContainText('hello from outside')
    expect(new URL(guest.page.url()).hash).toBe('#static')
    await guest.page.locator('[data-show=mesh]').click()
    await guest.part('why').click()
    await expect(guest.part('why-list')).toContainText('WebRTC: there', { timeout: 20_000 })
    await expect(guest.part('why-status')).not.toBeEmpty()
    if (shots !== undefined) await guest.page.screenshot({ path: `${shots}/why-phone-dark.png` })
  } finally {
    await Promise.all(contexts.map(context => context.close()))
    await site.close()
  }
})
