/**
 * The library's protocol as a machine of the simulator: the node itself, and a view of how full its tables are.
 * @module
 */
import { Node } from '../src/protocol/node.ts'
import { tablesOf } from '../src/protocol/node-tables.ts'
import type { TableSize } from '../src/protocol/table.ts'
import type { Machine, MachineSetup } from './machine.ts'

class ProtocolMachine extends Node implements Machine {
  tables(): TableSize[] {
    return tablesOf(this)
  }
}

export function protocolMachine(setup: MachineSetup): ProtocolMachine {
  return new ProtocolMachine(setup)
}
