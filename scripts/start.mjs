/**
 * `npm start`: the demo and the signaling server on one port.
 *
 *     npm start -- [--port 5180] [--host [address]]
 *
 * The port may also come from the environment as PORT. `--host` lets other machines in.
 *
 * @module
 */

import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { die, ensureDependencies, ensureNode, ROOT } from './lib.mjs'

const DEFAULT_PORT = 5180

ensureNode()

/** The command line: `--host` works with and without an address. */
function options() {
  const args = process.argv.slice(2)
  const at = args.indexOf('--host')
  const next = args[at + 1]
  if (at >= 0 && (next === undefined || next.startsWith('-'))) args[at] = '--host=0.0.0.0'
  try {
    const { values } = parseArgs({ args, options: { port: { type: 'string' }, host: { type: 'string' } } })
    const port = Number(values.port ?? process.env['PORT'] ?? DEFAULT_PORT)
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      die(`${values.port ?? process.env['PORT']} is not a port`)
    return { port, host: values.host ?? 'localhost' }
  } catch (error) {
    return die(
      `${error instanceof Error ? error.message : error} Usage: npm start -- [--port n] [--host [address]]`,
    )
  }
}

const { port, host } = options()
ensureDependencies()

const { createLogger, createServer } = await import('vite')
// Vite's own word on a port in use would come before ours.
const logger = createLogger('warn', { prefix: '[tabmesh]' })

const server = await createServer({
  root: join(ROOT, 'demo'),
  configFile: join(ROOT, 'vite.config.ts'),
  customLogger: logger,
  clearScreen: false,
  server: { port, host, strictPort: true },
})

/** @param {unknown} error */
function why(error) {
  const code = /** @type {NodeJS.ErrnoException} */ (error)?.code
  const message = error instanceof Error ? error.message : String(error)
  if (code === 'EADDRINUSE' || /already in use/.test(message)) {
    return `port ${port} is in use; choose another: npm start -- --port ${port < 65_535 ? port + 1 : DEFAULT_PORT}`
  }
  if (code === 'EACCES')
    return `port ${port} needs more rights; choose another: npm start -- --port ${DEFAULT_PORT}`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `this machine has no address ${host}`
  return message.split('\n', 1)[0] ?? message
}

try {
  await server.listen()
} catch (error) {
  await server.close().catch(() => {})
  die(why(error))
}

/** Hosts under which the page can be opened: for this machine first, then for others. */
function reachable() {
  if (host !== '0.0.0.0' && host !== '::') return [host.includes(':') ? `[${host}]` : host]
  const others = Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .filter(address => address.family === 'IPv4' && !address.internal)
    .map(address => address.address)
  return ['localhost', ...others]
}

const bound = server.httpServer?.address()
const at = typeof bound === 'object' && bound ? bound.port : port
const [here, ...others] = reachable()
console.log(`\n  tabmesh demo   http://${here}:${at}/`)
for (const other of others) console.log(`  on the network http://${other}:${at}/`)
console.log(`  signaling      ws://${here}:${at}/signal`)
console.log(
  `\n  Open it in several tabs. ${host === 'localhost' ? 'Other machines: npm start -- --host. ' : ''}Ctrl-C ends it.\n`,
)

let stopping = false
/** Ends at the first signal in order, at the second at once. */
async function stop() {
  if (stopping) process.exit(1)
  stopping = true
  // Sockets that stay open must not keep a person waiting.
  setTimeout(() => process.exit(0), 2_000).unref()
  await server.close().catch(() => {})
  process.exit(0)
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)

// npm runs scripts in a shell, and passes SIGTERM on to that shell only, which ends without a word to us. Whoever is
// left behind by its parent was meant too.
const parent = process.ppid
if (process.env['npm_lifecycle_event'] === 'start') {
  setInterval(() => {
    if (process.ppid !== parent && !stopping) void stop()
  }, 250).unref()
}
