/**
 * Import directions: who may import whom. Run by `npm run check`; the same table in prose stands in ARCHITECTURE.md.
 *
 * Tests (`*.test.ts`) and what only tests use (`*.testing.ts`, `*.test-support.ts`) may look into any room; nothing else may import them.
 */

const tests = '\\.(test|testing|test-support)\\.ts$'

/**
 * A rule that lets a room import nothing from this repository but what it lists.
 *
 * @param {string} room - path pattern of the importing files; may capture groups for `$1`
 * @param {string[]} allowed - path patterns it may import
 * @param {string} [except] - files of the room that the rule leaves alone
 */
const only = (name, comment, room, allowed, except) => ({
  name,
  comment,
  severity: 'error',
  from: { path: room, pathNot: except ? [tests, except] : [tests] },
  to: { path: '^(src|sim|server|demo|e2e|bench|lab|build|scripts)/', pathNot: allowed },
})

/** A rule that gives an npm package one home. */
const home = (packages, rooms) => ({
  name: `home-of-${packages[0].replace(/^@/, '').replace('/', '-')}`,
  comment: `${packages.join(', ')}: only ${rooms} may import it`,
  severity: 'error',
  from: { path: '^(src|sim|server|demo)/', pathNot: [rooms, tests] },
  to: { path: `(^|node_modules/)(${packages.join('|')})(/|$)` },
})

/** Plain values and types at the root of protocol/: ids, randomness, inputs, effects. Never the composition. */
const protocolRoot = '^src/protocol/(?!node)[a-z-]+\\.ts$'

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'no module reaches itself',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    only(
      'wire-imports-nothing',
      'wire/ is the bottom: it knows ids and nothing else',
      '^src/protocol/wire/',
      ['^src/protocol/wire/', '^src/protocol/id\\.ts$'],
    ),
    only(
      'protocol-root-is-plain',
      'files at the root of protocol/ import each other, wire/ and crypto/hash; node*.ts composes',
      '^src/protocol/[a-z-]+\\.ts$',
      [protocolRoot, '^src/protocol/wire/', '^src/crypto/hash\\.ts$'],
      '^src/protocol/node[a-z-]*\\.ts$',
    ),
    only(
      'machines-never-meet',
      'a machine imports wire/, the root of protocol/, crypto/hash and its own folder; node.ts composes machines',
      '^src/protocol/([^/]+)/',
      ['^src/protocol/$1/', '^src/protocol/wire/', protocolRoot, '^src/crypto/hash\\.ts$'],
      '^src/protocol/wire/',
    ),
    only(
      'node-composes-protocol',
      'protocol/node*.ts composes machines and knows no other room',
      '^src/protocol/node[a-z-]*\\.ts$',
      ['^src/protocol/', '^src/crypto/hash\\.ts$'],
    ),
    only(
      'crypto-stands-alone',
      'crypto/ is functions of bytes; it fills the port that sealer.ts names',
      '^src/crypto/',
      ['^src/crypto/', '^src/protocol/(id|sealer)\\.ts$'],
    ),
    only('identity-room', 'identity/ knows crypto/ and ids', '^src/identity/', [
      '^src/identity/',
      '^src/crypto/',
      '^src/protocol/id\\.ts$',
    ]),
    only('book-room', 'book/ knows ids and how long to wait', '^src/book/', [
      '^src/book/',
      '^src/protocol/(id|backoff)\\.ts$',
    ]),
    only('link-room', 'link/ is a port and its adapters: no protocol, no signaling', '^src/link/', [
      '^src/link/',
      '^src/crypto/',
      '^src/protocol/id\\.ts$',
    ]),
    only(
      'signaling-room',
      'signaling/ is a port and its adapters: no protocol machines, no links',
      '^src/signaling/',
      ['^src/signaling/', '^src/crypto/', '^src/protocol/id\\.ts$'],
    ),
    only(
      'mesh-behind-index',
      'mesh/ composes every room of src/; only src/index.ts imports mesh/',
      '^src/mesh/',
      ['^src/(?!index\\.ts)'],
    ),
    {
      name: 'nobody-imports-mesh',
      comment: 'only src/index.ts imports mesh/',
      severity: 'error',
      from: { pathNot: ['^src/mesh/', '^src/index\\.ts$', tests] },
      to: { path: '^src/mesh/' },
    },
    only('sim-room', 'the simulator runs protocol/ and crypto/ and nothing of the browser', '^sim/', [
      '^sim/',
      '^src/protocol/',
      '^src/crypto/',
    ]),
    only('server-room', 'the server shares with src only the signaling message schema', '^server/', [
      '^server/',
      '^src/signaling/message[a-z-]*\\.ts$',
    ]),
    only('demo-room', 'the demo uses the public API only, as "tabmesh"', '^demo/', [
      '^demo/',
      '^src/index\\.ts$',
    ]),
    only('lab-room', 'the lab opens pages with the built bundle; of src it knows the public types', '^lab/', [
      '^lab/',
      '^src/index\\.ts$',
      '^scripts/',
    ]),
    {
      name: 'src-is-for-browsers',
      comment: 'no Node built-ins in src/, sim-independent of the platform',
      severity: 'error',
      from: { path: '^src/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'protocol-has-no-packages',
      comment: 'protocol/ imports no npm package; hashing comes through crypto/hash',
      severity: 'error',
      from: { path: '^src/protocol/', pathNot: tests },
      to: { pathNot: '^(src|sim|server|demo|e2e|bench|lab|build|scripts)/' },
    },
    home(['simple-peer'], '^src/link/'),
    home(['tweetnacl', '@noble/hashes'], '^src/crypto/'),
    home(['idb-keyval'], '^src/(identity|book)/'),
    home(['@msgpack/msgpack'], '^src/mesh/'),
    home(['ws'], '^server/'),
    {
      name: 'tests-are-leaves',
      comment: 'only tests import tests',
      severity: 'error',
      from: { pathNot: [tests, '^(e2e|sim/testing)/'] },
      to: { path: tests },
    },
  ],
  options: {
    // swc, because TypeScript 7 has no compiler API for tools; type-only imports count as imports.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|dist-demo)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'browser', 'import', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
}
