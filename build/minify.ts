/**
 * Minifies the library bundle: shortens the property names that nobody outside can see (names.ts), and has swc do
 * the rest, which comes out 1.6 kB gzip smaller than by Vite's own minifier. Only dist/ is made like this; tests
 * and the demo keep plain names, and the end-to-end tests run on dist/.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { minify } from '@swc/core'
import { minifySync } from 'rolldown/utils'
import type { Plugin } from 'vite'
import { internalNames, type Source } from './names.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SRC = join(ROOT, 'src')

/** Modules whose objects leave the program as JSON or into IndexedDB: all their names are kept. */
const LEAVING = /^(signaling\/message[a-z-]*|identity\/store[a-z-]*|link\/signal)\.ts$/
const TESTS = /(\.(test|testing|test-support)|\/conformance[a-z-]*)\.ts$/

/**
 * @param declarations the published declarations, dist/tabmesh.d.ts: they must have been made before
 */
export function minifyLibrary(declarations: string): Plugin[] {
  return [
    {
      name: 'tabmesh:shorten-names',
      apply: 'build',
      enforce: 'post',
      renderChunk(code, { fileName }) {
        const outside: Source[] = [{ text: readFileSync(declarations, 'utf8'), lang: 'dts' }]
        for (const id of this.getModuleIds()) {
          const text = this.getModuleInfo(id)?.code
          if (text && !id.endsWith('.ts')) outside.push({ text, lang: 'js' })
        }
        const include = new RegExp(`^(?:${namesOfLibrary(outside).join('|')})$`)
        const options = {
          module: true,
          compress: false,
          mangle: false,
          mangleProps: { include },
          sourcemap: true,
        }
        const { code: shortened, map, errors } = minifySync(fileName, code, options)
        if (errors[0] !== undefined || !map)
          throw new Error(`names were not shortened: ${errors[0]?.message}`)
        return { code: shortened, map }
      },
    },
    {
      name: 'tabmesh:minify',
      apply: 'build',
      enforce: 'post',
      async renderChunk(code) {
        const { code: minified, map } = await minify(code, {
          module: true,
          ecma: 2020,
          toplevel: true,
          compress: {
            passes: 3,
            keep_fargs: false,
            // simple-peer's log: its texts are not needed where nothing prints them.
            pure_funcs: ['this._debug'],
          },
          mangle: true,
          sourceMap: true,
        })
        return { code: minified, map: map ?? null }
      },
    },
  ]
}

/** The property names of src/ that may be shortened, given what else must keep its names. */
export function namesOfLibrary(outside: readonly Source[]): string[] {
  const own: Source[] = []
  const leaving: Source[] = []
  for (const file of readdirSync(SRC, { recursive: true, encoding: 'utf8' })) {
    const path = file.replaceAll('\\', '/')
    if (!path.endsWith('.ts') || TESTS.test(path)) continue
    const source: Source = { text: readFileSync(join(SRC, file), 'utf8'), lang: 'ts' }
    own.push(source)
    if (LEAVING.test(path)) leaving.push(source)
  }
  return internalNames(own, [...leaving, ...platform(), ...outside])
}

/** What TypeScript declares of the language and of browsers. It lies beside the compiler of this machine. */
function platform(): Source[] {
  const require = createRequire(createRequire(import.meta.url).resolve('typescript/package.json'))
  const compiler = require.resolve(`@typescript/typescript-${process.platform}-${process.arch}/package.json`)
  const folder = join(dirname(compiler), 'lib')
  const files = readdirSync(folder).filter(name => /^lib\.(es|dom|decorators).*\.d\.ts$/.test(name))
  if (!files.includes('lib.dom.d.ts')) throw new Error(`no lib.dom.d.ts in ${folder}`)
  return files.map(name => ({ text: readFileSync(join(folder, name), 'utf8'), lang: 'dts' }))
}
