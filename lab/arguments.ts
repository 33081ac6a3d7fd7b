/**
 * The command line of the lab.
 *
 * @module
 */

import { parseArgs } from 'node:util'

export const HELP = `Usage: npm run lab -- [options]

Builds networks of namespaces with real NATs, a signaling server and a TURN server, opens a tab in each, and shows how
each pair of kinds of networks gets connected: directly, by TURN or relayed by a peer; then what tabs in known trouble
are told of it (diagnose). Linux, as root.

  --json           the result as JSON on stdout: { pairs: [{ a, b, turn, path, ms }], failed, loss, diagnoses }
  --output <file>  the same JSON in a file
  --few            four pairs, one for each way to get connected
  --loss <percent> packets lost on arrival at each host, 0 to 50  [0]
  --help           print this

Exit codes: 0 every pair connected and every diagnosis was right, 1 some did not or was not, or the lab broke, 2 wrong usage,
3 no lab can run here (not Linux, not root, a tool is missing, another lab is running).
`

export interface Options {
  readonly json: boolean
  readonly few: boolean
  /** Percent. */
  readonly loss: number
  readonly output: string | undefined
}

export type Arguments =
  | { readonly kind: 'run'; readonly options: Options }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problem: string }

/** Reads the arguments after the program's name. Never throws. */
export function readArguments(argv: readonly string[]): Arguments {
  try {
    const { values } = parseArgs({
      args: [...argv],
      allowPositionals: false,
      options: {
        json: { type: 'boolean' },
        few: { type: 'boolean' },
        loss: { type: 'string' },
        output: { type: 'string' },
        help: { type: 'boolean' },
      },
    })
    if (values.help) return { kind: 'help' }
    const { json = false, few = false, loss = '0', output } = values
    if (!/^\d{1,2}$/.test(loss) || Number(loss) > 50)
      return { kind: 'wrong', problem: `--loss must be an integer from 0 to 50, not '${loss}'` }
    return { kind: 'run', options: { json, few, loss: Number(loss), output } }
  } catch (error) {
    return { kind: 'wrong', problem: error instanceof Error ? error.message : String(error) }
  }
}
