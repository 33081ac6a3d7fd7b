/**
 * Tells when the list of known peers has changed, at most four times a second: nothing shows it faster to a
 * person, and in a busy swarm it changes with every packet.
 * @module
 */
import type { PeerId } from '../protocol/id.ts'
import type { Timers } from './ports.ts'

const PAUSE = 250
/** Peers remembered as told of: sixty-four views. */
const MOST_MET = 4096

export class KnownPeers {
  private readonly timers: Timers
  private readonly list: () => readonly PeerId[]
  private readonly changed: () => void
  private readonly fresh: (peer: PeerId) => void
  /** Peers that were told of as new, the oldest forgotten first. */
  private readonly met = new Set<PeerId>()
  private told = new Set<PeerId>()
  private timer: number | undefined

  /** @param fresh gets each peer that was not known before, once */
  constructor(
    timers: Timers,
    list: () => readonly PeerId[],
    changed: () => void,
    fresh: (peer: PeerId) => void,
  ) {
    this.fresh = fresh
    this.timers = timers
    this.list = list
    this.changed = changed
  }

  /** Something has happened; looks at the list a moment later. */
  touch(): void {
    this.timer ??= this.timers.set(() => {
      this.timer = undefined
      this.look()
    }, PAUSE)
  }

  stop(): void {
    if (this.timer !== undefined) this.timers.clear(this.timer)
    this.timer = undefined
  }

  private look(): void {
    const now = this.list()
    if (now.length === this.told.size && now.every(peer => this.told.has(peer))) return
    this.told = new Set(now)
    this.changed()
    for (const peer of now) {
      const isNew = !this.met.delete(peer)
      this.met.add(peer)
      for (const oldest of this.met) {
        if (this.met.size <= MOST_MET) break
        this.met.delete(oldest)
      }
      if (isNew) this.fresh(peer)
    }
  }
}
