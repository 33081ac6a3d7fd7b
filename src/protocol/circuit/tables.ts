/**
 * How full the tables of the circuits are, seen from outside: only the simulator and tests import this (see node-tables.ts).
 * @module
 */
import type { TableSize } from '../table.ts'
import { MAX_CIRCUIT_PACKET } from '../wire/limits.ts'
import type { Circuits } from './circuits.ts'
import { MOST_WAITING as MOST_UNSENT } from './end.ts'
import { MAX_EARLY } from './line.ts'
import { MOST_WAITING } from './relay.ts'

/** Every table that grows with what others say, with its bound. `maxPeers`: of the node, links and circuits together. */
export function circuitTables(circuits: Circuits, maxPeers: number): TableSize[] {
  const relay = circuits['relay']
  const lines = circuits['lines']
  const ends = circuits['ends']
  const maxCircuits = circuits['config'].budget?.maxCircuits ?? 0
  let carried = 0
  let early = 0
  let waiting = 0
  let unsent = 0
  for (const line of lines.values()) {
    carried += line.circuits.size
    early = Math.max(early, line.early.size)
  }
  for (const half of relay.halves) waiting = Math.max(waiting, half.waiting, half.other.waiting)
  for (const end of ends.values()) unsent = Math.max(unsent, end.backlog.queued)
  return [
    { table: 'circuits.lines', size: lines.size, bound: maxPeers },
    { table: 'circuits.peers', size: circuits['peers'].size, bound: maxPeers },
    { table: 'circuits.ends', size: ends.size, bound: maxPeers },
    { table: 'circuits.carried', size: carried, bound: maxPeers + 2 * maxCircuits },
    { table: 'circuits.early', size: early, bound: MAX_EARLY },
    { table: 'circuits.relayed', size: relay.size, bound: maxCircuits },
    { table: 'circuits.busy', size: relay['busy'].size, bound: 2 * maxCircuits },
    { table: 'circuits.waiting', size: waiting, bound: MOST_WAITING },
    { table: 'circuits.unsent', size: unsent, bound: MOST_UNSENT + MAX_CIRCUIT_PACKET },
  ]
}
