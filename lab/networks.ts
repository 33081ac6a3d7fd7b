/**
 * Builds the networks and removes them, whatever is left in them.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import { PLACES, PREFIX } from './place.ts'
import { topologyScript } from './topology.ts'

/** @throws Error with what the shell said */
export function buildNetworks(loss: number): void {
  const { status, stderr } = spawnSync('sh', [], { input: topologyScript(PLACES, loss), encoding: 'utf8' })
  if (status !== 0) throw new Error(`the networks could not be built: ${stderr.trim()}`)
}

/**
 * Removes every namespace of the lab, and ends what runs in them. Synchronous, so that it can run when the process ends.
 * Safe for others: nothing but a lab is in a namespace of that name, and a second lab does not get this far.
 */
export function removeNetworks(): void {
  const names = lines(['netns', 'list']).map(line => line.split(' ')[0] ?? '')
  const ours = names.filter(name => name.startsWith(PREFIX))
  for (const name of ours) {
    for (const pid of lines(['netns', 'pids', name])) {
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch {
        // Gone already.
      }
    }
  }
  for (const name of ours) spawnSync('ip', ['netns', 'del', name])
}

function lines(command: string[]): string[] {
  const { stdout } = spawnSync('ip', command, { encoding: 'utf8' })
  return (stdout ?? '').split('\n').filter(line => line !== '')
}

/**
 * One lab at a time: its names are the same each time. An abstract socket (unix(7)) is let go of by the kernel, however
 * its process ends. `undefined` where another lab runs.
 */
export function takeLock(): Promise<Server | undefined> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen('\0tabmesh-lab', () => resolve(server.unref()))
  })
}
