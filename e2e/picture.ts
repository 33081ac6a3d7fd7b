/**
 * Takes docs/demo.png: eight tabs of the built demo with four links at most, and what they say to each other.
 *
 *     npm run build && npm run picture
 *
 * @module
 */
import { chromium } from '@playwright/test'
import { findBrowser } from '../scripts/browser.mjs'
import { DemoSite, DemoTab, expect, meshed } from './demo-site.ts'

const PICTURE = 'docs/demo.png'
const OTHERS = ['Ada', 'Grace', 'Karen', 'Radia', 'Leslie', 'Barbara', 'Edsger']

const executablePath = await findBrowser()
const browser = await chromium.launch(executablePath === undefined ? {} : { executablePath })
const site = await DemoSite.start()
try {
  // Tabs of one browser share its storage; all have a key of their own, and the last a size of its own.
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' })
  const others: DemoTab[] = []
  const named = new Map<string, DemoTab>()
  const enter = async (name: string): Promise<DemoTab> => {
    const tab = await DemoTab.open(context, `${site.url}?maxPeers=4#lobby`)
    await expect(tab.part('state')).toHaveText('connected')
    await tab.part('my-name').fill(name)
    await tab.part('my-name').press('Enter')
    return tab
  }
  const say = async (name: string, text: string): Promise<void> => {
    await named.get(name)?.say(text)
    for (const tab of others) await expect(tab.line(text)).toHaveCount(1)
  }
  for (const name of OTHERS) {
    const tab = await enter(name)
    others.push(tab)
    named.set(name, tab)
  }
  await meshed(others)
  await say('Grace', 'Does it still need the server?')
  await say('Karen', 'Cut it and see. I just did.')
  await say('Radia', 'Only newcomers ask it.')
  const tim = await enter('Tim')
  await meshed([...others, tim])
  await expect(tim.line('Only newcomers ask it.')).toHaveCount(1)
  await tim.page.bringToFront()
  for (const name of OTHERS) await expect(tim.part('known-peers')).toContainText(name)
  await tim.say('I can read what I missed!')
  await expect(tim.page.getByText('Seen by 7')).toHaveCount(1)
  await say('Ada', 'Welcome! How many links have you?')
  const grace = await named.get('Grace')?.peerId()
  await tim.writeTo(grace ?? '', 'You were right about the server')
  await tim.say('A few, and all seven hear me')
  await expect(tim.page.getByText('Seen by 7')).toHaveCount(2)
  await expect(tim.part('signaling')).toContainText('up')
  await expect(tim.page.locator('.toast')).toHaveCount(0)
  await tim.page.screenshot({ path: PICTURE })
  process.stdout.write(`${PICTURE} is new\n`)
} finally {
  await browser.close()
  await site.close()
}
