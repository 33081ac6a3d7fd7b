/**
 * Unit and property tests: `*.test.ts` beside the source they test. The big simulator scenarios are `*.sim.test.ts`,
 * a project of their own, run by `npm test` alone.
 *
 * @module
 */

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { simplePeerAliases, simplePeerDefines } from './build/simple-peer.ts'

const alias = [
  { find: /^tabmesh$/, replacement: fileURLToPath(new URL('./src/index.ts', import.meta.url)) },
  ...simplePeerAliases,
]

export default defineConfig({
  resolve: { alias },
  define: simplePeerDefines,
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{src,server,sim,demo,lab,scripts,build}/**/*.test.ts'],
          exclude: ['**/*.sim.test.ts'],
          environment: 'node',
          // A busy machine is slow, not wrong: what hangs still ends.
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'sim',
          include: ['sim/**/*.sim.test.ts'],
          environment: 'node',
          testTimeout: 120_000,
        },
      },
    ],
  },
})
