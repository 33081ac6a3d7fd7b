/**
 * Slots: what each of the at most `maxPeers` places of a peer is used for, and the pure rules over them:
 * which are the ring's, and which may be given up.
 * @module
 */
import { bucketOf, clockwise, type PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'

/** `asked`: waiting for an answer. `opening`: a link is being set up. `up`: a neighbour. All count. */
export type Phase = 'asked' | 'opening' | 'up'

/** How two peers without a link reached each other. */
export type Road = 'mesh' | 'signaling'

export interface Slot {
  readonly peer: PeerId
  session: number
  /** The driver's link; 0 while asked. */
  link: LinkId
  phase: Phase
  /** Asked for as a ring slot, by either side. */
  ring: boolean
  /** The other side has asked for it as one that nothing stands in for: it is spared, up to a number of such. */
  needed: boolean
  /** This side asked. */
  outgoing: boolean
  /** When an ask or an opening link is given up. */
  deadline: number
  /** When the phase began. */
  since: number
  suspect: boolean
  /** A relayed link (circuit/), or asked to be one. */
  relayed: boolean
  /** Of a relayed link: who carries it. */
  carrier: PeerId | undefined
  /** The link that is being made beside this one, to take its place (replace.ts). */
  next: Slot | undefined
  /** Of a relayed link: when a direct one is tried next (upgrade.ts). */
  tryAt: number
  tryIn: number
  /** Its channel is closed; its peer is a neighbour until it is known what becomes of {@link next}. */
  retired: boolean
  /** What the ask went by first. */
  road: Road
  /** It was asked because its peer had sought this one: it is there. */
  sought: boolean
  /** Its peer has failed before: nobody waits for the answer. */
  doubtful: boolean
  /** Its silence is no reason to look for others until then; 0 when it is. */
  renewUntil: number
  /** It can look for a new path by itself (ICE restart). */
  restarts: boolean
  /** Signals of it go another way than over it, as the other side's last one did. */
  aside: boolean
  /** The other side has sent a signal for the link. */
  signaled: boolean
  /** While it is asked: the ask, to be said again by the other road at that time. */
  again: { readonly body: Uint8Array; readonly at: number; readonly via: Road } | undefined
  /** What its letters came by: the signaling server if one of them did. */
  via: Road
  /** It does not want others to be told of it: it stands on nobody's ring. */
  silent?: boolean
  /** Before this, ids that it shuffles are not taken. */
  hearsayAt: number
  /** What the neighbour says its neighbours are; undefined until it has said so. */
  neighbours: ReadonlySet<PeerId> | undefined
}

/** Whether a silent link is about to have a new path, or a new one in its place. */
export function isRenewing({ suspect, relayed, retired, renewUntil, next }: Slot): boolean {
  return suspect && !relayed && (retired || renewUntil > 0 || next?.phase === 'opening')
}

export interface Ring {
  readonly successor: Slot | undefined
  readonly predecessor: Slot | undefined
}

/** The nearest slot on each side among those that `counts`. */
export function ringOf(self: PeerId, slots: Iterable<Slot>, counts: (slot: Slot) => boolean): Ring {
  let successor: Slot | undefined
  let predecessor: Slot | undefined
  let after = Number.POSITIVE_INFINITY
  let before = Number.POSITIVE_INFINITY
  for (const slot of slots) {
    if (!counts(slot)) continue
    const forward = clockwise(self, slot.peer)
    const backward = clockwise(slot.peer, self)
    if (forward < after) {
      after = forward
      successor = slot
    }
    if (backward < before) {
      before = backward
      predecessor = slot
    }
  }
  return { successor, predecessor }
}

/** Whether `peer` would be nearer than what the ring has on at least one side. */
export function isNearer(self: PeerId, ring: Ring, peer: PeerId): boolean {
  const { successor, predecessor } = ring
  if (successor === undefined || predecessor === undefined) return true
  return (
    clockwise(self, peer) < clockwise(self, successor.peer) ||
    clockwise(peer, self) < clockwise(predecessor.peer, self)
  )
}

/** Whether this peer is, by what the neighbour says, one of the neighbour's own two ring slots. */
export function isRingOf(neighbour: Slot, self: PeerId): boolean {
  if (neighbour.neighbours === undefined) return true
  const forward = clockwise(neighbour.peer, self)
  const backward = clockwise(self, neighbour.peer)
  let nearestAfter = true
  let nearestBefore = true
  for (const other of neighbour.neighbours) {
    if (other === self) continue
    if (clockwise(neighbour.peer, other) < forward) nearestAfter = false
    if (clockwise(other, neighbour.peer) < backward) nearestBefore = false
  }
  return nearestAfter || nearestBefore
}

/** Links a peer must keep when one of its links is given up by the other side: its two ring slots and, where there is room, one more. */
export function degreeFloor(maxPeers: number): number {
  return maxPeers >= 6 ? 3 : 2
}

/** Links that are spared because the other side needs them: half of what the ring leaves, so that no stranger's word fills a table. */
export function mostNeeded(maxPeers: number): number {
  return Math.max(1, Math.floor((maxPeers - 2) / 2))
}

/** Routers that have a place at the same time: all that the ring leaves. */
export function mostRouters(maxPeers: number): number {
  return Math.max(1, maxPeers - 2)
}

export interface EvictionRule {
  readonly self: PeerId
  readonly maxPeers: number
  /** Only links whose bucket has another one. */
  readonly redundantOnly: boolean
  /** Only neighbours with at least this degree. */
  readonly minDegree: number
  /**
   * A neighbour's claim to this peer as its ring neighbour does not count, if it has another link: a ring link of this
   * peer's own stands nearer to it, and is named to it (the delegation of linearisation).
   */
  readonly delegate?: boolean
}

/**
 * The link to give up, or none: never a ring link of either side, never one that leaves its peer at or under the
 * floor; a suspect one first, then from a bucket with two or more, then the neighbour with most links.
 */
export function chooseEviction(slots: readonly Slot[], rule: EvictionRule): Slot | undefined {
  const up = slots.filter(slot => slot.phase === 'up')
  const ring = ringOf(rule.self, up, slot => !slot.suspect)
  const perBucket = new Map<number, number>()
  for (const slot of up) {
    const bucket = bucketOf(rule.self, slot.peer)
    perBucket.set(bucket, (perBucket.get(bucket) ?? 0) + 1)
  }
  let chosen: Slot | undefined
  let best = -1
  for (const slot of up) {
    if (slot === ring.successor || slot === ring.predecessor) continue
    const redundant = (perBucket.get(bucketOf(rule.self, slot.peer)) ?? 0) > 1
    const degree = slot.neighbours?.size ?? 0
    if (!slot.suspect) {
      if (rule.delegate === true) {
        if (degree < 2) continue
      } else {
        if (isRingOf(slot, rule.self)) continue
        if (degree <= degreeFloor(rule.maxPeers) || degree < rule.minDegree) continue
      }
      if (rule.redundantOnly && !redundant) continue
    }
    const score = (slot.suspect ? 10_000 : 0) + (redundant ? 1000 : 0) + degree
    if (score > best) {
      best = score
      chosen = slot
    }
  }
  return chosen
}
