/**
 * The program behind `npm run sim`: the command line, with the library's own protocol in every peer.
 * @module
 */
import { Node } from '../src/protocol/node.ts'
import { main } from './command.ts'

process.exitCode = main(process.argv.slice(2), setup => new Node(setup), {
  out: line => process.stdout.write(`${line}\n`),
  err: line => process.stderr.write(`${line}\n`),
})
