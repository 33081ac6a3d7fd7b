/**
 * Whether the NAT lab can run on this machine; installs what is missing where that is possible.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { delimiter } from 'node:path'
import { installWithApt, isExecutable, placesOf } from './program.mjs'

/** Commands and the Debian packages they come in. */
const TOOLS = { ip: 'iproute2', nft: 'nftables', turnserver: 'coturn' }
/** Where a user's PATH may not look. */
const SYSTEM = ['/usr/sbin', '/sbin']
/** A namespace and a rule of the kinds the lab needs: a container may forbid either. */
const TRIAL = `set -eu
ip netns add tabmesh-trial
trap 'ip netns del tabmesh-trial' EXIT
ip netns exec tabmesh-trial nft -f - <<'RULES'
table inet trial {
  chain postrouting {
    type nat hook postrouting priority 100;
    oifname "lo" masquerade fully-random
  }
}
RULES
`

const missing = () =>
  Object.entries(TOOLS).filter(([command]) => !placesOf(command, SYSTEM).some(isExecutable))

/** @returns {string | undefined} in a few words what is in the way; nothing where the lab can run */
export function labObstacle() {
  if (process.platform !== 'linux') return 'it needs Linux'
  if (process.getuid?.() !== 0) return 'it needs root'
  const packages = missing().map(([, name]) => name)
  if (packages.length > 0) installWithApt(packages)
  const lacking = missing()
  if (lacking.length > 0)
    return lacking.map(([command, name]) => `${command} is missing (Debian’s ${name})`).join(', ')
  process.env['PATH'] = [process.env['PATH'], ...SYSTEM].join(delimiter)
  const trial = spawnSync('sh', [], { input: TRIAL, encoding: 'utf8' })
  if (trial.status !== 0) return `this kernel or container allows no namespaces: ${trial.stderr.trim()}`
  return undefined
}
