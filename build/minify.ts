/**
 * Minifies the library bundle: shortens the property names that nobody outside can see (names.ts), and has swc do
 * the rest, which comes out 1.6 kB gzip smaller than by Vite's own minifier. Only dist/ is made like this; tests
 * and the demo keep plain names, and the end-to-end tests run on dist/.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { minify } from '@swc/core'
import { type MinifyOptions, minifySync } from 'rolldown/utils'
import type { Plugin } from 'vite'
import { namesIn, propertiesIn, type Source, stringsIn } from './names.ts'
import { type PropertyTypes, propertyTypes } from './property-types.ts'
import { shortNames } from './short-names.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SRC = join(ROOT, 'src')
/** As the compiler writes it. */
const OURS = SRC.replaceAll('\\', '/')

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
        const published: Source = { text: readFileSync(declarations, 'utf8'), lang: 'dts' }
        const packages: Source[] = []
        for (const id of this.getModuleIds()) {
          const text = this.getModuleInfo(id)?.code
          if (text && !id.endsWith('.ts')) packages.push({ text, lang: 'js' })
        }
        const types = typesOfLibrary()
        const cache = Object.fromEntries(
          shortNames({
            ...namesOfLibrary(types, published, packages),
            uses: propertiesIn(code),
            together: types.together,
          }),
        )
        const options = {
          module: true,
          compress: false,
          mangle: false,
          mangleProps: { include: new RegExp(`^(?:${Object.keys(cache).join('|')})$`), cache },
          sourcemap: true,
        }
        return oxc(fileName, code, options)
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
    {
      name: 'tabmesh:minify-again',
      apply: 'build',
      enforce: 'post',
      // What the other minifier finds in it is 0.3 kB.
      renderChunk: (code, { fileName }) =>
        oxc(fileName, code, { module: true, compress: true, mangle: false, sourcemap: true }),
    },
  ]
}

function oxc(file: string, code: string, options: MinifyOptions) {
  const { code: minified, map, errors } = minifySync(file, code, options)
  if (errors[0] !== undefined || !map) throw new Error(`not minified: ${errors[0]?.message}`)
  return { code: minified, map }
}

/** What of a package begins like this is its own business; only this one is asked of the platform (of React Native). */
const PRIVATE = /^_(?!peerConnectionId)/

/** Which property names may be shortened, and which of them the compiler knows nothing of. */
export function namesOfLibrary(
  types: PropertyTypes,
  published: Source,
  packages: readonly Source[],
): { names: Set<string>; alone: Set<string> } {
  const leaving: Source[] = []
  for (const file of readdirSync(SRC, { recursive: true, encoding: 'utf8' })) {
    const path = file.replaceAll('\\', '/')
    if (LEAVING.test(path) && !TESTS.test(path))
      leaving.push({ text: readFileSync(join(SRC, file), 'utf8'), lang: 'ts' })
  }
  const packaged = packages.flatMap(({ text }) => [...propertiesIn(text).keys()])
  const privates = packaged.filter(name => PRIVATE.test(name))
  const kept = new Set([
    ...types.foreign.keys(),
    ...namesIn([published, ...leaving]),
    ...stringsIn(packages),
    ...packaged.filter(name => !PRIVATE.test(name)),
  ])
  return {
    names: new Set([...types.declared, ...privates].filter(name => !kept.has(name))),
    alone: new Set([...types.unsure, ...privates]),
  }
}

/** What the compiler knows of the names of src/. */
export function typesOfLibrary(): PropertyTypes {
  return propertyTypes([join(SRC, 'index.ts')], join(ROOT, 'tsconfig.json'), file => file.startsWith(OURS))
}
