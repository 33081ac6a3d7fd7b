import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readArguments } from './arguments.ts'
import { RawClient } from './raw-client.testing.ts'
import { run } from './run.ts'

/** What `run` uses of a process: real enough to read and to signal. */
class Host extends EventEmitter {
  out = ''
  err = ''
  readonly stdout = { write: (text: string) => this.wrote('out', text) }
  readonly stderr = { write: (text: string) => this.wrote('err', text) }

  private wrote(stream: 'out' | 'err', text: string): void {
    this[stream] += text
    this.emit('wrote')
  }

  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.out)
      if (match !== null) return match
      await new Promise(resolve => this.once('wrote', resolve))
    }
  }
}

const local = ['--host', '127.0.0.1', '--port', '0']

describe('tabmesh-signal', () => {
  it('prints where it listens, serves, and ends cleanly on a signal with a good-bye', async () => {
    const host = new Host()
    const code = run(local, host)
    const [, url = ''] = await host.until(/server:listening url=(\S+)/)
    const client = await RawClient.join(url)
    host.emit('SIGTERM')
    await client.next('bye')
    expect(await client.closed).toBe(1001)
    expect(await code).toBe(0)
    expect(host.out).toMatch(/server:closing signal=SIGTERM connections=1\n.*server:closed\n$/)
    expect(host.err).toBe('')
  })

  it('answers /healthz, /stats, its own path and the rest over HTTP', async () => {
    const host = new Host()
    const code = run(local, host)
    const [, url = ''] = await host.until(/url=ws:(\S+)\/signal/)
    const client = await RawClient.join(`ws:${url}/signal`)
    const get = async (path: string, method = 'GET') => {
      const response = await fetch(`http:${url}${path}`, { method })
      return { status: response.status, body: await response.text() }
    }
    expect(await get('/healthz')).toEqual({ status: 200, body: 'ok\n' })
    const { body } = await get('/stats?x')
    expect(JSON.parse(body)).toMatchObject({ connections: 1, members: 1, swarms: 1, joins: 1, malformed: 0 })
    expect((await get('/signal')).status).toBe(426)
    expect((await get('/')).status).toBe(404)
    expect((await get('/healthz', 'POST')).status).toBe(405)
    expect(await new RawClient(`ws:${url}/elsewhere`).closed).toBe(1006)
    client.close()
    host.emit('SIGINT')
    expect(await code).toBe(0)
  })

  it('logs JSON objects when asked to', async () => {
    const host = new Host()
    const code = run([...local, '--json', '--path', '/x', '--max-connections', '1'], host)
    const [line] = await host.until(/.*server:listening.*/)
    const { event, url, time } = JSON.parse(line)
    expect(event).toBe('server:listening')
    expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/x$/)
    expect(Date.parse(time)).toBeGreaterThan(0)
    const client = await RawClient.join(url)
    expect(await new RawClient(url).closed).toBe(1006)
    expect(JSON.parse((await host.until(/.*connection:refused.*/))[0])).toMatchObject({
      limit: 'maxConnections',
    })
    client.crash()
    host.emit('SIGTERM')
    expect(await code).toBe(0)
    for (const each of host.out.trim().split('\n')) expect(() => JSON.parse(each)).not.toThrow()
  })

  it('a port in use is one clear line and exit code 1', async () => {
    const other = createServer()
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const host = new Host()
    expect(await run(['--host', '127.0.0.1', '--port', String(port)], host)).toBe(1)
    expect(host.err).toBe(`tabmesh-signal: port ${port} on 127.0.0.1 is in use; choose another with --port\n`)
    other.close()
  })

  it('an address of another machine is one clear line and exit code 1', async () => {
    const host = new Host()
    expect(await run(['--host', '192.0.2.1', '--port', '0'], host)).toBe(1)
    expect(host.err).toBe('tabmesh-signal: 192.0.2.1 is no address of this machine (--host)\n')
  })

  it('--help prints every flag and exits with 0', async () => {
    const host = new Host()
    expect(await run(['--help'], host)).toBe(0)
    for (const flag of ['--port', '--host', '--path', '--json', '--public-host', '--trust-proxy']) {
      expect(host.out).toContain(flag)
    }
  })

  it.each([
    [['--prot', '1'], /--prot/],
    [['stray'], /stray/],
    [['--port', 'x'], /--port must be an integer from 0 to 65535, not 'x'/],
    [['--port', '65536'], /--port/],
    [['--port'], /--port/],
    [['--path', 'signal'], /path must start with \//],
    [['--max-members', '0'], /--max-members/],
  ])('%j is refused by name with exit code 2', async (argv, problem) => {
    const host = new Host()
    expect(await run(argv, host)).toBe(2)
    expect(host.err).toMatch(problem)
    expect(host.err).toContain('--help')
  })

  it('behind a proxy takes the address the proxy saw', () => {
    const read = readArguments([
      '--trust-proxy',
      '--max-connections-per-address',
      '3',
      '--public-host',
      'a.b:1',
    ])
    if (read.kind !== 'run') throw new Error('not read')
    const { clientAddress, ...options } = read.command.options
    expect(options).toEqual({ maxConnectionsPerAddress: 3, publicHost: 'a.b:1' })
    const socket = { remoteAddress: '10.0.0.1' }
    const address = (header: string | undefined) =>
      clientAddress?.({ headers: { 'x-forwarded-for': header }, socket } as never)
    expect(address('6.6.6.6, 203.0.113.7')).toBe('203.0.113.7')
    expect(address(undefined)).toBe('10.0.0.1')
  })
})

describe('tabmesh-signal as a process', () => {
  let folder = ''
  let child: ChildProcess | undefined

  beforeAll(async () => {
    // Beside node_modules, so that the bundle finds `ws`.
    folder = await mkdtemp(fileURLToPath(new URL('../node_modules/.signal-cli-', import.meta.url)))
    await build({
      configFile: false,
      logLevel: 'silent',
      build: { ssr: fileURLToPath(new URL('cli.ts', import.meta.url)), outDir: folder, target: 'node20' },
    })
  }, 30_000)

  afterAll(async () => {
    child?.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })

  it('ends with code 0 on SIGTERM, its clients told', async () => {
    child = spawn(process.execPath, [join(folder, 'cli.js'), ...local], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const { stdout } = child
    const url = await new Promise<string>(resolve => {
      let out = ''
      stdout?.on('data', chunk => {
        out += String(chunk)
        const match = /url=(\S+)/.exec(out)
        if (match?.[1] !== undefined) resolve(match[1])
      })
    })
    const client = await RawClient.join(url)
    const exit = new Promise(resolve => child?.once('exit', (code, signal) => resolve({ code, signal })))
    child.kill('SIGTERM')
    expect((await client.next('bye')).reason).toBe('shutdown')
    expect(await exit).toEqual({ code: 0, signal: null })
  }, 20_000)
})
