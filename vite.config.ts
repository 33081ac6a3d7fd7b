/**
 * The demo: `npm start` serves it together with the signaling server on one port, `npm run build` makes it a static
 * site. The library and the server have their own configurations in build/.
 *
 * @module
 */

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { simplePeerAliases, simplePeerDefines } from './build/simple-peer.ts'
import { signalingPlugin } from './server/vite-plugin.ts'

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

export default defineConfig({
  root: path('./demo'),
  base: './',
  publicDir: path('./public'),
  plugins: [signalingPlugin({ path: '/signal' })],
  resolve: {
    alias: [{ find: /^tabmesh$/, replacement: path('./src/index.ts') }, ...simplePeerAliases],
  },
  define: simplePeerDefines,
  server: {
    strictPort: true,
    // Names that a home network gives to its machines; plain addresses are always allowed.
    allowedHosts: ['.local', '.lan', '.home.arpa'],
    fs: { allow: [path('.')] },
  },
  build: {
    outDir: path('./dist-demo'),
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: true,
  },
})
