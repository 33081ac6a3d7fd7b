/**
 * What runs in the public network: this project's signaling server and coturn.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as later } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { hasTurn, type Kind } from './kinds.ts'
import { PUBLIC } from './place.ts'

const SIGNALING_PORT = 8787
const TURN_PORT = 3478
/** A second STUN server is what shows that a NAT is symmetric. */
const AUX_PORT = 3480
const SECRET = 'lab'
/** How long a server may take to listen. */
const PATIENCE = 20_000

export const SIGNALING_URL = `ws://${PUBLIC.address}:${SIGNALING_PORT}/signal`

/** What a tab in such a network is configured with. */
export function iceServers(kind: Kind, turn: boolean): RTCIceServer[] {
  const at = `${PUBLIC.address}:${TURN_PORT}`
  const stun = { urls: `stun:${at}` }
  if (!hasTurn(kind, turn)) return [stun]
  const urls = [`turn:${at}?transport=udp`, `turn:${at}?transport=tcp`]
  return [stun, { urls, username: SECRET, credential: SECRET }]
}

/** What a tab may be told to ask: STUN alone, TURN over one protocol, or TURN with a password that is wrong. */
export type Given = 'stun' | 'udp' | 'tcp' | 'wrong password'

/** Two STUN servers, and TURN as it is given. */
export function serversGiven(given: Given): RTCIceServer[] {
  const at = `${PUBLIC.address}:${TURN_PORT}`
  const stun = { urls: [`stun:${at}`, `stun:${PUBLIC.address}:${AUX_PORT}`] }
  if (given === 'stun') return [stun]
  const wrong = given === 'wrong password'
  const urls = `turn:${at}?transport=${wrong ? 'udp' : given}`
  return [stun, { urls, username: SECRET, credential: wrong ? `not ${SECRET}` : SECRET }]
}

/** Ends all services. */
export type Stop = () => void

/**
 * @param folder - for files of theirs
 * @throws Error naming the service that does not listen
 */
export async function startServices(folder: string): Promise<Stop> {
  const cli = fileURLToPath(new URL('../dist/signal-cli.js', import.meta.url))
  const signaling = within(process.execPath, [cli, '--port', `${SIGNALING_PORT}`, '--host', PUBLIC.address])
  const turn = within('turnserver', [
    '-n', // no configuration file
    `--listening-ip=${PUBLIC.address}`,
    `--relay-ip=${PUBLIC.address}`,
    `--listening-port=${TURN_PORT}`,
    `--aux-server=${PUBLIC.address}:${AUX_PORT}`,
    `--user=${SECRET}:${SECRET}`,
    '--realm=lab',
    '--lt-cred-mech',
    '--no-tls',
    '--no-dtls',
    '--no-cli',
    '--log-file=stdout',
    `--pidfile=${join(folder, 'turn.pid')}`,
    `--userdb=${join(folder, 'turn.db')}`,
  ])
  const stop = (): void => {
    signaling.kill('SIGKILL')
    turn.kill('SIGKILL')
  }
  try {
    await listening('the signaling server', signaling, 'tcp', SIGNALING_PORT)
    await listening('coturn', turn, 'tcp', TURN_PORT)
    await listening('coturn', turn, 'udp', TURN_PORT)
    await listening('coturn', turn, 'udp', AUX_PORT)
  } catch (error) {
    stop()
    throw error
  }
  return stop
}

function within(program: string, args: string[]): ChildProcess {
  return spawn('ip', ['netns', 'exec', PUBLIC.namespace, program, ...args], { stdio: 'ignore' })
}

/** Waits until a port is bound, which the kernel tells of the process's namespace (proc(5)). */
async function listening(
  name: string,
  child: ChildProcess,
  protocol: 'tcp' | 'udp',
  port: number,
): Promise<void> {
  const bound = `:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000`
  const until = Date.now() + PATIENCE
  while (Date.now() < until && child.exitCode === null && child.signalCode === null) {
    try {
      // Before `ip netns exec` has entered the namespace this is the machine's own table.
      const inside = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0')[0] !== 'ip'
      if (inside && readFileSync(`/proc/${child.pid}/net/${protocol}`, 'utf8').includes(bound)) return
    } catch {
      // It has ended: the loop will see.
    }
    await later(20)
  }
  throw new Error(`${name} does not listen at ${protocol} port ${port}`)
}
