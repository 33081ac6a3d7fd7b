/**
 * Looks for installed programs, and installs Debian's packages where that is possible.
 *
 * @module
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const { env, platform } = process

/** @param {string} path */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Whether a browser starts at all. Some systems ship a stub that only says where to get it.
 *
 * @param {string} path
 */
export function starts(path) {
  if (!isExecutable(path)) return false
  if (platform === 'win32') return true // there, --version opens a window
  return majorVersion(path) !== undefined
}

/**
 * The first number of a version, as the program says it; nothing where it does not start.
 *
 * @param {string} path
 */
export function majorVersion(path) {
  try {
    const said = execFileSync(path, ['--version'], { timeout: 20_000, encoding: 'utf8', stdio: 'pipe' })
    const found = /(\d+)\.\d+/.exec(said)
    return found ? Number(found[1]) : undefined
  } catch {
    return undefined
  }
}

/**
 * Paths at which a command may be, first those of the PATH.
 *
 * @param {string} name
 * @param {string[]} [elsewhere] - folders besides the PATH
 */
export function placesOf(name, elsewhere = []) {
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean)
  return [...folders, ...elsewhere].map(folder => join(folder, name))
}

/**
 * Installs Debian's packages, where this is Debian (or a kin of it) and this process may.
 *
 * @param {string[]} packages
 * @returns {boolean} whether apt-get ran to its end
 */
export function installWithApt(packages) {
  if (platform !== 'linux' || process.getuid?.() !== 0) return false
  if (!placesOf('apt-get').some(isExecutable)) return false
  // stdout may be a report that another program reads.
  console.error(`Installing Debian’s ${packages.join(', ')} …`)
  const apt = (/** @type {string[]} */ ...args) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 2, 2],
      env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0
  // With the lists of an old image old packages are installed: Firefox 140, which Playwright cannot drive. Without a network both fail.
  apt('update')
  return apt('install', '-y', '--no-install-recommends', ...packages)
}
