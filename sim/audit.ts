/**
 * The audit: each virtual second some peers are asked how full their tables are. Upholds `bounds`.
 * @module
 */
import type { TableSize } from '../src/protocol/table.ts'
import { InvariantViolation } from './invariant.ts'
import type { Peer } from './peer.ts'

/** Virtual ms between two audits. */
const PERIOD = 1000
/** Peers asked at once: all of a small swarm, so few of a large one that it costs next to nothing. */
const ASKED = 8

export class Audit {
  /** When the next one is due. */
  nextAt = PERIOD
  private next = 0

  /** Asks the peers whose turn it is. */
  check(peers: readonly Peer[], now: number): void {
    this.nextAt = now + PERIOD
    for (let i = 0; i < Math.min(ASKED, peers.length); i++) {
      const peer = peers[this.next++ % peers.length] as Peer
      if (peer.life === 'live') checkTables(peer, now)
    }
  }
}

function checkTables(peer: Peer, now: number): void {
  for (const { table, size, bound } of peer.machine.tables?.() ?? NONE) {
    if (size <= bound) continue
    throw new InvariantViolation('bounds', peer.index, now, `${table} holds ${size}, its bound is ${bound}`)
  }
}

const NONE: readonly TableSize[] = []
