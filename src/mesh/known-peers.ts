/**
 * Tells when the list of known peers has changed, at most four times a second: nothing shows it faster to a
 * person, and in a busy swarm it changes with every packet.
 * @module
 */
import type { PeerId } from '../protocol/id.ts'
import type { Timers } from './ports.ts'

const PAUSE = 250

export class KnownPeers {
  private readonly timers: Timers
  private readonly list: () => readonly PeerId[]
  private readonly changed: () => void
  private told = new Set<PeerId>()
  private timer: number | undefined

  constructor(timers: Timers, list: () => readonly PeerId[], changed: () => void) {
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
  }
}
