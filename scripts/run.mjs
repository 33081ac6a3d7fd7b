/**
 * Runs a TypeScript program of this repository on plain Node, at full speed: its sources are bundled into one module
 * first (some 50 ms), so nothing is compiled or resolved while it runs.
 *
 *     node scripts/run.mjs sim/cli.ts --peers 1000
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CACHE, die, ensureDependencies, ensureNode, ROOT } from './lib.mjs'

ensureNode()
ensureDependencies()

const [entry, ...args] = process.argv.slice(2)
if (!entry) die('usage: node scripts/run.mjs <file.ts> [arguments]')
const file = resolve(ROOT, entry)
if (!existsSync(file)) die(`${entry} does not exist`)

/** Packages that run inside the hot loop are bundled; tools such as Playwright are imported as they are. */
const INLINED = /^(@noble\/hashes|tweetnacl|@msgpack\/msgpack)(\/|$)/

const folder = join(CACHE, 'run')
const { rolldown } = await import('rolldown')
const bundle = await rolldown({
  input: file,
  platform: 'node',
  tsconfig: false,
  external: id => !id.startsWith('.') && !isAbsolute(id) && !INLINED.test(id),
  plugins: [
    {
      name: 'own-url',
      // A bundled module still knows where its source is.
      transform: (code, id) =>
        code.includes('import.meta.url')
          ? { code: code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)), map: null }
          : null,
    },
  ],
})
const { output } = await bundle.generate({
  dir: folder,
  format: 'es',
  sourcemap: 'inline',
  codeSplitting: false,
})
await bundle.close()
const { code } = output[0]

const digest = createHash('sha256').update(code).digest('hex').slice(0, 16)
const bundled = join(folder, `${basename(entry).replace(/\.ts$/, '')}-${digest}.mjs`)
if (!existsSync(bundled)) {
  mkdirSync(folder, { recursive: true })
  // Bundles of sources that have changed since are of no use; one that is running has long been read.
  for (const old of readdirSync(folder)) {
    const age = Date.now() - statSync(join(folder, old)).mtimeMs
    if (age > 3_600_000) rmSync(join(folder, old), { force: true })
  }
  writeFileSync(bundled, code)
}

process.setSourceMapsEnabled(true)
process.argv = [process.argv[0] ?? 'node', file, ...args]
await import(pathToFileURL(bundled).href)
