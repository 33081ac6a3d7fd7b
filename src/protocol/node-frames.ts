/**
 * Frames of links that are up: each goes to the machine that its type belongs to.
 * @module
 */
import type { Drop } from './effect.ts'
import type { LinkEnd, LinkId } from './input.ts'
import type { Vital } from './liveness/liveness.ts'
import type { Acquaintance } from './node-acquaintance.ts'
import type { Channel } from './node-channel.ts'
import { ALL, CIRCUITS, GOSSIP, type Machines } from './node-machines.ts'
import { BYE_REASONS } from './overlay/exchange.ts'
import { readIds } from './overlay/letters.ts'
import { END_TO_END } from './routing/routing.ts'
import { Frame } from './wire/frame.ts'
import type { Reader } from './wire/reader.ts'

/** What frames tell of the link that they came by. */
export interface FrameEvents {
  vital(vital: Vital, now: number): void
  closed(link: LinkId, reason: LinkEnd, now: number): void
}

export class Frames {
  private readonly machines: Machines
  private readonly acquaintance: Acquaintance
  private readonly events: FrameEvents

  constructor(machines: Machines, acquaintance: Acquaintance, events: FrameEvents) {
    this.machines = machines
    this.acquaintance = acquaintance
    this.events = events
  }

  /** One frame of a link that is up; what is wrong with it, if anything. */
  read(channel: Channel, type: number, reader: Reader, now: number): Drop | undefined {
    const { machines } = this
    const { link } = channel
    if (type < Frame.PUSH && type !== Frame.BYE) {
      const credit = type === Frame.SEEK ? channel.seeks : channel.chatter
      if (!credit.take(1, now)) return 'rate'
    }
    switch (type) {
      case Frame.PUSH:
      case Frame.ACK:
      case Frame.IHAVE:
      case Frame.GRAFT:
      case Frame.PRUNE:
      case Frame.RANGES:
      case Frame.INTERESTS:
      case Frame.DECLINE:
      case Frame.SKIP:
      case Frame.BEACON:
      case Frame.TALLY:
      case Frame.HISTORY:
      case Frame.PAST:
        machines.ran |= GOSSIP
        return machines.gossip.frame(link, type, reader, now, machines.out)
      case Frame.ROUTED:
      case Frame.BOUNCED:
      case Frame.DATA:
      case Frame.RECEIPT:
      case Frame.TAKEN:
      case Frame.HORIZON: {
        const box = machines.box()
        const drop = machines.routing.frame(link, type, reader, now, box)
        machines.playRouted(box, now)
        if (drop === undefined || !END_TO_END.has(drop)) return drop
        // The fault of somebody many hops away: the neighbour that passed it on has done its duty.
        machines.count(drop)
        return undefined
      }
      case Frame.PING:
      case Frame.PONG:
      case Frame.REST: {
        const vital = machines.liveness.frame(link, type, reader, now, machines.out)
        if (typeof vital === 'object') this.events.vital(vital, now)
        return vital === false ? 'malformed' : undefined
      }
      case Frame.SEEN:
      case Frame.PEERS:
        return this.acquaintance.frame(channel, type, reader, now)
      case Frame.NEIGHBOURS:
      case Frame.SHUFFLE:
      case Frame.SHUFFLED:
      case Frame.SILENT:
      case Frame.GONE:
      case Frame.SEEK: {
        const box = machines.box()
        const drop = machines.overlay.frame(link, type, reader, now, box)
        machines.playLaid(box, now)
        if (type === Frame.NEIGHBOURS && !channel.told.has(type)) {
          channel.told.add(type)
          this.acquaintance.introduce(link)
        }
        return drop
      }
      case Frame.CONNECT:
      case Frame.OFFER:
      case Frame.ACCEPT:
      case Frame.CARRY:
      case Frame.CREDIT:
      case Frame.HANGUP:
        machines.ran |= CIRCUITS
        return machines.relayed.frame(link, type, reader, now)
      case Frame.BYE: {
        machines.ran = ALL
        const reason = BYE_REASONS[reader.u8() - 1]
        machines.overlay.farewell(readIds(reader), now)
        machines.closeLink(link, 'bye', now)
        // Who left, left everybody; who gave this link up is still there.
        const left = reason === 'left' || reason === 'bye'
        this.events.closed(link, left ? 'bye' : reason === 'evicted' ? 'evicted' : 'closed', now)
        return undefined
      }
      default:
        return 'unexpected'
    }
  }
}
