/**
 * Serves one page for a test of a single room: a TypeScript entry, bundled in process as the library is, under a
 * policy that forbids eval and everything from elsewhere.
 *
 * @module
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { simplePeerAliases, simplePeerDefines } from '../build/simple-peer.ts'

export interface PageServer {
  /** `http://127.0.0.1:port/`: a secure context. */
  readonly url: string
  readonly port: number
  /** Bytes of the bundle. */
  readonly code: string
  close(): Promise<void>
}

/** No eval, no inline code, nothing from elsewhere. Firefox looks for an icon unasked, and reports where it may not. */
export const STRICT_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'"

/** The bundled code of `entry`, a path beside this file. */
export async function bundle(entry: string, minify = false): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    resolve: { alias: simplePeerAliases },
    define: simplePeerDefines,
    build: {
      write: false,
      minify,
      lib: { entry: fileURLToPath(new URL(entry, import.meta.url)), formats: ['es'], fileName: 'page' },
    },
  })
  const [result] = Array.isArray(output) ? output : [output]
  if (!result || !('output' in result)) throw new Error('vite built nothing')
  return result.output.map(file => (file.type === 'chunk' ? file.code : '')).join('')
}

/** @param policies - policies by path; other paths get {@link STRICT_POLICY} */
export async function servePage(entry: string, policies: Record<string, string> = {}): Promise<PageServer> {
  const code = await bundle(entry)
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    const isScript = path === '/page.js'
    response.writeHead(200, {
      'content-type': isScript ? 'text/javascript' : 'text/html; charset=utf-8',
      'content-security-policy': policies[path] ?? STRICT_POLICY,
      // A page with an opaque origin loads its module across origins.
      'access-control-allow-origin': '*',
    })
    response.end(
      isScript ? code : '<!doctype html><title>tabmesh</title><script type="module" src="/page.js"></script>',
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    code,
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
