/**
 * What a peer keeps of the ground tree (ground.ts). No rule lives here.
 * @module
 */
import { Credit } from '../credit.ts'
import { idToBytes, type PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import type { Beacon } from './beacon.ts'

/** Floods of beacons that this peer passes on: a burst, then one in this many ms. */
const FLOODS = 16
const FLOOD_EVERY = 5000
const NEVER = Number.POSITIVE_INFINITY

export class Ground {
  /** The first 48 bits of this peer's id. */
  readonly self: number
  /** The beacon this peer follows, or followed until it was too old; its own where it is the root. */
  beacon: Beacon | undefined
  parent: LinkId | undefined
  /** Links to peers whose parent this one is. */
  readonly children = new Set<LinkId>()
  /** There has been a tree since this peer joined. */
  stands = false
  /** Of this peer's last own beacon, or of one it sent before a reload. */
  seq = 0
  /** The link that is the parent when the beacon goes on, and when. */
  next: LinkId | undefined
  nextAt = NEVER
  firstAt = 0
  /** The root's next beacon; the end of a beacon's life; or, when `claiming`, this peer's own first. */
  dueAt = NEVER
  claiming = false
  readonly floods = new Credit(FLOODS, 1000 / FLOOD_EVERY, 0)

  constructor(id: PeerId) {
    let self = 0
    for (const byte of idToBytes(id).subarray(0, 6)) self = self * 256 + byte
    this.self = self
  }

  get deadline(): number {
    return Math.min(this.nextAt, this.dueAt)
  }

  /** Without any neighbour: nothing that was known holds. */
  clear(): void {
    this.beacon = undefined
    this.parent = undefined
    this.children.clear()
    this.stands = false
    this.nextAt = NEVER
    this.dueAt = NEVER
  }
}
