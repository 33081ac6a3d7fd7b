/**
 * Leaves out of the bundle what this library never calls of a package. Tree shaking cannot: tweetnacl hangs its
 * functions on one object, simple-peer is one class. What is left out becomes blanks, so that source maps hold.
 *
 * The lists are checked against the package: a name that is not there fails the build. What remains is the
 * package's own code, as it was reviewed; only tables of constants are computed instead of carried, and compared while
 * building.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { parseAst } from 'rolldown/parseAst'
import type { Plugin } from 'vite'

/**
 * simple-peer's methods that no data channel of ours comes by (src/link/simple-peer.ts uses its own channel, and
 * of simple-peer the negotiation only): media, its stream, its look for the selected candidate pair.
 */
const UNUSED_OF_SIMPLE_PEER = [
  'addTransceiver',
  'addStream',
  'addTrack',
  'replaceTrack',
  'removeTrack',
  'removeStream',
  '_requestMissingTransceivers',
  '_onTrack',
  'send',
  'address',
  '_write',
  '_onFinish',
  'getStats',
  '_maybeReady',
  '_onInterval',
  '_onChannelMessage',
  '_onChannelBufferedAmountLow',
  '_onChannelOpen',
  '_startIceCompleteTimeout',
  'bufferSize',
  'connected',
]

/** What src/crypto/ calls of tweetnacl, and what that calls in turn. */
const USED_OF_TWEETNACL = [
  'secretbox',
  'secretbox.open',
  'box.before',
  'box.after',
  'box.open.after',
  'box.keyPair.fromSecretKey',
  'box.publicKeyLength',
  'box.sharedKeyLength',
  'box.nonceLength',
  'sign',
  'sign.detached',
  'sign.detached.verify',
  'sign.keyPair.fromSeed',
  'verify',
]

/**
 * The round constants of SHA-512: the first 64 bits of the fractional parts of the cube roots of the first 80
 * primes (FIPS 180-4 §4.2.3), as pairs of 32 bits. Digits do not compress: computing them takes 1 kB less than
 * carrying them, and about a millisecond when the library is loaded.
 */
const SHA512_CONSTANTS = `(function() {
  for (var k = [], p = 2n, d, x, y; k.length < 160; p++) {
    for (d = 2n; d * d <= p && p % d; d++);
    if (d * d <= p) continue;
    for (x = 1n << 68n; (y = (2n * x + (p << 192n) / (x * x)) / 3n) < x; x = y);
    k.push(Number(x >> 32n & 0xffffffffn), Number(x & 0xffffffffn));
  }
  return k;
})()`

/** Those of SHA-256 are the first halves of the first 64. */
const SHA256_CONSTANTS = `${SHA512_CONSTANTS}.filter((_, i) => i < 128 && i % 2 < 1)`

const TRIMMED: readonly [file: RegExp, trim: (code: string) => string][] = [
  [/\/node_modules\/simple-peer\/index\.js$/, code => toModule(emptyMethods(code, UNUSED_OF_SIMPLE_PEER))],
  [/\/node_modules\/tweetnacl\/nacl-fast\.js$/, code => toModule(trimTweetnacl(code))],
  [/\/node_modules\/@noble\/hashes\/_md\.js$/, code => emptyMethods(code, ['_cloneIntoMeta', 'clone'])],
  [
    /\/node_modules\/@noble\/hashes\/sha2\.js$/,
    code => computeTable(emptyMethods(code, ['_cloneInto']), 'SHA256_K', SHA256_CONSTANTS),
  ],
]

/** What stands for simple-peer's dependencies (simple-peer.ts). */
const SHIM = /\/src\/link\/shims\/[a-z-]+\.cjs$/

export function trimPackages(): Plugin {
  return {
    name: 'tabmesh:trim-packages',
    apply: 'build',
    enforce: 'pre',
    // A .cjs cannot be an ES module, whatever is in it.
    resolveId: (id: string) => (SHIM.test(id) ? `${id}.js` : undefined),
    load: (id: string) =>
      SHIM.test(id.slice(0, -3)) ? toModule(readFileSync(id.slice(0, -3), 'utf8')) : undefined,
    transform(code, id) {
      const trim = TRIMMED.find(([file]) => file.test(id))?.[1]
      return trim && { code: trim(code), map: null }
    },
  }
}

/** A CommonJS module as an ES module: without the bundler's machinery for the former, and in one scope with the rest. */
export function toModule(code: string): string {
  const names: string[] = []
  const body = code.replace(/\brequire\('([^']+)'\)/g, (_, name: string) => `required${names.push(name) - 1}`)
  const imports = names.map((name, i) => `import required${i} from '${name}';`).join('')
  return `${imports}var module = { exports: {} };${body}\nexport default module.exports\n`
}

