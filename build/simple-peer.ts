/**
 * How simple-peer is bundled: its Node dependencies are aliased to small CommonJS shims (src/link/shims/), which
 * takes it from 28.3 kB to under 8 kB gzip and frees the page from `global`, `process` and `Buffer`. The shims are
 * CommonJS because simple-peer calls what `require` returns: an ES module would be a namespace there, "not a
 * function".
 *
 * Owned by the link room. Every Vite and vitest configuration reads these two constants.
 *
 * @module
 */

import { fileURLToPath } from 'node:url'

/** An entry of Vite's `resolve.alias`. */
export interface Alias {
  readonly find: string | RegExp
  readonly replacement: string
}

/** Absolute path of a shim, for {@link simplePeerAliases}. */
export const shim = (file: string): string =>
  fileURLToPath(new URL(`../src/link/shims/${file}`, import.meta.url))

/** Everything that simple-peer requires. */
const REQUIRED = [
  'buffer',
  'debug',
  'err-code',
  'get-browser-rtc',
  'queue-microtask',
  'randombytes',
  'readable-stream',
]

/** Module replacements that simple-peer needs in a browser bundle. Exact names: `buffer` is not `buffer/`. */
export const simplePeerAliases: Alias[] = REQUIRED.map(name => ({
  find: new RegExp(`^${name}$`),
  replacement: shim(`${name}.cjs`),
}))

/** Compile-time constants that simple-peer needs in a browser bundle: none, the shims leave nothing of Node. */
export const simplePeerDefines: Record<string, string> = {}
