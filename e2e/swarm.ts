/**
 * A swarm of real tabs for end-to-end tests: the built bundle served over http under a strict policy, the real
 * signaling server in a process of its own, one page per peer.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, expect, type Page } from '@playwright/test'
// Types come from the sources, so that a clone checks before it has ever been built; what runs is dist/.
import type * as Tabmesh from '../src/index.ts'
import { STRICT_POLICY } from './page-server.ts'

declare global {
  /** What a test tab holds: the library, its mesh and what it has heard. */
  var tab: {
    readonly tabmesh: typeof Tabmesh
    readonly mesh: Tabmesh.Mesh
    readonly heard: { from: string; topic: string | undefined; data: unknown; hops: number; at: number }[]
    readonly events: { name: string; peer: string; at: number }[]
    readonly errors: string[]
  }
}

const dist = (file: string): string => fileURLToPath(new URL(`../dist/${file}`, import.meta.url))

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createSocketServer()
  await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise(resolve => probe.close(resolve))
  return port
}

/** The signaling server as people run it: the built command, in a process of its own. */
export class SignalingProcess {
  readonly port: number
  private child: ChildProcess | undefined

  private constructor(port: number) {
    this.port = port
  }

  static async start(): Promise<SignalingProcess> {
    const server = new SignalingProcess(await freePort())
    await server.start()
    return server
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/signal`
  }

  async start(): Promise<void> {
    const child = spawn(
      process.execPath,
      [dist('signal-cli.js'), '--port', `${this.port}`, '--host', '127.0.0.1'],
      {
        stdio: 'ignore',
      },
    )
    this.child = child
    await expect
      .poll(
        async () => (await fetch(`http://127.0.0.1:${this.port}/healthz`).catch(() => undefined))?.status,
        {
          intervals: [20],
        },
      )
      .toBe(200)
  }

  /** No good-bye: the process is gone. */
  async kill(): Promise<void> {
    const { child } = this
    this.child = undefined
    if (child === undefined || child.exitCode !== null) return
    const gone = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }
}

