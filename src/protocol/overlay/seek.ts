/**
 * Seeking: who has lost a ring neighbour has the mesh find who stands on the other side of the gap.
 *
 *     SEEK = %x15 id side      ; byte: 1 for the peer that follows this id on the ring, 0 for the one before it
 *
 * Each peer passes it on to the neighbour that is nearest to the id on that side, and who has no nearer one asks the id for a ring
 * link (greedy routing of find_successor; Stoica et al., "Chord", §4.3). So a gap costs a walk over the living, however many
 * dead peers are in it, where the ring's own walk (ring.ts) asks these one after the other. While the mesh around has gaps
 * as well, the walk ends at a peer that is nearer than any before, and the next one begins there (linearisation).
 *
 * Invariants
 * 1. Each hop is nearer than the one before: nothing is passed on twice, and no hops need be counted.
 * 2. One frame comes of one frame, and one ask in {@link ASK_EVERY} of any number.
 * @module
 */
import { clockwise, idToBytes, type PeerId } from '../id.ts'
import { Frame } from '../wire/frame.ts'
import { Writer } from '../wire/writer.ts'
import type { Out } from './effect.ts'
import type { Ground } from './ground.ts'
import type { Moves } from './moves.ts'
import { isNearer, type Slot } from './slot.ts'

/** A gap is sought across this often, ms: a walk of ten links of 30 ms; one that met the dead is made up for as soon. */
const SEEK_EVERY = 300
/** … and somebody that sought this peer is asked this often at most, ms: an honest seeker is asked once. */
const ASK_EVERY = 50

function stepsFrom(id: PeerId, peer: PeerId, forward: boolean): number {
  return forward ? clockwise(id, peer) : clockwise(peer, id)
}

export class Seek {
  private readonly ground: Ground
  private readonly moves: Moves
  private seekAt = 0
  private askAt = 0

  constructor(ground: Ground, moves: Moves) {
    this.ground = ground
    this.moves = moves
  }

  /** Seeks on both sides what is not closed, and says when to look again; Infinity where both are. */
  look(now: number, out: Out): number {
    if (now >= this.moves.woundedUntil) return Number.POSITIVE_INFINITY
    const open = [true, false].filter(forward => this.isOpen(forward))
    if (open.length === 0) return Number.POSITIVE_INFINITY
    if (now < this.seekAt) return this.seekAt
    this.seekAt = now + SEEK_EVERY
    const { id } = this.ground.config
    for (const forward of open) this.pass(this.nearest(id, forward), id, forward, out)
    return this.seekAt
  }

  /** SEEK has come in. */
  take(id: PeerId, forward: boolean, now: number, out: Out): void {
    const { ground, moves } = this
    const { slots, departed, backoff, config } = ground
    if (id === config.id) return
    const next = this.nearest(id, forward)
    if (next !== undefined && stepsFrom(id, next.peer, forward) < stepsFrom(id, config.id, forward))
      return this.pass(next, id, forward, out)
    if (now < this.askAt || moves.of(id) !== undefined || departed.has(id, now)) return
    // It has not answered before, and is there after all.
    if (
      (!backoff.heard(id) && !backoff.ready(id, true, now)) ||
      !isNearer(config.id, slots.comingRing(now, true), id)
    )
      return
    if (slots.full && !moves.makeRoom(false, now, out)) {
      // Who seeks was there a moment ago; of the others that were asked the first is the likeliest to be dead.
      const asked = [...slots].find(({ phase, sought }) => phase === 'asked' && !sought)
      if (asked !== undefined) slots.drop(asked)
      else if (moves.beside !== undefined) return
    }
    this.askAt = now + ASK_EVERY
    moves.ask(id, true, now, out)
    const slot = moves.of(id)
    if (slot !== undefined) slot.sought = true
  }

  /** Whether the nearest neighbour on a side tells of somebody nearer: this one is only the nearest that is left. */
  private isOpen(forward: boolean): boolean {
    const { id } = this.ground.config
    const nearest = this.nearest(id, forward)
    for (const peer of nearest?.neighbours ?? [])
      if (peer !== id && stepsFrom(id, peer, forward) < stepsFrom(id, (nearest as Slot).peer, forward))
        return true
    return false
  }

  /** The neighbour that is nearest to an id on one side of it. */
  private nearest(id: PeerId, forward: boolean): Slot | undefined {
    let best: Slot | undefined
    for (const slot of this.ground.slots) {
      if (slot.phase !== 'up' || slot.suspect || slot.silent === true || slot.peer === id) continue
      if (best === undefined || stepsFrom(id, slot.peer, forward) < stepsFrom(id, best.peer, forward))
        best = slot
    }
    return best
  }

  private pass(to: Slot | undefined, id: PeerId, forward: boolean, out: Out): void {
    if (to === undefined) return
    const frame = new Writer(34)
      .u8(Frame.SEEK)
      .bytes(idToBytes(id))
      .u8(forward ? 1 : 0)
      .finish()
    out.push({ kind: 'send', link: to.link, frame })
  }
}
