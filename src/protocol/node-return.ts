/**
 * A page comes back: from another tab, from a freeze, from a laptop's sleep, or to another network. Every neighbour is
 * asked at once whether it is there; after a sleep or on another network the overlay plans anew without its backoffs, and
 * gossip compares what both sides have.
 *
 * On another network a link whose neighbour does not answer looks for a new path (ICE restart), by the signaling server:
 * other ways are as dead as the link. It has {@link RESTART_PATIENCE} for it.
 * @module
 */
import type { Input } from './input.ts'
import type { Machines } from './node-machines.ts'

/** A neighbour that does not answer within this after a return is dead, ms: it is known within 2 s of the return. */
const PATIENCE = 1200
/** … and where its link can look for a new path, ms: the server is reached again, an offer and an answer cross, ICE checks. */
const RESTART_PATIENCE = 5000
/** After a longer sleep the other side has ended the link long ago, ms. */
const RESTART_WITHIN = 30_000

export class Return {
  private readonly machines: Machines
  /** Links that fall silent look for a new path until then. */
  private restartUntil = Number.NEGATIVE_INFINITY
  private readonly restarted = new Set<number>()

  constructor(machines: Machines) {
    this.machines = machines
  }

  awake({ slept, network }: Extract<Input, { kind: 'awake' }>, now: number): void {
    const { machines } = this
    const { liveness, overlay, gossip, out } = machines
    const restart = network && slept < RESTART_WITHIN
    if (restart) {
      this.restartUntil = now + RESTART_PATIENCE
      this.restarted.clear()
    }
    liveness.awake(slept, restart ? RESTART_PATIENCE : PATIENCE, now, out)
    if (slept === 0 && !network) return
    machines.laid(now, box => overlay.awake(now, box))
    gossip.awake(now, out)
  }

  /** At the end of a turn: links that have fallen silent look for a new path, each once. */
  restartDue(signaling: boolean, now: number): void {
    if (now >= this.restartUntil || !signaling) return
    const { overlay, out } = this.machines
    for (const { link, suspect } of overlay.up()) {
      if (!suspect || this.restarted.has(link)) continue
      this.restarted.add(link)
      out.push({ kind: 'restart-link', link })
    }
  }
}
