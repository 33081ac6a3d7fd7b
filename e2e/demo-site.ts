/**
 * The built demo as people host it: static files and the signaling server on one port, and tabs that show it.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, expect as hasty, type Locator, type Page, test } from '@playwright/test'
import type * as SignalingServer from '../server/index.ts'

/** Patient: several tabs and a browser may share one slow machine with other work. */
export const expect = hasty.configure({ timeout: 15_000 })

const SITE = fileURLToPath(new URL('../dist-demo/', import.meta.url))
const SERVER = new URL('../dist/server.js', import.meta.url).href
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.map': 'application/json',
}

/** `dist-demo/` and the built signaling server at `/signal`, on one port of this machine. */
export class DemoSite {
  private readonly server: Server
  private readonly signaling: SignalingServer.Signaling | undefined

  private constructor(server: Server, signaling: SignalingServer.Signaling | undefined) {
    this.server = server
    this.signaling = signaling
  }

  /** @param alone without a signaling server, as on a static host */
  static async start(alone = false): Promise<DemoSite> {
    const { attachSignaling } = (await import(SERVER)) as typeof SignalingServer
    const server = createServer((request, response) => {
      const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
      try {
        const file = join(SITE, path === '/' ? 'index.html' : path)
        const body = readFileSync(file)
        response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
        response.end(body)
      } catch {
        response.writeHead(404).end()
      }
    })
    const signaling = alone ? undefined : attachSignaling(server, { path: '/signal' })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new DemoSite(server, signaling)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`
  }

  async close(): Promise<void> {
    await this.signaling?.close()
    this.server.closeAllConnections()
    await new Promise(resolve => this.server.close(resolve))
  }
}

/** One tab that shows the demo. */
export class DemoTab {
  readonly page: Page
  /** What the browser complained about: uncaught errors and those in the console, where breaches of the policy stand too. */
  readonly complaints: string[] = []

  constructor(page: Page) {
    this.page = page
    page.on('console', message => {
      if (message.type() === 'error') this.complaints.push(message.text())
    })
    page.on('pageerror', error => this.complaints.push(String(error)))
  }

  static async open(context: BrowserContext, url: string): Promise<DemoTab> {
    const tab = new DemoTab(await context.newPage())
    await tab.page.goto(url)
    return tab
  }

  part(testId: string): Locator {
    return this.page.getByTestId(testId)
  }

  /** Chat lines that hold exactly this text. */
  line(text: string): Locator {
    return this.part('chat-log').locator('.bubble').getByText(text, { exact: true })
  }

  peerId(): Promise<string> {
    return this.part('peer-id').evaluate(element => (element as HTMLElement).dataset['peerId'] ?? '')
  }

  async say(text: string): Promise<void> {
    await this.part('chat-input').fill(text)
    await this.part('chat-input').press('Enter')
  }

  /** Chooses a peer in the list and writes to it. */
  async writeTo(peer: string, text: string): Promise<void> {
    await this.part('known-peers').locator(`[data-peer="${peer}"] button`).click()
    await this.part('dm-input').fill(text)
    await this.part('dm-send').click()
  }
}

/** Waits until every tab knows every other and has a link. */
export async function meshed(tabs: readonly DemoTab[]): Promise<void> {
  for (const tab of tabs) {
    await expect(tab.part('peer-count')).toHaveText(String(tabs.length - 1))
    await expect(tab.part('state')).toHaveText('connected')
    await expect(tab.part('link-count')).not.toHaveText('0')
  }
}

/** One site for the tests of a file, and tabs whose complaints count at the end of each. */
export function demoForAll() {
  let site: DemoSite | undefined
  let tabs: DemoTab[] = []
  test.beforeAll(async () => {
    site = await DemoSite.start()
  })
  test.afterAll(() => site?.close())
  test.beforeEach(() => {
    tabs = []
  })
  test.afterEach(() => {
    for (const tab of tabs) expect(tab.complaints).toEqual([])
  })
  return {
    get url(): string {
      if (site === undefined) throw new Error('the site is there from the first test on')
      return site.url
    },
    /** Opens tabs; each test has a swarm of its own, named in the hash, unless it says otherwise. */
    async open(context: BrowserContext, count: number, hash: string): Promise<DemoTab[]> {
      const opened = await Promise.all(
        Array.from({ length: count }, () => DemoTab.open(context, `${this.url}${hash}`)),
      )
      tabs.push(...opened)
      return opened
    },
    /** Its complaints count, too. */
    watch(tab: DemoTab): void {
      tabs.push(tab)
    },
  }
}
