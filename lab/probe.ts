/**
 * A tab with the built bundle in it: joins a swarm, waits for a link to one peer, tells how that link's packets travel.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright'
// Types come from the sources; what runs is dist/.
import type * as Tabmesh from '../src/index.ts'
import { SIGNALING_URL } from './services.ts'

/** A page that is answered here, and asks the network for nothing. A secure context, as any page at localhost. */
const PAGE = 'http://localhost/'
const LIBRARY = `${PAGE}tabmesh.js`

declare global {
  var lab: { readonly mesh: Tabmesh.Mesh; readonly connected: Set<string> }
  /** Every connection of the page. */
  var connections: RTCPeerConnection[]
}

/** One end of a connection that is up: what identifies both ends (RFC 8839 §5.4), and the candidate types in use. */
export interface Wire {
  readonly own: string
  readonly other: string
  readonly types: readonly string[]
}

export class Probe {
  readonly page: Page
  readonly id: string

  private constructor(page: Page, id: string) {
    this.page = page
    this.id = id
  }

  /** A tab of its own storage with a mesh that has not joined. */
  static async open(browser: Browser, swarm: string, iceServers: RTCIceServer[]): Promise<Probe> {
    const context = await browser.newContext()
    const code = readFileSync(fileURLToPath(new URL('../dist/tabmesh.js', import.meta.url)), 'utf8')
    await context.route(`${PAGE}**`, route =>
      route.request().url() === LIBRARY
        ? route.fulfill({ contentType: 'text/javascript', body: code })
        : route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>lab</title>' }),
    )
    await context.addInitScript(watchConnections)
    const page = await context.newPage()
    await page.goto(PAGE)
    const id = await page.evaluate(makeMesh, {
      library: LIBRARY,
      signaling: SIGNALING_URL,
      swarm,
      iceServers,
    })
    return new Probe(page, id)
  }

  join(): Promise<void> {
    return this.page.evaluate(() => lab.mesh.join())
  }

  /** Joins and waits for a link to `peer`. Resolves to the milliseconds from one to the other; rejects after `timeout`. */
  joinAndMeet(peer: string, timeout: number): Promise<number> {
    return this.page.evaluate(meet, { peer, timeout })
  }

  /** Why can't it connect: at all, or to this peer. */
  diagnose(peer?: string): Promise<Tabmesh.Diagnosis> {
    return this.page.evaluate(peer => lab.mesh.diagnose(peer as Tabmesh.PeerId | undefined), peer)
  }

  wires(): Promise<Wire[]> {
    return this.page.evaluate(wiresOfPage)
  }

  /** What a failed meeting is explained with. */
  candidates(): Promise<string[]> {
    return this.page.evaluate(() => {
      const described = connections.map(connection => connection.localDescription?.sdp ?? '')
      const types = described.join('\n').matchAll(/^a=candidate:.* (udp|tcp) .* typ (\w+)/gim)
      return [...new Set([...types].map(([, protocol, type]) => `${type}/${protocol?.toLowerCase()}`))]
    })
  }

  close(): Promise<void> {
    return this.page.context().close()
  }
}

/** Runs in the page before anything else: remembers connections. */
function watchConnections(): void {
  globalThis.connections = []
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(config?: RTCConfiguration) {
      super(config)
      connections.push(this)
    }
  }
}

async function makeMesh({
  library,
  signaling,
  swarm,
  iceServers,
}: {
  library: string
  signaling: string
  swarm: string
  iceServers: RTCIceServer[]
}): Promise<string> {
  const { createMesh, WebSocketTransport } = (await import(library)) as typeof Tabmesh
  const transport = new WebSocketTransport(signaling)
  const mesh = await createMesh({ transport, swarm, iceServers, identity: 'ephemeral' })
  const connected = new Set<string>()
  mesh.on('peer:connect', peer => connected.add(peer))
  mesh.on('peer:disconnect', peer => connected.delete(peer))
  globalThis.lab = { mesh, connected }
  return mesh.peerId
}

async function meet({ peer, timeout }: { peer: string; timeout: number }): Promise<number> {
  const { mesh, connected } = lab
  const began = performance.now()
  const met = new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no link after ${timeout / 1000} s`)), timeout)
    mesh.on('peer:connect', other => {
      if (other !== peer) return
      clearTimeout(timer)
      resolve(performance.now() - began)
    })
  })
  mesh.join().catch(() => {})
  return connected.has(peer) ? performance.now() - began : met
}

async function wiresOfPage(): Promise<Wire[]> {
  const wires: Wire[] = []
  for (const connection of connections) {
    if (connection.connectionState !== 'connected') continue
    const ufrag = (description: RTCSessionDescription | null): string =>
      /^a=ice-ufrag:(\S+)/m.exec(description?.sdp ?? '')?.[1] ?? ''
    const report = await connection.getStats()
    let pair: { localCandidateId?: string; remoteCandidateId?: string } | undefined
    report.forEach(stats => {
      if (stats.type === 'transport') pair = report.get(stats.selectedCandidatePairId)
    })
    wires.push({
      own: ufrag(connection.localDescription),
      other: ufrag(connection.remoteDescription),
      types: [pair?.localCandidateId, pair?.remoteCandidateId].map(
        id => report.get(id ?? '')?.candidateType ?? 'unknown',
      ),
    })
  }
  return wires
}
