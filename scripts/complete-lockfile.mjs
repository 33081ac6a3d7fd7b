/**
 * Writes into package-lock.json the optional packages for other platforms that npm left out. npm does that where
 * node_modules existed before (npm/cli#4828) or where a registry mirror holds only some platforms; `npm ci` then
 * refuses the lockfile. Run it after changing dependencies: `npm install && npm run lockfile`.
 *
 * @module
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './lib.mjs'

const OS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
  'aix',
]
const CPU = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']

/**
 * The platform that a name such as `@swc/core-linux-x64-musl` stands for.
 *
 * @param {string} name
 * @returns {{ os?: string[], cpu?: string[], libc?: string[] }}
 */
function platformOf(name) {
  const os = OS.find(word => name.includes(`-${word}`) || name.includes(`/${word}`))
  const cpu = CPU.find(word => name.includes(`-${word}`))
  const libc = /musl/.test(name) ? 'musl' : /-gnu/.test(name) && os === 'linux' ? 'glibc' : undefined
  return { ...(cpu && { cpu: [cpu] }), ...(os && { os: [os] }), ...(libc && { libc: [libc] }) }
}

const file = join(ROOT, 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8'))
const known = Object.keys(lock.packages)
let added = 0

for (const path of known) {
  const { optionalDependencies = {}, dev } = lock.packages[path]
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const place = `node_modules/${name}`
    const platform = platformOf(name)
    // Where the name says no platform, npm decides.
    if (lock.packages[place] || !platform.cpu) continue
    lock.packages[place] = { version, ...(dev && { dev }), optional: true, ...platform }
    added += 1
  }
}

const sorted = Object.keys(lock.packages).sort((a, b) => a.localeCompare(b, 'en'))
lock.packages = Object.fromEntries(sorted.map(path => [path, lock.packages[path]]))
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`package-lock.json: ${added} packages for other platforms added`)
