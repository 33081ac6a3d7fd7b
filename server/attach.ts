/**
 * Puts a signaling server on an HTTP server: takes the upgrades to its path, leaves all others alone, so that
 * it can share a port with an application, with Vite, with another WebSocket server.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { Connection } from './connection.ts'
import { type SignalingOptions, settingsFrom } from './options.ts'
import { newCounters, type SignalingStats } from './stats.ts'
import { Swarms } from './swarms.ts'

type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** What is needed of an HTTP server: Node's `http`, `https` and compatible `http2` servers have it. */
export interface UpgradeSource {
  on(event: 'upgrade', listener: OnUpgrade): unknown
  off(event: 'upgrade', listener: OnUpgrade): unknown
}

/** A running signaling server. */
export interface Signaling {
  /**
   * Takes no new sockets, says good-bye to the open ones, and resolves when they are closed (within 2 s): whoever comes
   * meanwhile is refused with 503, later upgrades are the HTTP server's. It stays as it is. Idempotent.
   */
  close(): Promise<void>
  stats(): SignalingStats
}

/** Sweeps per shortest deadline: deadlines are kept within a quarter of themselves. */
const SWEEPS = 4
/** Longest time between sweeps, ms. */
const MAX_SWEEP = 1000
/** Good-bye spreads the return of the clients over this many ms for each: a thousand joins a second. */
const RETURN_SPREAD = 1
/** Least spread of a return, ms: a single client should not wait. */
const MIN_RETURN_SPREAD = 250

/**
 * @throws TypeError or RangeError naming the option
 * @example
 * const http = createServer(app).listen(8080)
 * const signaling = attachSignaling(http, { path: '/signal' })
 */
export function attachSignaling(httpServer: UpgradeSource, options: SignalingOptions = {}): Signaling {
  const settings = settingsFrom(options)
  const counters = newCounters()
  const swarms = new Swarms(settings.grace, settings.maxMembers)
  const connections = new Set<Connection>()
  const perAddress = new Map<string, number>()
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: settings.maxMessage,
  })
  let closing: Promise<void> | undefined
  let emptied = () => {}

  const accept = (socket: WebSocket, address: string) => {
    const connection = new Connection(socket, address, settings, swarms, counters)
    counters.accepted++
    connections.add(connection)
    perAddress.set(address, (perAddress.get(address) ?? 0) + 1)
    socket.on('close', () => {
      connections.delete(connection)
      const left = (perAddress.get(address) ?? 1) - 1
      if (left === 0) perAddress.delete(address)
      else perAddress.set(address, left)
      if (connections.size === 0) emptied()
    })
  }

  const onUpgrade: OnUpgrade = (request, socket, head) => {
    if (pathOf(request) !== settings.path) return
    const address = settings.clientAddress(request)
    if (closing !== undefined) {
      // Unanswered it would wait for its timeout, and in a browser every tab's next socket behind it (RFC 6455, section 4.1).
      refuse(socket, '503 Service Unavailable')
    } else if (connections.size >= settings.maxConnections) {
      counters.refused++
      settings.log('connection:refused', { address, limit: 'maxConnections' })
      refuse(socket, '503 Service Unavailable')
    } else if ((perAddress.get(address) ?? 0) >= settings.maxConnectionsPerAddress) {
      counters.refused++
      settings.log('connection:refused', { address, limit: 'maxConnectionsPerAddress' })
      refuse(socket, '429 Too Many Requests')
    } else {
      sockets.handleUpgrade(request, socket, head, opened => accept(opened, address))
    }
  }

  const { joinTimeout, pingInterval, ttl } = settings
  const sweepEvery = Math.min(MAX_SWEEP, Math.min(joinTimeout, pingInterval, ttl) / SWEEPS)
  const sweeper = setInterval(() => {
    const now = performance.now()
    for (const connection of connections) connection.sweep(now)
    swarms.sweep(now)
  }, sweepEvery)
  sweeper.unref()
  httpServer.on('upgrade', onUpgrade)

  const sayGoodBye = async () => {
    if (connections.size === 0) return
    const empty = new Promise<void>(resolve => {
      emptied = resolve
    })
    const spread = Math.max(MIN_RETURN_SPREAD, connections.size * RETURN_SPREAD)
    for (const connection of connections) connection.bye(Math.floor(Math.random() * spread))
    await empty
  }

  const shutDown = async () => {
    clearInterval(sweeper)
    await sayGoodBye()
    httpServer.off('upgrade', onUpgrade)
  }

  return {
    close() {
      closing ??= shutDown()
      return closing
    },
    stats() {
      return { ...counters, connections: connections.size, members: swarms.members, swarms: swarms.size }
    },
  }
}

function pathOf(request: IncomingMessage): string {
  const [path = ''] = (request.url ?? '').split('?', 1)
  return path
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
