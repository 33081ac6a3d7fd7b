/**
 * Every block of code in README.md, read from the page itself: it runs, and its types are those that the package publishes.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@playwright/test'
import type * as Tabmesh from '../src/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What a block names and another part of the page would have made; with the types that an application has them in. */
const GIVEN = {
  mesh: 'tabmesh.Mesh',
  createMesh: 'typeof tabmesh.createMesh',
  show: '(shown: unknown) => void',
  showAbove: '(shown: readonly unknown[]) => void',
  question: 'tabmesh.Data',
  x: 'number',
  y: 'number',
  reply: 'string',
  transport: 'tabmesh.SignalingTransport',
  swarm: 'string',
} as const
type Given = keyof typeof GIVEN

/** The blocks, each by a word that it alone has, with what it needs. */
const BLOCKS: Record<string, { readonly word: string; readonly given: readonly Given[] }> = {
  page: { word: '<script type="module">', given: [] },
  server: { word: 'attachSignaling', given: [] },
  receipts: { word: 'onReceipt', given: ['mesh', 'show'] },
  order: { word: "'causal'", given: ['mesh', 'question', 'x', 'y'] },
  history: { word: 'mesh.history', given: ['mesh', 'show', 'showAbove'] },
  invites: { word: 'mesh.invite', given: ['mesh', 'createMesh', 'show', 'reply'] },
  interests: { word: 'setInterests', given: ['createMesh', 'transport', 'swarm'] },
}

const readme = readFileSync(join(root, 'README.md'), 'utf8')
const found = [...readme.matchAll(/^```(?:js|ts|html)\n([\s\S]*?)^```$/gm)].map(([, code]) => code as string)

function block(name: string): string {
  const { word = '' } = BLOCKS[name] ?? {}
  const [code, ...more] = found.filter(code => code.includes(word))
  if (code === undefined || more.length > 0)
    throw new Error(`README.md has no block ${name}, or more than one`)
  return code
}

/** A block with one thing in it put differently, which must be there. */
function changed(code: string, what: string, instead: string): string {
  expect(code).toContain(what)
  return code.replace(what, () => instead)
}

test('every block of code is one that is tried here', () => {
  for (const code of found)
    expect(Object.values(BLOCKS).filter(({ word }) => code.includes(word))).toHaveLength(1)
  expect(found).toHaveLength(Object.keys(BLOCKS).length)
})

test('the types of every block are right', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tabmesh-readme-'))
  try {
    const files = Object.entries(BLOCKS).map(([name, { given }]) => {
      const script = /<script type="module">\n([\s\S]*)<\/script>/.exec(block(name))?.[1] ?? block(name)
      const declared = given.map(one => `declare const ${one}: ${GIVEN[one]}\n`).join('')
      const imports = script.match(/^ *import .*$/gm) ?? []
      // A block of its own: it may give a name to what another was given.
      const body = script.replace(/^ *import .*$/gm, '').replace('./tabmesh.js', 'tabmesh')
      const file = join(folder, `${name}.ts`)
      const head = imports.map(line => line.replace('./tabmesh.js', 'tabmesh')).join('\n')
      writeFileSync(
        file,
        `import type * as tabmesh from 'tabmesh'\n${head}\n${declared}{\n${body}\n}\nexport {}\n`,
      )
      return file
    })
    const config = join(folder, 'tsconfig.json')
    writeFileSync(
      config,
      JSON.stringify({
        compilerOptions: {
          target: 'ES2023',
          module: 'ESNext',
          moduleResolution: 'bundler',
          lib: ['ES2023', 'ESNext.Disposable', 'DOM'],
          strict: true,
          // They are JavaScript.
          noImplicitAny: false,
          noEmit: true,
          skipLibCheck: true,
          types: ['node'],
          typeRoots: [join(root, 'node_modules/@types')],
          paths: {
            tabmesh: [join(root, 'dist/tabmesh.d.ts')],
            'tabmesh/server': [join(root, 'dist/server.d.ts')],
          },
        },
        files,
      }),
    )
    let complaints = ''
    try {
      execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config])
    } catch (error) {
      complaints = String((error as { stdout?: Buffer }).stdout)
    }
    expect(complaints).toBe('')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/**
 * A folder with `tabmesh.js`, the page of the README at `/page.html` and an empty one elsewhere. From a real server: what Playwright
 * answers itself may not open sockets to this machine.
 */
