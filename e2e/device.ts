/**
 * A device of somebody who is invited: a page with the bundle, one mesh in it, and what has come of it.
 *
 * @module
 */

import { expect, type Page } from '@playwright/test'
import type * as Tabmesh from '../src/index.ts'

/** What a device of these tests holds. */
interface Device {
  mesh: Tabmesh.Mesh
  heard: unknown[]
  replies: string[]
  joined: string
}
declare global {
  var device: Device
}

/** Makes a mesh; `how` is a signaling URL, an invite, or nothing: the tabs of the profile. Returns how that went. */
export async function enter(page: Page, how: { signaling?: string; invite?: string }): Promise<string> {
  return page.evaluate(async how => {
    const from = '/tabmesh.js'
    const { BroadcastChannelTransport, createMesh, WebSocketTransport } = (await import(
      from
    )) as typeof Tabmesh
    const rest = { identity: 'ephemeral', iceServers: [] } as const
    const { invite, signaling } = how
    const transport =
      signaling === undefined ? new BroadcastChannelTransport() : new WebSocketTransport(signaling)
    try {
      const mesh = await (invite === undefined
        ? createMesh({ transport, swarm: 'e2e', ...rest })
        : createMesh({ invite, ...rest }))
      const made: Device = { mesh, heard: [], replies: [], joined: '' }
      mesh.on('message', ({ data }) => made.heard.push(data))
      mesh.on('invite:reply', reply => made.replies.push(reply))
      mesh.join().then(
        () => {
          made.joined = 'ok'
        },
        (error: { code?: string }) => {
          made.joined = error.code ?? String(error)
        },
      )
      globalThis.device = made
      return 'made'
    } catch (error) {
      return (error as { code?: string }).code ?? String(error)
    }
  }, how)
}

export const joined = (page: Page) =>
  page.waitForFunction(() => globalThis.device.joined).then(ok => ok.jsonValue())
export const invite = (page: Page, options: Tabmesh.InviteOptions = {}) =>
  page.evaluate(options => globalThis.device.mesh.invite(options), options)
export const reply = (page: Page) =>
  page.waitForFunction(() => globalThis.device.replies[0]).then(text => text.jsonValue()) as Promise<string>
export const welcome = (page: Page, reply: string) =>
  page.evaluate(
    reply =>
      globalThis.device.mesh.welcome(reply).then(
        peer => peer as string,
        (error: { code?: string }) => error.code ?? String(error),
      ),
    reply,
  )
export const idOf = (page: Page) => page.evaluate(() => globalThis.device.mesh.peerId as string)

export async function hearEachOther(devices: readonly Page[], topic: string): Promise<void> {
  for (const [i, page] of devices.entries())
    await page.evaluate(([topic, text]) => globalThis.device.mesh.sendBroadcast(topic, text), [
      topic,
      `${topic} ${i}`,
    ] as const)
  for (const [i, page] of devices.entries()) {
    const others = devices.flatMap((_, j) => (i === j ? [] : [`${topic} ${j}`]))
    await expect
      .poll(() => page.evaluate(() => globalThis.device.heard as string[]))
      .toEqual(expect.arrayContaining(others))
  }
}
