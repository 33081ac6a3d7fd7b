/**
 * Before the end-to-end tests: they run on what a user of the package gets, so the build has to be there and no older
 * than the sources.
 *
 * @module
 */

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { inRepo, ROOT } from './lib.mjs'

const BUILT = [
  'dist/tabmesh.js',
  'dist/tabmesh.d.ts',
  'dist/server.js',
  'dist/signal-cli.js',
  'dist-demo/index.html',
]

/** The time of the newest file below a folder. @param {string} folder */
const newest = folder =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(file => !file.endsWith('.test.ts'))
    .reduce((latest, file) => Math.max(latest, statSync(join(ROOT, folder, file)).mtimeMs), 0)

/** Playwright's global set-up. */
export default function requireDist() {
  const missing = BUILT.filter(file => !inRepo(file))
  if (missing.length > 0) throw new Error(`${missing.join(', ')} missing: run "npm run build" first`)
  const built = statSync(join(ROOT, 'dist/tabmesh.js')).mtimeMs
  if (Math.max(newest('src'), newest('server')) > built) {
    console.warn('dist/ is older than the sources: run "npm run build" to test what you see')
  }
}
