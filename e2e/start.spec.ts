/**
 * `npm start` as a stranger types it: one port for the demo and the signaling server, one clear line when that port is
 * taken, and nothing left behind.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { test } from '@playwright/test'
import { DemoTab, expect, meshed } from './demo-site.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const isWindows = process.platform === 'win32'

/** Longest time in which Ctrl-C or SIGTERM may leave anything behind. */
const ENDS_WITHIN = 3000

interface Started {
  readonly child: ChildProcess
  readonly output: () => string
  /** Exit code; `null` where a signal ended it. */
  readonly ended: Promise<number | null>
}

const running: Started[] = []

/** `npm start -- --port <port>`, in a process group of its own as in a terminal. */
function npmStart(port: number): Started {
  const child = spawn(isWindows ? 'npm.cmd' : 'npm', ['start', '--', '--port', `${port}`], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: !isWindows,
    shell: isWindows,
  })
  let text = ''
  child.stdout.on('data', chunk => {
    text += chunk
  })
  child.stderr.on('data', chunk => {
    text += chunk
  })
  // `close` and not `exit`: the pipes end when the last process that holds them does.
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const started = { child, output: () => text, ended }
  running.push(started)
  return started
}

/** A port of `localhost` that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>(resolve => probe.listen(0, 'localhost', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise(resolve => probe.close(resolve))
  return port
}

const answers = (port: number) =>
  fetch(`http://localhost:${port}/`).then(
    response => response.ok,
    () => false,
  )

test.afterEach(() => {
  for (const { child } of running.splice(0)) {
    try {
      if (child.pid !== undefined) process.kill(isWindows ? child.pid : -child.pid, 'SIGKILL')
    } catch {
      // Gone already, as it should be.
    }
  }
})

test('npm start serves the demo and the signaling server on one port, and tells where', async ({
  context,
}) => {
  const port = await freePort()
  const { output } = npmStart(port)
  await expect.poll(output).toContain(`http://localhost:${port}/`)
  expect(output()).toContain(`ws://localhost:${port}/signal`)
  const tabs = await Promise.all([1, 2].map(() => DemoTab.open(context, `http://localhost:${port}/`)))
  const [a, b] = tabs as [DemoTab, DemoTab]
  await meshed([a, b])
  await a.say('it works')
  await expect(b.line('it works')).toHaveCount(1)
  for (const tab of tabs) expect(tab.complaints).toEqual([])
})

test('a port in use is one clear line and exit code 1', async () => {
  const taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, 'localhost', resolve))
  const { port } = taken.address() as AddressInfo
  const { output, ended } = npmStart(port)
  expect(await ended).toBe(1)
  const own = output()
    .split('\n')
    .filter(line => line.startsWith('tabmesh:') || /Error|^\s+at /.test(line))
  expect(own).toEqual([`tabmesh: port ${port} is in use; choose another: npm start -- --port ${port + 1}`])
  await new Promise(resolve => taken.close(resolve))
})

/** How it is told to end. Windows has no signals. */
const ENDINGS = [
  { what: 'SIGTERM to npm, as a supervisor sends it,', signal: 'SIGTERM', whole: false },
  { what: 'SIGINT to all, as Ctrl-C in a terminal sends it,', signal: 'SIGINT', whole: true },
] as const

for (const { what, signal, whole } of isWindows ? [] : ENDINGS) {
  test(`${what} ends npm start and the server behind it within 3 s, tabs open or not`, async ({
    context,
  }) => {
    const port = await freePort()
    const { child, output, ended } = npmStart(port)
    await expect.poll(output).toContain('Ctrl-C')
    const tab = await DemoTab.open(context, `http://localhost:${port}/`)
    await expect(tab.part('signaling')).toHaveAttribute('data-signaling', 'up')
    const pid = child.pid as number
    const began = performance.now()
    process.kill(whole ? -pid : pid, signal)
    await ended
    expect(performance.now() - began).toBeLessThan(ENDS_WITHIN)
    expect(await answers(port)).toBe(false)
    expect(output()).not.toMatch(/^\s+at /m)
    // What is open stays open, and says what is missing.
    await expect(tab.part('signaling')).toHaveAttribute('data-signaling', 'down')
  })
}
