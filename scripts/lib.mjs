/**
 * What the scripts share: paths, spawning installed tools without a shell, and installing what is missing.
 * Node built-ins only, because it runs before anything is installed.
 *
 * @module
 */

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Where scripts keep what can be made again. */
export const CACHE = join(ROOT, 'node_modules', '.cache', 'tabmesh')

/** The oldest Node that the tools run on (Vite 8 names it). */
const OLDEST_NODE = [20, 19]

/**
 * Ends the process with one clear line and no stack.
 *
 * @param {string} line
 * @returns {never}
 */
export function die(line) {
  console.error(`tabmesh: ${line}`)
  process.exit(1)
}

/** Stops with a clear line where Node is too old for the tools. */
export function ensureNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [wantMajor = 0, wantMinor = 0] = OLDEST_NODE
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return
  die(
    `Node ${OLDEST_NODE.join('.')} or newer is needed, this is ${process.versions.node}. See https://nodejs.org`,
  )
}

/**
 * @param {string} path
 * @returns {any} the parsed file; `undefined` where it is missing or broken
 */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * Packages of the lockfile that are not installed in the version it names. Optional packages (binaries for other
 * platforms) do not count.
 *
 * @returns {string[]}
 */
function missingPackages() {
  const wanted = readJson(join(ROOT, 'package-lock.json'))?.packages
  if (!wanted) return existsSync(join(ROOT, 'node_modules')) ? [] : ['node_modules']
  const installed = readJson(join(ROOT, 'node_modules', '.package-lock.json'))?.packages ?? {}
  return Object.keys(wanted).filter(
    path => path !== '' && !wanted[path].optional && installed[path]?.version !== wanted[path].version,
  )
}

/** Installs the locked dependencies where they are missing or of another version. */
export function ensureDependencies() {
  const missing = missingPackages()
  if (missing.length === 0) return
  const locked = existsSync(join(ROOT, 'package-lock.json'))
  console.log(`Installing dependencies (${missing.length} missing or outdated) …`)
  const npm = spawnSync('npm', [locked ? 'ci' : 'install', '--no-audit', '--no-fund'], {
    cwd: ROOT,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    // A browser is looked for later, and only downloaded when none is installed.
    env: { ...process.env, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' },
  })
  if (npm.status !== 0)
    die('installing the dependencies failed (see above); is a package registry reachable?')
}

/**
 * The script file behind an installed tool, to be run with this Node.
 *
 * @param {string} pkg - package name
 * @param {string} [name] - name of the command, where the package has several
 */
export function tool(pkg, name = pkg) {
  const home = join(ROOT, 'node_modules', ...pkg.split('/'))
  const bin = readJson(join(home, 'package.json'))?.bin
  const file = typeof bin === 'string' ? bin : bin?.[name]
  if (!file) die(`${pkg} is not installed: run npm install`)
  return join(home, file)
}

/**
 * Runs a program to its end, its output shown as it comes. It and everything it started end with this process, or when
 * its time is up: a test that never yields cannot be stopped from inside.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, timeout?: number }} [options] `timeout` in milliseconds
 * @returns {Promise<number>} the exit code; 1 for a signal or a time-out
 */
export function run(file, args, { env, timeout = 0 } = {}) {
  // A process group of its own, so that workers can be ended along with it. Windows has no such thing.
  const detached = process.platform !== 'win32'
  return new Promise(resolve => {
    const child = spawn(file, args, {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, ...env },
      detached,
    })
    const kill = () => {
      try {
        if (detached && child.pid) process.kill(-child.pid, 'SIGKILL')
        else child.kill('SIGKILL')
      } catch {
        // Gone already.
      }
    }
    const timer = setTimeout(
      () => {
        console.error(`stopped: not done after ${Math.round(timeout / 1000)} s`)
        kill()
      },
      timeout > 0 ? timeout : 2 ** 31 - 1,
    )
    const interrupted = () => {
      kill()
      process.exit(130)
    }
    process.on('SIGINT', interrupted).on('SIGTERM', interrupted)
    /** @param {number} code */
    const done = code => {
      clearTimeout(timer)
      process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
      resolve(code)
    }
    child.on('error', error => {
      console.error(`${file}: ${error.message}`)
      done(1)
    })
    child.on('exit', code => done(code ?? 1))
  })
}

/**
 * Runs an installed tool with this Node.
 *
 * @param {[pkg: string, name?: string]} which
 * @param {string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export const runTool = ([pkg, name], args, options) =>
  run(process.execPath, [tool(pkg, name), ...args], options)

/** Whether a file or folder of the repository exists. @param {string} path */
export const inRepo = path => existsSync(join(ROOT, path))
