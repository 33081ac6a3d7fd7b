/**
 * The signaling server for Node: what `import 'tabmesh/server'` and `npx tabmesh-signal` run. `ws` stays outside.
 *
 * @module
 */

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const path = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url))

export default defineConfig({
  root: path('.'),
  publicDir: false,
  logLevel: 'warn',
  build: {
    ssr: true,
    outDir: path('dist'),
    emptyOutDir: false,
    target: 'node20',
    sourcemap: true,
    minify: false,
    rolldownOptions: {
      input: { server: path('server/index.ts'), 'signal-cli': path('server/cli.ts') },
      external: ['ws', /^node:/],
      output: {
        format: 'es',
        entryFileNames: '[name].js',
        chunkFileNames: 'server-shared.js',
      },
    },
  },
})
