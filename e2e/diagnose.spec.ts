/**
 * Why can't we connect: what a real browser finds with a server that lives, one that is dead, and nothing to ask for an address.
 */

import { expect, test } from '@playwright/test'
import type * as Tabmesh from '../src/index.ts'
import { Swarm } from './swarm.ts'

test('diagnose tells a living server from a dead one, a dead STUN server, and how a link goes', async ({
  browser,
}) => {
  const swarm = await Swarm.start(browser)
  try {
    const [one, other] = await swarm.open(2)
    if (one === undefined || other === undefined) throw new Error('no tab')
    await expect.poll(() => one.neighbours()).toEqual([other.id])
    const linked = await one.page.evaluate(id => globalThis.tab.mesh.diagnose(id as Tabmesh.PeerId), other.id)
    expect(linked).toMatchObject({
      verdict: 'ok',
      webrtc: true,
      signaling: [{ url: swarm.signaling.url, ok: true }],
      candidates: ['host'],
      peer: { peer: other.id, linked: true, relayed: false, local: expect.stringMatching(/host|prflx/) },
    })
    /** What a mesh that has not joined finds. */
    const alone = (urls: string[], stun: string[]) =>
      one.page.evaluate(
        async ([urls, stun]) => {
          const { createMesh, WebSocketTransport } = globalThis.tab.tabmesh
          const mesh = await createMesh({
            transport: urls.map(url => new WebSocketTransport(url)),
            swarm: 'alone',
            identity: 'ephemeral',
            iceServers: stun.map(urls => ({ urls })),
          })
          const start = performance.now()
          const diagnosis = await mesh.diagnose()
          return { ...diagnosis, ms: performance.now() - start, state: mesh.state }
        },
        [urls, stun] as const,
      )
    const dead = 'ws://127.0.0.1:9/signal'
    expect(await alone([dead], [])).toMatchObject({
      verdict: 'no-signaling',
      signaling: [{ url: dead, ok: false }],
      state: 'idle',
    })
    const blocked = await alone([swarm.signaling.url, dead], ['stun:127.0.0.1:9'])
    expect(blocked).toMatchObject({ verdict: 'udp-blocked', stun: [{ ok: false }], candidates: ['host'] })
    expect(blocked.signaling.map(({ ok }) => ok)).toEqual([true, false])
    expect(blocked.ms).toBeLessThan(10_000)
    const code = await one.page.evaluate(() =>
      globalThis.tab.mesh.diagnose(undefined, { signal: AbortSignal.abort() }).catch(error => error.code),
    )
    expect(code).toBe('aborted')
  } finally {
    await swarm.close()
  }
})