/** tweetnacl's nacl-fast.js without what src/crypto/ does not call. */
export function trimTweetnacl(code: string): string {
  const kept = keepMembers(code, 'nacl', USED_OF_TWEETNACL)
  return computeTable(kept, 'K', SHA512_CONSTANTS)
}

interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

/**
 * Empties the bodies of a class's methods. They stay as methods, because other methods may still call them.
 *
 * @throws Error for a name that no class in the code has as a method
 */
export function emptyMethods(code: string, names: readonly string[]): string {
  const missing = new Set(names)
  let trimmed = code
  visit(parseAst(code, { lang: 'js' }), node => {
    if (node.type !== 'MethodDefinition') return
    const name = pathOf(node['key'])
    const method = node['value']
    if (name === undefined || !names.includes(name) || !isNode(method) || !isNode(method['body'])) return
    trimmed = emptied(trimmed, method['body'])
    missing.delete(name)
  })
  if (missing.size > 0) throw new Error(`no such methods: ${[...missing].join(', ')}`)
  return trimmed
}

/**
 * Drops every statement `root.… = …` that is not listed, and every function called where it stands, from a
 * program that is one function. A function that only holds listed members is emptied.
 *
 * @throws Error for a name that the code does not assign
 */
export function keepMembers(code: string, root: string, names: readonly string[]): string {
  const missing = new Set(names)
  let trimmed = code
  for (const statement of statementsOfModule(parseAst(code, { lang: 'js' }))) {
    const { expression } = statement
    if (statement.type !== 'ExpressionStatement' || !isNode(expression)) continue
    if (expression.type === 'CallExpression') trimmed = blanked(trimmed, statement.start, statement.end)
    if (expression.type !== 'AssignmentExpression') continue
    const path = pathOf(expression['left'])
    if (path === undefined || !path.startsWith(`${root}.`)) continue
    const member = path.slice(root.length + 1)
    const value = expression['right']
    if (names.includes(member)) missing.delete(member)
    else if (isNode(value) && isNode(value['body']) && names.some(name => name.startsWith(`${member}.`)))
      trimmed = emptied(trimmed, value['body'])
    else trimmed = blanked(trimmed, statement.start, statement.end)
  }
  if (missing.size > 0) throw new Error(`not assigned: ${[...missing].join(', ')}`)
  return trimmed
}

/**
 * Puts an expression in the place of a table of numbers, `var name = [...]` or `var name = Type.from([...])`.
 *
 * @throws Error when there is no such table, or the expression gives other numbers
 */
export function computeTable(code: string, name: string, expression: string): string {
  let table: SyntaxNode | undefined
  visit(parseAst(code, { lang: 'js' }), node => {
    if (node.type !== 'VariableDeclarator' || pathOf(node['id']) !== name) return
    visit(node['init'], inner => {
      if (inner.type === 'ArrayExpression') table ??= inner
    })
  })
  if (table === undefined) throw new Error(`no table ${name}`)
  const { start, end } = table
  // Both are constants of the build: a table of a pinned package and an expression of this file.
  const [carried, computed] = [code.slice(start, end), expression].map(text =>
    new Function(`return ${text}`)(),
  )
  if (JSON.stringify(carried) !== JSON.stringify(computed)) throw new Error(`${name} is not what is computed`)
  const lines = code.slice(start, end).replace(/[^\n]/g, '')
  return code.slice(0, start) + expression.replace(/\n\s*/g, ' ') + lines + code.slice(end)
}

/** The statements inside `(function (…) { … })(…)`, the only one of a module. */
function statementsOfModule(program: unknown): SyntaxNode[] {
  const found: SyntaxNode[] = []
  visit(program, node => {
    if (found.length === 0 && node.type === 'FunctionExpression' && isNode(node['body']))
      found.push(...childrenOf(node['body']))
  })
  return found
}

/** `a.b.c` as text. */
function pathOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined
  if (node.type === 'Identifier') return String(node['name'])
  if (node.type !== 'MemberExpression' || node['computed'] === true) return undefined
  const object = pathOf(node['object'])
  return object && `${object}.${pathOf(node['property'])}`
}

const emptied = (code: string, body: SyntaxNode): string => blanked(code, body.start + 1, body.end - 1)

/** The same text with blanks from `start` to `end`; lines stay lines. */
function blanked(code: string, start: number, end: number): string {
  return code.slice(0, start) + code.slice(start, end).replace(/[^\n]/g, ' ') + code.slice(end)
}

/** Every node, outer ones first. */
function visit(node: unknown, found: (node: SyntaxNode) => void): void {
  if (!isNode(node)) return
  found(node)
  for (const child of childrenOf(node)) visit(child, found)
}

const childrenOf = (node: SyntaxNode): SyntaxNode[] => Object.values(node).flat().filter(isNode)

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}
