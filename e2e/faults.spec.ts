/**
 * What goes wrong in the world: tabs that crash, a server that dies, a server that lies.
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from '@playwright/test'
import { WebSocket, WebSocketServer } from 'ws'
import { everyoneHearsEveryone, noErrors, Swarm, whole } from './swarm.ts'

let swarm: Swarm

test.beforeEach(async ({ browser }) => {
  swarm = await Swarm.start(browser)
})
test.afterEach(() => swarm.close())

test('two tabs of eight crash: the other six are whole again and broadcasts reach all', async () => {
  const tabs = await swarm.open(8, { maxPeers: 4 })
  await whole(tabs)
  await everyoneHearsEveryone(tabs, 'before')
  const rest = tabs.slice(2)
  await Promise.all(tabs.slice(0, 2).map(tab => tab.crash()))
  // At once, while nobody can know yet: what the crash swallowed must be repaired.
  await everyoneHearsEveryone(rest, 'at once')
  const crashed = tabs.slice(0, 2).map(tab => tab.id)
  for (const tab of rest) {
    await expect
      .poll(async () => (await tab.neighbours()).filter(id => crashed.includes(id)), { timeout: 15_000 })
      .toEqual([])
  }
  await whole(rest)
  await everyoneHearsEveryone(rest, 'after')
  await noErrors(rest)
})

test('the server is killed: the mesh goes on; it comes back: clients resume by themselves and a new tab joins', async () => {
  const tabs = await swarm.open(6, { maxPeers: 4 })
  await whole(tabs)
  await swarm.signaling.kill()
  for (const tab of tabs) {
    await expect.poll(() => tab.page.evaluate(() => globalThis.tab.mesh.stats().signaling.up)).toBe(false)
  }
  await everyoneHearsEveryone(tabs, 'without a server')
  const [from] = tabs
  if (from === undefined) throw new Error('no tab')
  const linked = await from.neighbours()
  for (const tab of tabs) {
    if (tab === from) continue
    expect(
      await from.send(tab.id, 'direct'),
      linked.includes(tab.id) ? 'linked' : 'not linked',
    ).toMatchObject({
      outcome: 'ok',
    })
  }

  await swarm.signaling.start()
  for (const tab of tabs) {
    await expect
      .poll(() => tab.page.evaluate(() => globalThis.tab.mesh.stats().signaling.up), { timeout: 30_000 })
      .toBe(true)
  }
  const newcomers = await swarm.open(1, { maxPeers: 4 })
  await everyoneHearsEveryone([...tabs, ...newcomers], 'with the newcomer')
  await noErrors([...tabs, ...newcomers])
})

test('a server that swaps DTLS fingerprints gets no link up, and stats() says why', async () => {
  const liar = await lyingServer(swarm.signaling.url)
  try {
    const tabs = await swarm.open(2, { idle: true }, liar.url)
    for (const tab of tabs) await tab.page.evaluate(() => void globalThis.tab.mesh.join().catch(() => {}))
    for (const tab of tabs) {
      await expect
        .poll(() => tab.page.evaluate(() => globalThis.tab.mesh.stats().drops['bad-seal'] ?? 0), {
          timeout: 10_000,
        })
        .toBeGreaterThan(0)
    }
    expect(liar.altered()).toBeGreaterThan(0)
    for (const tab of tabs) {
      expect(await tab.neighbours()).toEqual([])
      expect(
        await tab.page.evaluate(() => globalThis.tab.events.filter(event => event.name === 'peer:connect')),
      ).toEqual([])
    }
    await noErrors(tabs)
  } finally {
    await liar.close()
  }
})

/**
 * Stands between the tabs and the real server. In envelopes it puts its own fingerprint wherever it can read one,
 * and alters the last byte where it can read nothing.
 */
async function lyingServer(upstream: string) {
  let altered = 0
  const http = createServer()
  const server = new WebSocketServer({ server: http })
  const swap = (text: string): string => {
    const message = JSON.parse(text) as { type?: string; t?: string; data?: string }
    if (typeof message.data !== 'string' || !text.includes('envelope')) return text
    altered++
    const bytes = Buffer.from(message.data, 'base64')
    const readable = bytes.toString('latin1')
    const fingerprint = /a=fingerprint:sha-256 [0-9A-F:]{95}/
    const lie = fingerprint.test(readable)
      ? Buffer.from(
          readable.replace(fingerprint, `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`),
          'latin1',
        )
      : Buffer.from(bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)))
    return JSON.stringify({ ...message, data: lie.toString('base64') })
  }
  server.on('connection', client => {
    const origin = new WebSocket(upstream)
    const waiting: string[] = []
    origin.on('open', () => {
      for (const text of waiting.splice(0)) origin.send(text)
    })
    client.on('message', data => {
      const text = swap(data.toString())
      if (origin.readyState === WebSocket.OPEN) origin.send(text)
      else waiting.push(text)
    })
    origin.on('message', data => client.send(data.toString()))
    origin.on('error', () => client.terminate())
    origin.on('close', () => client.close())
    client.on('close', () => origin.close())
  })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/signal`,
    altered: () => altered,
    close: async () => {
      for (const client of server.clients) client.terminate()
      await new Promise(resolve => http.close(resolve))
    },
  }
}
