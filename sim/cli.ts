/**
 * The program behind `npm run sim`: the command line, with the library's own protocol in every peer.
 * @module
 */
import { main } from './command.ts'
import { protocolMachine } from './protocol-machine.ts'

process.exitCode = main(process.argv.slice(2), protocolMachine, {
  out: line => process.stdout.write(`${line}\n`),
  err: line => process.stderr.write(`${line}\n`),
})
