/**
 * A signaling server by itself: its HTTP server, its log, its end.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Command, HELP, readArguments } from './arguments.ts'
import { attachSignaling, type Signaling } from './attach.ts'
import type { Log } from './options.ts'

/** What is used of the process it runs in. */
export interface Host {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  once(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown
}

const OK = 0
const FAILED = 1
/** Wrong usage, as shells and most tools have it. */
const USAGE = 2

/** Runs until SIGTERM or SIGINT; resolves to the exit code. `argv` are the arguments after the program's name. */
export async function run(argv: readonly string[], host: Host): Promise<number> {
  const read = readArguments(argv)
  if (read.kind === 'help') {
    host.stdout.write(HELP)
    return OK
  }
  if (read.kind === 'wrong') {
    host.stderr.write(`tabmesh-signal: ${read.problem}\nTry tabmesh-signal --help\n`)
    return USAGE
  }
  return serve(read.command, host)
}

async function serve(command: Command, host: Host): Promise<number> {
  const log = logTo(host, command.json)
  const http = createServer((request, response) => answer(request, response, signaling, path))
  const path = command.options.path ?? '/signal'
  const signaling = attachSignaling(http, { ...command.options, log })
  http.on('upgrade', (request, socket) => {
    // Nobody else is here to take it.
    if (request.url?.split('?', 1)[0] !== path) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    }
  })
  try {
    await listen(http, command.port, command.host)
  } catch (error) {
    host.stderr.write(`tabmesh-signal: ${listenProblem(error, command)}\n`)
    await signaling.close()
    return FAILED
  }
  const stopped = new Promise<string>(resolve => {
    host.once('SIGTERM', () => resolve('SIGTERM'))
    host.once('SIGINT', () => resolve('SIGINT'))
  })
  const { port } = http.address() as AddressInfo
  const shown = command.host.includes(':') ? `[${command.host}]` : command.host
  log('server:listening', { url: `ws://${shown}:${port}${path}` })
  const signal = await stopped
  log('server:closing', { signal, connections: signaling.stats().connections })
  http.close()
  await signaling.close()
  http.closeAllConnections()
  log('server:closed', {})
  return OK
}

function listen(http: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, host, () => {
      http.off('error', reject)
      resolve()
    })
  })
}

function listenProblem(error: unknown, { port, host }: Command): string {
  const { code, message } = error as { code?: string; message: string }
  if (code === 'EADDRINUSE') return `port ${port} on ${host} is in use; choose another with --port`
  if (code === 'EACCES') return `port ${port} needs more rights; choose one above 1023 with --port`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${host} is no address of this machine (--host)`
  return message
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  signaling: Signaling,
  path: string,
): void {
  const [url = ''] = (request.url ?? '').split('?', 1)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    reply(response, 405, 'text/plain', 'only GET\n')
  } else if (url === '/healthz') {
    reply(response, 200, 'text/plain', 'ok\n')
  } else if (url === '/stats') {
    reply(response, 200, 'application/json', `${JSON.stringify(signaling.stats())}\n`)
  } else if (url === path) {
    response.setHeader('Upgrade', 'websocket')
    reply(response, 426, 'text/plain', 'a WebSocket is expected here\n')
  } else {
    reply(response, 404, 'text/plain', 'nothing here\n')
  }
}

function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-store' })
  response.end(body)
}

function logTo(host: Host, json: boolean): Log {
  return (event, details) => {
    const time = new Date().toISOString()
    const words = Object.entries(details).map(([name, value]) => ` ${name}=${value}`)
    host.stdout.write(
      json ? `${JSON.stringify({ time, event, ...details })}\n` : `${time} ${event}${words.join('')}\n`,
    )
  }
}
