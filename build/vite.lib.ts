/**
 * The library: one ES module with every dependency inside, for `<script type="module">` and for bundlers alike.
 *
 * @module
 */

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { minifyLibrary } from './minify.ts'
import { simplePeerAliases, simplePeerDefines } from './simple-peer.ts'
import { trimPackages } from './trim.ts'

const path = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url))

export default defineConfig({
  root: path('.'),
  publicDir: false,
  logLevel: 'warn',
  plugins: [trimPackages(), minifyLibrary(path('dist/tabmesh.d.ts'))],
  resolve: { alias: simplePeerAliases },
  define: simplePeerDefines,
  build: {
    outDir: path('dist'),
    emptyOutDir: false,
    target: 'es2022',
    sourcemap: true,
    // By the plugin above, which knows what it may shorten.
    minify: false,
    // What is inside asks to be named: dist/licenses.md.
    license: { fileName: 'licenses.md' },
    // Not Vite's `lib` mode: it leaves the whitespace of ES modules in place.
    rolldownOptions: {
      input: path('src/index.ts'),
      preserveEntrySignatures: 'strict',
      output: { format: 'es', entryFileNames: 'tabmesh.js', codeSplitting: false, minify: false },
    },
    modulePreload: false,
  },
})
