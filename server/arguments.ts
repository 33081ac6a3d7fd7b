/**
 * The command line of `tabmesh-signal`.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { parseArgs } from 'node:util'
import { type SignalingOptions, settingsFrom } from './options.ts'

export const HELP = `Usage: tabmesh-signal [options]

Runs a tabmesh signaling server: it introduces peers to each other and never sees what they say.

  --port <number>                        port to listen on, 0 for any free one   [8787]
  --host <address>                       address to listen on                    [0.0.0.0]
  --path <path>                          path of the WebSocket                   [/signal]
  --public-host <host>                   host (and port) that clients dial; makes clients refuse
                                         challenges that another server passes on
  --max-members <number>                 members of one swarm                    [no limit]
  --max-connections <number>             sockets in all                          [no limit]
  --max-connections-per-address <number> sockets of one address                  [no limit]
  --trust-proxy                          take a client's address from the last entry of X-Forwarded-For
  --json                                 log lines as JSON objects
  --help                                 print this

GET /healthz answers 200 while the server runs, GET /stats its counters as JSON.
`

export interface Command {
  readonly port: number
  readonly host: string
  readonly json: boolean
  readonly options: SignalingOptions
}

export type Arguments =
  | { readonly kind: 'run'; readonly command: Command }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problem: string }

/** Reads the arguments after the program's name. Never throws. */
export function readArguments(argv: readonly string[]): Arguments {
  try {
    const { values } = parseArgs({
      args: [...argv],
      allowPositionals: false,
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        path: { type: 'string' },
        'public-host': { type: 'string' },
        'max-members': { type: 'string' },
        'max-connections': { type: 'string' },
        'max-connections-per-address': { type: 'string' },
        'trust-proxy': { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    })
    if (values.help) return { kind: 'help' }
    const options: SignalingOptions = {
      ...(values.path === undefined ? {} : { path: values.path }),
      ...(values['public-host'] === undefined ? {} : { publicHost: values['public-host'] }),
      ...limit('maxMembers', '--max-members', values['max-members']),
      ...limit('maxConnections', '--max-connections', values['max-connections']),
      ...limit(
        'maxConnectionsPerAddress',
        '--max-connections-per-address',
        values['max-connections-per-address'],
      ),
      ...(values['trust-proxy'] ? { clientAddress: forwardedAddress } : {}),
    }
    settingsFrom(options)
    const port = values.port === undefined ? 8787 : integer('--port', values.port, 0, 65_535)
    return {
      kind: 'run',
      command: { port, host: values.host ?? '0.0.0.0', json: values.json ?? false, options },
    }
  } catch (error) {
    // parseArgs names the unknown flag, settingsFrom the option.
    return { kind: 'wrong', problem: error instanceof Error ? error.message : String(error) }
  }
}

function limit(name: keyof SignalingOptions, flag: string, text: string | undefined): Record<string, number> {
  return text === undefined ? {} : { [name]: integer(flag, text, 1, Number.MAX_SAFE_INTEGER) }
}

function integer(flag: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= min && value <= max)) {
    throw new RangeError(`${flag} must be an integer from ${min} to ${max}, not '${text}'`)
  }
  return value
}

/** The address that the nearest proxy saw; entries before it are the client's own claim. */
function forwardedAddress(request: IncomingMessage): string {
  const header = request.headers['x-forwarded-for']
  const list = Array.isArray(header) ? header.join(',') : (header ?? '')
  return list.split(',').at(-1)?.trim() || (request.socket.remoteAddress ?? '')
}