async function serve(html: string): Promise<{ url: string; close(): void }> {
  const library = readFileSync(join(root, 'dist/tabmesh.js'))
  const server = createServer((request, response) => {
    const isLibrary = request.url === '/tabmesh.js'
    response.writeHead(200, { 'content-type': isLibrary ? 'text/javascript' : 'text/html; charset=utf-8' })
    response.end(
      isLibrary ? library : request.url === '/page.html' ? html : '<!doctype html><title>readme</title>',
    )
  })
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

let folder: Awaited<ReturnType<typeof serve>> | undefined
test.afterEach(() => folder?.close())

/** Runs in a page that has imported the library: a mesh that keeps what it hears. */
interface Listener {
  readonly mesh: Tabmesh.Mesh
  readonly heard: { topic: string | undefined; data: unknown }[]
  readonly gone: string[]
}

test('the page of the README talks by the server of the README, and leaves', async ({ context }) => {
  const port = await freePort()
  const server = runServer(changed(block('server'), '8787', `${port}`))
  const url = `ws://localhost:${port}/signal`
  folder = await serve(changed(block('page'), 'wss://example.org/signal', url))
  try {
    const listening = await context.newPage()
    await listening.goto(folder.url)
    // Until the server listens a mesh that joins waits and tries again.
    await listening.evaluate(
      async ({ library, url }) => {
        const { createMesh, WebSocketTransport } = (await import(library)) as typeof Tabmesh
        const transport = new WebSocketTransport(url)
        const mesh = await createMesh({ transport, swarm: 'my-app', identity: 'ephemeral', iceServers: [] })
        const listener: Listener = { mesh, heard: [], gone: [] }
        mesh.on('message', ({ topic, data }) => listener.heard.push({ topic, data }))
        mesh.on('peer:disconnect', peer => listener.gone.push(peer))
        Object.assign(globalThis, { listener })
        await mesh.join()
      },
      { library: '/tabmesh.js', url },
    )
    const page = await context.newPage()
    const logged: string[] = []
    const errors: string[] = []
    page.on('console', message => logged.push(message.text()))
    page.on('pageerror', error => errors.push(error.message))
    await page.goto(`${folder.url}page.html`)
    await listening.waitForFunction(
      () => (globalThis as unknown as { listener: Listener }).listener.gone.length > 0,
    )
    const heard = await listening.evaluate(() =>
      (globalThis as unknown as { listener: Listener }).listener.heard.map(({ topic, data }) => ({
        topic,
        data: data instanceof Uint8Array ? [...data] : data,
      })),
    )
    expect(heard).toEqual([
      { topic: 'chat/lobby', data: { text: 'hello' } },
      { topic: undefined, data: [1, 2, 3] },
    ])
    expect(logged.some(line => line.startsWith('neighbour '))).toBe(true)
    expect(errors).toEqual([])
  } finally {
    server.kill('SIGKILL')
  }
})

test('receipts, orders, the past, interests and invites work as the README writes them', async ({ page }) => {
  folder = await serve('')
  await page.goto(folder.url)
  const invites = changed(
    block('invites'),
    'await mesh.welcome(reply)',
    // What people carry from one device to the other.
    'const reply = await carried\nawait mesh.welcome(reply)\nawait joined\nshow(guest.neighbours)',
  )
  const names = ['receipts', 'order', 'history', 'interests'] as const
  const codes = { ...Object.fromEntries(names.map(name => [name, block(name)])), invites }
  const seen = await page.evaluate(
    async ({ library, codes }) => {
      const tabmesh = (await import(library)) as typeof Tabmesh
      const { BroadcastChannelTransport, createMesh } = tabmesh
      const rest = { identity: 'ephemeral', iceServers: [] } as const
      const transport = () => new BroadcastChannelTransport()
      const make = () => createMesh({ transport: transport(), swarm: 'readme', ...rest })
      /** Runs a block as the body of a function; what it shows comes back. */
      const run = async (name: string, given: Record<string, unknown>): Promise<unknown[]> => {
        const shown: unknown[] = []
        let carry: (reply: string) => void = () => {}
        const all: Record<string, unknown> = {
          createMesh: (options: Tabmesh.MeshOptions) => createMesh({ ...rest, ...options }),
          show: (what: unknown) => {
            shown.push(what)
            if (typeof what === 'string') carry(what)
          },
          showAbove: (what: readonly unknown[]) => shown.unshift(...what),
          carried: new Promise<string>(resolve => {
            carry = resolve
          }),
          ...given,
        }
        const Body = Object.getPrototypeOf(run).constructor as FunctionConstructor
        await new Body(...Object.keys(all), `{\n${(codes as Record<string, string>)[name]}\n}`)(
          ...Object.values(all),
        )
        return shown
      }
      const [mesh, other] = await Promise.all([make(), make()])
      const heard: unknown[] = []
      other.on('message', ({ topic, data }) => heard.push([topic, data]))
      const linked = new Promise(resolve => mesh.once('peer:connect', resolve))
      await Promise.all([mesh.join(), other.join(), linked])
      const receipts = await run('receipts', { mesh })
      await run('order', { mesh, question: 'really?', x: 3, y: 4 })
      const late = await make()
      await late.join()
      const history = await run('history', { mesh: late })
      await run('interests', { transport: transport(), swarm: 'readme' })
      const guests = await run('invites', { mesh })
      return {
        receipts,
        heard,
        // What was a moment old may have come as a message before the past was told: it is shown below.
        history: history.map(message => (message as Tabmesh.PastMessage).data as unknown),
        guests: [typeof guests[0], (guests.at(-1) as string[]).includes(mesh.peerId)],
      }
    },
    { library: '/tabmesh.js', codes },
  )
  expect(seen).toEqual({
    receipts: expect.arrayContaining(['seen by 1']),
    heard: [
      ['chat', 'hello'],
      ['chat', { text: 'yes!', to: 'really?' }],
      ['cursor', [3, 4]],
    ],
    history: ['hello', { text: 'yes!', to: 'really?' }],
    guests: ['string', true],
  })
})

/** Runs a module as one that has the package installed would: a package may import itself by its name. */
function runServer(code: string): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '--eval', code], { cwd: root, stdio: 'inherit' })
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>(resolve => probe.listen(0, resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise(resolve => probe.close(resolve))
  return port
}
