/**
 * The library's protocol as a machine of the simulator: the node itself, a view of how full its tables are, and what a
 * liar needs to know of its circuits.
 * @module
 */
import { MAX_REF } from '../src/protocol/circuit/frames.ts'
import { Half } from '../src/protocol/circuit/relay.ts'
import type { Effect } from '../src/protocol/effect.ts'
import type { Input, LinkId } from '../src/protocol/input.ts'
import { Node } from '../src/protocol/node.ts'
import { tablesOf } from '../src/protocol/node-tables.ts'
import type { TableSize } from '../src/protocol/table.ts'
import { Frame } from '../src/protocol/wire/frame.ts'
import { Reader } from '../src/protocol/wire/reader.ts'
import type { Machine, MachineSetup } from './machine.ts'
import { SharedFrames } from './shared-frames.ts'

// All peers of a run share them.
const frames = new SharedFrames()

class ProtocolMachine extends Node implements Machine {
  override handle(input: Input, now: number): readonly Effect[] {
    // Nothing else puts a broadcast into the history.
    if (input.kind !== 'verified' && input.kind !== 'signed') return super.handle(input, now)
    const history = this['machines'].gossip['state'].history
    const before = history.latest
    const effects = super.handle(input, now)
    for (let each = history.latest; each !== undefined && each !== before; each = each.older)
      frames.share(each)
    return effects
  }

  tables(): TableSize[] {
    return tablesOf(this)
  }

  relays(link: LinkId, frame: Uint8Array): boolean {
    if (frame[0] !== Frame.CARRY) return false
    const lines = this['machines'].relayed.circuits['lines']
    // The head names the circuit as the receiver does.
    const ref = new Reader(frame.subarray(1)).varint(MAX_REF) ^ 1
    return lines.get(link)?.circuits.get(ref) instanceof Half
  }

  muzzle(swallows: (frame: Uint8Array) => boolean): void {
    const { circuits } = this['machines'].relayed
    const send = circuits.send.bind(circuits)
    circuits.send = (link, frame) => {
      if (!swallows(frame)) send(link, frame)
    }
  }
}

export function protocolMachine(setup: MachineSetup): ProtocolMachine {
  return new ProtocolMachine(setup)
}
