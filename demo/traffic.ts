/**
 * What has just passed over this tab's links, read from two looks at their counters.
 * @module
 */
import type { LinkStats, PeerId } from 'tabmesh'

/** Heartbeats, acks and digests are smaller than this; a signed message is not (its signature alone has 64 bytes). */
const SMALLEST_MESSAGE = 90

export interface Passed {
  readonly peer: PeerId
  readonly direction: 'in' | 'out'
}

export class Traffic {
  private readonly seen = new Map<PeerId, { readonly sent: number; readonly received: number }>()

  /** Links that carried a message since the last look. A link seen for the first time has carried none yet. */
  since(links: readonly LinkStats[]): readonly Passed[] {
    const passed: Passed[] = []
    const open = new Set<PeerId>()
    for (const { peer, bytesSent, bytesReceived } of links) {
      open.add(peer)
      const before = this.seen.get(peer)
      this.seen.set(peer, { sent: bytesSent, received: bytesReceived })
      if (!before) continue
      if (bytesSent - before.sent >= SMALLEST_MESSAGE) passed.push({ peer, direction: 'out' })
      if (bytesReceived - before.received >= SMALLEST_MESSAGE) passed.push({ peer, direction: 'in' })
    }
    for (const peer of this.seen.keys()) if (!open.has(peer)) this.seen.delete(peer)
    return passed
  }
}