/** What a page is served: the bundle, and documents that hold nothing but it. */
export async function serveBundle(): Promise<{ url: string; close(): Promise<void> }> {
  const code = readFileSync(dist('tabmesh.js'))
  const server: Server = createServer((request, response) => {
    const script = request.url === '/tabmesh.js'
    response.writeHead(200, {
      'content-type': script ? 'text/javascript' : 'text/html; charset=utf-8',
      'content-security-policy': STRICT_POLICY.replace(
        "connect-src 'self'",
        "connect-src 'self' ws://127.0.0.1:*",
      ),
    })
    response.end(script ? code : '<!doctype html><title>tab</title><body>')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

export interface TabOptions {
  readonly maxPeers?: number
  readonly swarm?: string
  readonly identity?: 'persistent' | 'ephemeral'
  /** The ways in: the signaling server, one that is dead, the tabs of this browser. Default: the server, not in a list. */
  readonly ways?: readonly ('server' | 'dead' | 'tabs')[]
  /** Not to be joined at once. */
  readonly idle?: boolean
}

/** One tab with one mesh. */
export class Tab {
  readonly page: Page
  readonly options: TabOptions
  id = ''

  constructor(page: Page, options: TabOptions) {
    this.page = page
    this.options = options
  }

  /** Loads the page and makes the mesh; joins unless told otherwise. */
  async open(url: string, signaling: string): Promise<void> {
    await this.page.goto(url)
    await this.begin(signaling)
  }

  async begin(signaling: string): Promise<void> {
    const { maxPeers = 4, swarm = 'e2e', identity = 'persistent', ways } = this.options
    this.id = await this.page.evaluate(
      async ({ signaling, maxPeers, swarm, identity, ways }) => {
        const from = '/tabmesh.js'
        const tabmesh = (await import(from)) as typeof Tabmesh
        const { BroadcastChannelTransport, createMesh, WebSocketTransport } = tabmesh
        // Nothing listens at the port of discard (RFC 863).
        const urls = { server: signaling, dead: 'ws://127.0.0.1:9/signal' }
        const transports = ways?.map(way =>
          way === 'tabs' ? new BroadcastChannelTransport() : new WebSocketTransport(urls[way]),
        )
        const errors: string[] = []
        addEventListener('error', event => errors.push(String(event.message)))
        addEventListener('unhandledrejection', event => errors.push(String(event.reason)))
        const mesh = await createMesh({
          transport: transports ?? new WebSocketTransport(signaling),
          swarm,
          maxPeers,
          identity,
          iceServers: [],
        })
        const tab: typeof globalThis.tab = { tabmesh, mesh, heard: [], events: [], errors }
        mesh.on('message', ({ from, topic, data, hops }) =>
          tab.heard.push({ from, topic, data, hops, at: performance.now() }),
        )
        for (const name of ['peer:connect', 'peer:disconnect', 'peer:timeout'] as const) {
          mesh.on(name, (peer: string) => tab.events.push({ name, peer, at: performance.now() }))
        }
        globalThis.tab = tab
        return mesh.peerId
      },
      { signaling, maxPeers, swarm, identity, ways },
    )
    if (this.options.idle !== true) await this.page.evaluate(() => tab.mesh.join())
  }

  neighbours(): Promise<string[]> {
    return this.page.evaluate(() => [...tab.mesh.neighbours])
  }

  /** How often each text was heard on `topic`. */
  heard(topic: string): Promise<Record<string, number>> {
    return this.page.evaluate(topic => {
      const counts: Record<string, number> = {}
      for (const message of tab.heard) {
        if (message.topic === topic) counts[String(message.data)] = (counts[String(message.data)] ?? 0) + 1
      }
      return counts
    }, topic)
  }

  broadcast(topic: string, data: string): Promise<void> {
    return this.page.evaluate(({ topic, data }) => tab.mesh.sendBroadcast(topic, data), { topic, data })
  }

  /** `ok`, or the code the promise rejected with, and how long it took. */
  send(to: string, data: string, timeout = 10_000): Promise<{ outcome: string; ms: number }> {
    return this.page.evaluate(
      async ({ to, data, timeout }) => {
        const began = performance.now()
        const outcome = await tab.mesh.send(to as Tabmesh.PeerId, data, { timeout }).then(
          () => 'ok',
          (error: { code?: string }) => error.code ?? String(error),
        )
        return { outcome, ms: performance.now() - began }
      },
      { to, data, timeout },
    )
  }

  /** Kills the renderer: no good-bye, no close. */
  async crash(): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page)
    const gone = this.page.waitForEvent('crash')
    session.send('Page.crash').catch(() => {})
    await gone
  }
}

/** A page server, a signaling server and tabs. */
export class Swarm {
  readonly signaling: SignalingProcess
  readonly tabs: Tab[] = []
  private readonly context: BrowserContext
  private readonly pages: Awaited<ReturnType<typeof serveBundle>>

  private constructor(
    context: BrowserContext,
    signaling: SignalingProcess,
    pages: Awaited<ReturnType<typeof serveBundle>>,
  ) {
    this.context = context
    this.signaling = signaling
    this.pages = pages
  }

  static async start(browser: Browser): Promise<Swarm> {
    return new Swarm(await browser.newContext(), await SignalingProcess.start(), await serveBundle())
  }

  get url(): string {
    return this.pages.url
  }

  /** Opens `count` tabs at once; `context` may be of another browser, and is closed by whoever made it. */
  async open(
    count: number,
    options: TabOptions = {},
    signaling = this.signaling.url,
    context = this.context,
  ): Promise<Tab[]> {
    const opened = await Promise.all(
      Array.from({ length: count }, async () => new Tab(await context.newPage(), options)),
    )
    this.tabs.push(...opened)
    await Promise.all(opened.map(tab => tab.open(this.pages.url, signaling)))
    return opened
  }

  async close(): Promise<void> {
    await this.context.close()
    await this.signaling.kill()
    await this.pages.close()
  }
}

/** Islands of the graph that the tabs' neighbour lists make. */
export async function islands(tabs: readonly Tab[]): Promise<number> {
  const links = new Map(await Promise.all(tabs.map(async tab => [tab.id, await tab.neighbours()] as const)))
  const seen = new Set<string>()
  let count = 0
  for (const start of links.keys()) {
    if (seen.has(start)) continue
    count++
    const stack = [start]
    seen.add(start)
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      for (const next of links.get(id) ?? []) {
        if (seen.has(next) || !links.has(next)) continue
        seen.add(next)
        stack.push(next)
      }
    }
  }
  return count
}

/** Waits until the tabs are one island. */
export async function whole(tabs: readonly Tab[]): Promise<void> {
  await expect.poll(() => islands(tabs), { intervals: [50], timeout: 20_000 }).toBe(1)
}

/** Waits until the tabs are one island and no link has come or gone for a second. */
export async function calm(tabs: readonly Tab[]): Promise<void> {
  await whole(tabs)
  for (const { page } of tabs) {
    await page.waitForFunction(() => performance.now() - (globalThis.tab.events.at(-1)?.at ?? 0) > 1000)
  }
}

/** Every tab broadcasts its id; waits until each has heard every other, and checks that it was once. */
export async function everyoneHearsEveryone(tabs: readonly Tab[], topic: string): Promise<void> {
  await Promise.all(tabs.map(tab => tab.broadcast(topic, tab.id)))
  for (const tab of tabs) {
    const expected = Object.fromEntries(tabs.filter(other => other !== tab).map(other => [other.id, 1]))
    await expect.poll(() => tab.heard(topic), { intervals: [50], timeout: 20_000 }).toEqual(expected)
  }
}

/** No tab has seen an uncaught error. */
export async function noErrors(tabs: readonly Tab[]): Promise<void> {
  for (const tab of tabs) expect(await tab.page.evaluate(() => globalThis.tab.errors)).toEqual([])
}
