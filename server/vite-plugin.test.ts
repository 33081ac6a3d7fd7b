import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, createServer, type InlineConfig, preview } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { RawClient } from './raw-client.testing.ts'
import { signalingPlugin } from './vite-plugin.ts'

let root = ''

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tabmesh-vite-'))
  await writeFile(join(root, 'index.html'), '<title>page</title>')
})

afterAll(() => rm(root, { recursive: true, force: true }))

const config = (): InlineConfig => ({
  root,
  configFile: false,
  logLevel: 'silent',
  plugins: [signalingPlugin({ path: '/signal' })],
})

function portOf(server: { httpServer: { address(): AddressInfo | string | null } | null }): number {
  const address = server.httpServer?.address()
  if (typeof address !== 'object' || address === null) throw new Error('not listening')
  return address.port
}

describe('signalingPlugin', () => {
  it('rides in the dev server on one port, beside the page and the socket for hot updates', async () => {
    const server = await createServer({ ...config(), server: { port: 0, host: '127.0.0.1' } })
    await server.listen()
    const port = portOf(server)
    const client = await RawClient.join(`ws://127.0.0.1:${port}/signal`)
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('<title>page</title>')
    const token = server.config.webSocketToken
    const hmr = new WebSocket(`ws://127.0.0.1:${port}/?token=${token}`, 'vite-hmr')
    const greeting = await new Promise(resolve => hmr.once('message', data => resolve(String(data))))
    expect(JSON.parse(String(greeting))).toEqual({ type: 'connected' })
    hmr.terminate()
    const closing = server.close()
    expect((await client.next('bye')).reason).toBe('shutdown')
    await closing
  })

  it('rides in the preview server', async () => {
    await build({ ...config(), build: { outDir: join(root, 'dist') } })
    const server = await preview({
      ...config(),
      build: { outDir: join(root, 'dist') },
      preview: { port: 0, host: '127.0.0.1' },
    })
    const client = await RawClient.join(`ws://127.0.0.1:${portOf(server)}/signal`)
    const closing = server.close()
    await client.next('bye')
    await closing
  })

  it('says so where there is no server to ride on, and names wrong options at once', async () => {
    const warnings: string[] = []
    const server = await createServer({
      ...config(),
      server: { middlewareMode: true, ws: false },
      logLevel: 'warn',
      customLogger: {
        info() {},
        warn: message => warnings.push(message),
        warnOnce() {},
        error() {},
        clearScreen() {},
        hasErrorLogged: () => false,
        hasWarned: false,
      },
    })
    expect(warnings.join()).toMatch(/no signaling in middleware mode/)
    await server.close()
    expect(() => signalingPlugin({ path: 'x' })).toThrow(/options\.path/)
  })
})
