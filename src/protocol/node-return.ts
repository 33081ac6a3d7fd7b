/**
 * A page comes back: from another tab, from a freeze, from a laptop's sleep, or to another network. Every neighbour is
 * asked at once whether it is there; after a sleep or on another network the overlay plans anew without its backoffs, and
 * gossip compares what both sides have.
 *
 * On another network a link whose neighbour does not answer looks for a new path (ICE restart), and where it cannot, or finds
 * none in {@link RESTART}, a new link is asked for in its place (overlay/replace.ts): by the signaling server, or over links that
 * have answered. It has {@link RENEW} for it all.
 * @module
 */
import type { Input, LinkId } from './input.ts'
import type { Machines } from './node-machines.ts'
import { RENEW } from './overlay/replace.ts'

/** A neighbour that does not answer within this after a return is dead, ms: it is known within 2 s of the return. */
const PATIENCE = 1200
/** A link that looks for a new path is left alone for this long, ms: two crossings of the server and ICE's checks, on a slow phone. */
const RESTART = 2000
/** A neighbour that has not answered an ask for a new link is asked again after this, ms: a third of the time that an ask has. */
const AGAIN = 1000
/** After a longer sleep the other side has ended the link long ago, ms. */
const RESTART_WITHIN = 30_000

export class Return {
  private readonly machines: Machines
  /** Links that fall silent are renewed until then. */
  private until = Number.NEGATIVE_INFINITY
  /** When something is tried next about a link for which something has been. */
  private readonly next = new Map<LinkId, number>()

  constructor(machines: Machines) {
    this.machines = machines
  }

  awake({ slept, network }: Extract<Input, { kind: 'awake' }>, now: number): void {
    const { machines } = this
    const { liveness, overlay, gossip, out } = machines
    const renew = network && slept < RESTART_WITHIN
    if (renew) {
      this.until = now + RENEW
      this.next.clear()
      overlay.moved(now)
    }
    liveness.awake(slept, renew ? RENEW : PATIENCE, now, out)
    if (slept === 0 && !network) return
    machines.laid(now, box => overlay.awake(now, box))
    gossip.awake(now, out)
  }

  /** At the end of a turn: links that have fallen silent look for a new path, each once, or are asked for anew. */
  renewDue(signaling: boolean, now: number): void {
    if (now >= this.until) return
    const { machines, next } = this
    const up = machines.overlay.up()
    if (!signaling && up.every(({ suspect }) => suspect)) return
    for (const { link, suspect, relayed, retired, restarts } of up) {
      if (!suspect || relayed || retired || now < (next.get(link) ?? now)) continue
      const restart = restarts && !next.has(link)
      next.set(link, now + (restart ? RESTART : AGAIN))
      if (restart) machines.out.push({ kind: 'restart-link', link })
      else machines.laid(now, out => machines.overlay.renew(link, now, out))
    }
  }
}
