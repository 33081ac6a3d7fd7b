import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT, tool } from './lib.mjs'

/** One forbidden import each: the file, what it imports, the rule that has to say no. */
const FORBIDDEN: readonly (readonly [from: string, to: string, rule: string])[] = [
  ['src/protocol/wire/a.ts', '../input.ts', 'wire-imports-nothing'],
  ['src/protocol/wire/b.ts', '../../crypto/hash.ts', 'wire-imports-nothing'],
  ['src/protocol/gossip/a.ts', '../routing/routing.ts', 'machines-never-meet'],
  ['src/protocol/gossip/b.ts', '../node.ts', 'machines-never-meet'],
  ['src/protocol/gossip/c.ts', '../../crypto/sign.ts', 'machines-never-meet'],
  ['src/protocol/gossip/d.ts', '../../link/port.ts', 'machines-never-meet'],
  ['src/protocol/input.ts', './gossip/gossip.ts', 'protocol-root-is-plain'],
  ['src/protocol/effect.ts', './node.ts', 'protocol-root-is-plain'],
  ['src/protocol/node.ts', '../link/port.ts', 'node-composes-protocol'],
  ['src/protocol/node-parts.ts', '../crypto/sign.ts', 'node-composes-protocol'],
  ['src/protocol/overlay/a.ts', 'tweetnacl', 'protocol-has-no-packages'],
  ['src/protocol/overlay/b.ts', 'node:fs', 'protocol-has-no-packages'],
  ['src/crypto/a.ts', '../identity/identity.ts', 'crypto-stands-alone'],
  ['src/identity/a.ts', '../link/port.ts', 'identity-room'],
  ['src/identity/b.ts', '../protocol/node.ts', 'identity-room'],
  ['src/link/a.ts', '../protocol/wire/frame.ts', 'link-room'],
  ['src/link/b.ts', '../signaling/message.ts', 'link-room'],
  ['src/signaling/a.ts', '../protocol/gossip/gossip.ts', 'signaling-room'],
  ['src/signaling/b.ts', '../link/port.ts', 'signaling-room'],
  ['src/mesh/a.ts', '../index.ts', 'mesh-behind-index'],
  ['src/mesh/b.ts', '../../server/index.ts', 'mesh-behind-index'],
  ['src/link/c.ts', '../mesh/mesh.ts', 'nobody-imports-mesh'],
  ['e2e/a.ts', '../src/mesh/mesh.ts', 'nobody-imports-mesh'],
  ['src/mesh/c.ts', 'node:fs', 'src-is-for-browsers'],
  ['sim/a.ts', '../src/mesh/mesh.ts', 'sim-room'],
  ['sim/b.ts', '../src/link/port.ts', 'sim-room'],
  ['sim/c.ts', '../server/index.ts', 'sim-room'],
  ['server/a.ts', '../src/crypto/sign.ts', 'server-room'],
  ['server/b.ts', '../src/index.ts', 'server-room'],
  ['demo/a.ts', '../src/link/port.ts', 'demo-room'],
  ['demo/b.ts', '../server/index.ts', 'demo-room'],
  ['lab/a.ts', '../src/link/port.ts', 'lab-room'],
  ['lab/b.ts', '../server/index.ts', 'lab-room'],
  ['src/mesh/d.ts', 'simple-peer', 'home-of-simple-peer'],
  ['src/mesh/e.ts', 'tweetnacl', 'home-of-tweetnacl'],
  ['src/identity/c.ts', '@noble/hashes/sha2.js', 'home-of-tweetnacl'],
  ['src/link/d.ts', 'idb-keyval', 'home-of-idb-keyval'],
  ['src/link/e.ts', '@msgpack/msgpack', 'home-of-msgpack-msgpack'],
  ['src/signaling/c.ts', 'ws', 'home-of-ws'],
  ['src/link/f.ts', './port.test.ts', 'tests-are-leaves'],
  ['src/link/g.ts', './h.ts', 'no-cycles'],
]

/** Imports that have to stay possible. */
const ALLOWED: readonly (readonly [from: string, to: string])[] = [
  ['src/index.ts', './mesh/mesh.ts'],
  ['src/link/h.ts', './g.ts'],
  ['src/mesh/mesh.ts', '../protocol/node.ts'],
  ['src/mesh/codec.ts', '@msgpack/msgpack'],
  ['src/protocol/node.ts', './gossip/gossip.ts'],
  ['src/protocol/gossip/gossip.ts', '../../crypto/hash.ts'],
  ['src/protocol/gossip/gossip.ts', '../wire/frame.ts'],
  ['src/protocol/gossip/gossip.ts', '../id.ts'],
  ['src/protocol/gossip/gossip.test.ts', '../routing/routing.ts'],
  ['src/protocol/wire/frame.ts', '../id.ts'],
  ['src/crypto/sign.ts', 'tweetnacl'],
  ['src/identity/identity.ts', '../crypto/sign.ts'],
  ['src/link/port.ts', '../protocol/id.ts'],
  ['src/link/simple-peer.ts', 'simple-peer'],
  ['sim/network.ts', '../src/protocol/node.ts'],
  ['server/index.ts', '../src/signaling/message.ts'],
  ['server/index.ts', 'ws'],
  ['server/index.ts', 'node:http'],
  ['demo/main.ts', '../src/index.ts'],
  ['demo/main.ts', 'tabmesh'],
]

interface Violation {
  readonly from: string
  readonly rule: { readonly name: string }
}

let folder = ''
let violations: readonly Violation[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tabmesh-directions-'))
  const files = new Map<string, string>()
  for (const [from, to] of [...FORBIDDEN, ...ALLOWED]) {
    files.set(from, `${files.get(from) ?? ''}import '${to}'\n`)
    if (to.startsWith('.')) {
      const target = join(dirname(from), to)
      files.set(target, files.get(target) ?? '')
    } else if (!to.startsWith('node:')) {
      const name = to
        .split('/')
        .slice(0, to.startsWith('@') ? 2 : 1)
        .join('/')
      files.set(
        `node_modules/${name}/package.json`,
        JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
      )
      files.set(`node_modules/${name}/index.js`, '')
    }
  }
  files.set('node_modules/@noble/hashes/sha2.js', '')
  for (const [file, text] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  const run = spawnSync(
    process.execPath,
    [
      tool('dependency-cruiser', 'depcruise'),
      ...['--config', join(ROOT, '.dependency-cruiser.cjs'), '--output-type', 'json'],
      ...['src', 'sim', 'server', 'demo', 'e2e', 'lab'],
    ],
    { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 },
  )
  violations = JSON.parse(run.stdout).summary.violations
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('import directions', () => {
  test.each(FORBIDDEN)('%s may not import %s (%s)', (from, _to, rule) => {
    expect(
      violations.filter(violation => violation.from === from).map(violation => violation.rule.name),
    ).toContain(rule)
  })

  const guilty = new Set(FORBIDDEN.map(([from]) => from))
  test.each(ALLOWED.filter(([from]) => !guilty.has(from)))('%s may import %s', from => {
    expect(violations.filter(violation => violation.from === from)).toEqual([])
  })
})
