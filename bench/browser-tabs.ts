/**
 * Real tabs for benchmarks: the built bundle over http, the built signaling server on the same port, and a plain
 * relay at /raw through which a bare RTCPeerConnection can signal.
 *
 * @module
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, isIPv4 } from 'node:net'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright'
import { WebSocket, WebSocketServer } from 'ws'
import { findBrowser } from '../scripts/browser.mjs'
import type * as Server from '../server/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const bundle = join(root, 'dist/tabmesh.js')

export interface Bench {
  readonly browser: Browser
  readonly context: BrowserContext
  readonly url: string
  readonly signaling: string
  page(): Promise<Page>
  /** Ends every signaling connection without a word, and takes none until {@link Bench.restore}. */
  cut(): Promise<void>
  restore(): void
  close(): Promise<void>
}

export async function openBench(): Promise<Bench> {
  if (!existsSync(bundle)) throw new Error('dist/ is not built: run "npm run build" first')
  const code = readFileSync(bundle)
  const { attachSignaling } = (await import(
    pathToFileURL(join(root, 'dist/server.js')).href
  )) as typeof Server
  const http = createServer((request, response) => {
    const script = request.url === '/tabmesh.js'
    response.writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html; charset=utf-8' })
    response.end(script ? code : '<!doctype html><title>bench</title>')
  })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  const { port, address } = http.address() as AddressInfo
  if (!isIPv4(address)) throw new Error('the bench listens on 127.0.0.1 only')
  let signaling: ReturnType<typeof attachSignaling> | undefined = attachSignaling(http)
  relay(http)
  // While the server is cut its port must refuse, not hang: a browser opens one WebSocket per host at a time.
  http.on('upgrade', (request, socket) => {
    if (signaling === undefined && request.url !== '/raw') socket.destroy()
  })
  const executablePath = await findBrowser()
  const browser = await chromium.launch(executablePath === undefined ? {} : { executablePath })
  const context = await browser.newContext()
  const url = `http://127.0.0.1:${port}/`
  return {
    browser,
    context,
    url,
    signaling: `ws://127.0.0.1:${port}/signal`,
    page: async () => {
      const page = await context.newPage()
      await page.goto(url)
      return page
    },
    cut: async () => {
      await signaling?.close()
      signaling = undefined
    },
    restore: () => {
      signaling ??= attachSignaling(http)
    },
    close: async () => {
      await browser.close()
      await signaling?.close()
      http.closeAllConnections()
      await new Promise(resolve => http.close(resolve))
    },
  }
}

/** Whatever one socket at /raw says, all others hear. */
function relay(http: ReturnType<typeof createServer>): void {
  const sockets = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    if (request.url === '/raw')
      sockets.handleUpgrade(request, socket, head, client => sockets.emit('connection', client))
  })
  sockets.on('connection', client => {
    client.on('message', data => {
      for (const other of sockets.clients) {
        if (other !== client && other.readyState === WebSocket.OPEN) other.send(data.toString())
      }
    })
  })
}

export function bundleSize(): { raw: number; gzip: number } {
  const code = readFileSync(bundle)
  return { raw: code.length, gzip: gzipSync(code, { level: 9 }).length }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Prints rows as an aligned table. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows
    .map(row =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  '),
    )
    .join('\n')
}

/** Merges `part` into bench/results/latest.json under `name`. */
export function save(name: string, part: unknown, browser: Browser): void {
  const file = join(root, 'bench/results/latest.json')
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : {}
  const machine = { cores: cpus().length, node: process.version, browser: browser.version() }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify({ ...before, [name]: { machine, ...(part as object) } }, null, 2)}\n`)
}
