/**
 * The package as people install it: packed, then used by a plain page and by a fresh Vite and TypeScript app, both
 * under a policy that forbids eval and inline code.
 */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { build } from 'vite'
import { STRICT_POLICY } from './page-server.ts'
import { SignalingProcess } from './swarm.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
const TYPES: Record<string, string> = { '.js': 'text/javascript', '.html': 'text/html; charset=utf-8' }

let folder: string
let tarball: string
let signaling: SignalingProcess

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tabmesh-package-'))
  execFileSync(npm, ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root, stdio: 'pipe' })
  const packed = readdirSync(folder).find(name => name.endsWith('.tgz'))
  if (packed === undefined) throw new Error('npm pack made nothing')
  tarball = join(folder, packed)
  signaling = await SignalingProcess.start()
})

test.afterAll(async () => {
  await signaling?.kill()
  rmSync(folder, { recursive: true, force: true })
})

/** Serves a folder under the strict policy. */
async function serve(from: string) {
  const server = createServer((request, response) => {
    const path = request.url === '/' ? '/index.html' : (request.url ?? '/')
    try {
      const body = readFileSync(join(from, path))
      response.writeHead(200, {
        'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
        'content-security-policy': STRICT_POLICY.replace(
          "connect-src 'self'",
          "connect-src 'self' ws://127.0.0.1:*",
        ),
      })
      response.end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections()
      return new Promise(resolve => server.close(resolve))
    },
  }
}

/** Two pages of the app say hello to each other. */
async function greet(context: BrowserContext, url: string): Promise<void> {
  const violations: string[] = []
  const open = async (): Promise<Page> => {
    const page = await context.newPage()
    page.on('console', message => {
      if (message.type() === 'error') violations.push(message.text())
    })
    page.on('pageerror', error => violations.push(error.message))
    await page.goto(`${url}#${encodeURIComponent(signaling.url)}`)
    return page
  }
  const pages = [await open(), await open()]
  for (const page of pages) await expect(page).toHaveTitle('heard hello', { timeout: 15_000 })
  // A missing favicon is not the library's.
  expect(violations.filter(text => !text.includes('404'))).toEqual([])
}

const APP = (specifier: string, typed: boolean) => `
import { createMesh, MeshError, WebSocketTransport${typed ? ', type Message' : ''} } from '${specifier}'

const mesh = await createMesh({
  transport: new WebSocketTransport(decodeURIComponent(location.hash.slice(1))),
  swarm: location.pathname + '${specifier}',
  iceServers: [],
})
mesh.subscribe('greeting', (message${typed ? ': Message' : ''}) => {
  document.title = \`heard \${message.data}\`
})
mesh.on('peer:connect', () => {
  mesh.sendBroadcast('greeting', 'hello').catch((error${typed ? ': unknown' : ''}) => {
    if (error instanceof MeshError) document.title = error.code
  })
})
await mesh.join()
`

test('a plain HTML file with one module script works under a strict policy', async ({ context }) => {
  const site = join(folder, 'plain')
  mkdirSync(site)
  execFileSync('tar', ['xzf', tarball, '-C', folder])
  writeFileSync(join(site, 'tabmesh.js'), readFileSync(join(folder, 'package/dist/tabmesh.js')))
  writeFileSync(join(site, 'app.js'), APP('./tabmesh.js', false))
  writeFileSync(
    join(site, 'index.html'),
    '<!doctype html><title>plain</title><script type="module" src="app.js"></script>',
  )
  const server = await serve(site)
  try {
    await greet(context, server.url)
  } finally {
    await server.close()
  }
})

test('a fresh Vite and TypeScript app made from the packed package works under a strict policy', async ({
  context,
}) => {
  const app = join(folder, 'app')
  mkdirSync(join(app, 'src'), { recursive: true })
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }))
  writeFileSync(
    join(app, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'ES2023',
        module: 'ESNext',
        moduleResolution: 'bundler',
        lib: ['ES2023', 'ESNext.Disposable', 'DOM'],
        strict: true,
        noEmit: true,
        types: [],
      },
      include: ['src'],
    }),
  )
  writeFileSync(
    join(app, 'index.html'),
    '<!doctype html><title>app</title><script type="module" src="/src/main.ts"></script>',
  )
  writeFileSync(join(app, 'src/main.ts'), `${APP('tabmesh', true)}\nexport {}\n`)
  execFileSync(npm, ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], {
    cwd: app,
    stdio: 'pipe',
  })
  // The library's own types, checked with the compiler as an app would.
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', app], {
    stdio: 'pipe',
  })
  await build({
    root: app,
    configFile: false,
    logLevel: 'error',
    build: { target: 'es2022', modulePreload: false },
  })
  const server = await serve(join(app, 'dist'))
  try {
    await greet(context, server.url)
  } finally {
    await server.close()
  }
})
