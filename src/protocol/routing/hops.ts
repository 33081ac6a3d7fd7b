/**
 * From one peer to the next: the ROUTED and BOUNCED frames of each link are numbered, kept until the other side says
 * that it has taken them, sent again when it does not, and handed back when the link is no good any more: a hop that
 * dies takes nothing with it that it has not taken over.
 *
 *     taken = %x34 1*( first count )             ; varints: the numbers that have arrived over this link
 *
 * Links are reliable while they live, so this is for the day they do not: in the good case it costs the number in the
 * frame and one TAKEN for everything of {@link TAKEN_DELAY}, in a packet that goes there anyway where there is one.
 *
 * Bounded per link: `maxHopFrames` and `maxHopBytes` kept (what is over them goes once, and is left to the retries from
 * end to end), 128 ranges of numbers that have arrived, 64 of them not acknowledged yet.
 * @module
 */
import type { Drop } from '../effect.ts'
import type { LinkId } from '../input.ts'
import { jitter, type Random } from '../random.ts'
import { Frame } from '../wire/frame.ts'
import { type Alarmed, Alarms, NO_ALARM } from './alarms.ts'
import type { Neighbour } from './compass.ts'
import { type Transit, type TransitType, writeRanges, writeTransit } from './frames.ts'
import type { RoutingOutbox as Outbox } from './letter.ts'
import type { RoutingLimits } from './limits.ts'
import { Seen } from './seen.ts'

/** Milliseconds that TAKEN may wait for company: a third of the least wait of the other side. */
export const TAKEN_DELAY = 100
/** Frames that have arrived after which it waits no longer: a quarter of what the other side keeps. */
const TAKEN_AFTER = 64
/** Milliseconds until a frame is sent again, at least … */
const RESEND_MIN = 300
/** … at most, before any round trip is known … */
const RESEND_INITIAL = 1000
/**
 * … and no later than this after doubling, where the round trip allows: on a link that loses a fifth of its frames each sending has an answer
 * with 64 %, and of one in a thousand messages six in ten seconds had none.
 */
const RESEND_MAX = 1200
/** Sendings over a link that seems sound until another neighbour is tried; it is in doubt, and pinged, after the first. */
const SENDINGS = 3

/**
 * A neighbour that took some of what was sent within this, ms, is at the rest of it: to send again would queue the same bytes
 * once more, until the link runs over. A line of 90 kbit/s takes the 32 KiB after which a browser's link says so.
 */
const TAKING = 3000

/** Until when a neighbour needs no reminder. */
export function busyUntil({ takenAt, suspect }: Neighbour): number {
  return suspect ? Number.NEGATIVE_INFINITY : takenAt + TAKING
}

/** Milliseconds that a neighbour has to answer for so many bytes under way to it. */
export function patience(
  neighbour: Neighbour,
  sendings: number,
  bytes: number,
  limits: RoutingLimits,
): number {
  const { roundTrip } = neighbour
  const base = roundTrip === Number.POSITIVE_INFINITY ? RESEND_INITIAL : Math.max(RESEND_MIN, 4 * roundTrip)
  return Math.max(base, Math.min(RESEND_MAX, base * 2 ** (sendings - 1))) + bytes / limits.bytesPerMs
}

interface Kept {
  readonly frame: Uint8Array
  sendings: number
  dueAt: number
}

interface Hop extends Alarmed {
  readonly neighbour: Neighbour
  next: number
  /** By number, in the order of sending. */
  readonly kept: Map<number, Kept>
  keptBytes: number
  readonly seen: Seen
  /** Arrived and not acknowledged: first, last, first, last … */
  taken: number[]
  takenCount: number
  takenAt: number
}

/** Takes back a frame that its link does not take; false: it stays with the link. */
export type TakeBack = (link: LinkId, frame: Uint8Array) => boolean

export class Hops {
  resent = 0
  /** Links that TAKEN is due on. */
  private owing = 0
  private readonly hops = new Map<LinkId, Hop>()
  private readonly alarms = new Alarms<Hop>()
  private readonly limits: RoutingLimits
  private readonly random: Random

  constructor(limits: RoutingLimits, random: Random) {
    this.limits = limits
    this.random = random
  }

  get deadline(): number {
    return this.alarms.next
  }

  /** Frames kept, on all links. */
  get size(): number {
    let size = 0
    for (const hop of this.hops.values()) size += hop.kept.size
    return size
  }

  linkUp(neighbour: Neighbour): void {
    this.hops.set(neighbour.link, {
      slot: NO_ALARM,
      neighbour,
      next: 0,
      kept: new Map(),
      keptBytes: 0,
      seen: new Seen(),
      taken: [],
      takenCount: 0,
      takenAt: Number.POSITIVE_INFINITY,
    })
  }

  /** Returns what the link has not taken, in order. */
  linkDown(link: LinkId): Uint8Array[] {
    const hop = this.hops.get(link)
    if (hop === undefined) return []
    if (hop.takenCount > 0) this.owing--
    this.alarms.clear(hop)
    this.hops.delete(link)
    return Array.from(hop.kept.values(), kept => kept.frame)
  }

  clear(): void {
    this.owing = 0
    this.hops.clear()
    this.alarms.reset()
  }

  // ── out ────────────────────────────────────────────────────────────────────────────────────────────────

  send(link: LinkId, type: TransitType, transit: Transit, now: number, out: Outbox): void {
    const hop = this.hops.get(link)
    if (hop === undefined) return
    const number = hop.next++
    const frame = writeTransit(type, transit, number)
    out.push({ kind: 'send', link, frame })
    const { maxHopFrames, maxHopBytes } = this.limits
    if (hop.kept.size >= maxHopFrames || hop.keptBytes + frame.length > maxHopBytes) return
    hop.keptBytes += frame.length
    const dueAt = now + patience(hop.neighbour, 1, hop.keptBytes, this.limits)
    hop.kept.set(number, { frame, sendings: 1, dueAt })
    this.alarms.sooner(hop, dueAt)
  }

  /** The other side has taken these. */
  taken(link: LinkId, ranges: readonly number[]): Drop | undefined {
    const hop = this.hops.get(link)
    if (hop === undefined) return 'unexpected'
    if (ranges.length > 2 * TAKEN_AFTER) return 'too-large'
    for (let i = 0; i < ranges.length; i += 2) {
      const first = ranges[i] as number
      const last = ranges[i + 1] as number
      if (last >= hop.next) return 'unexpected'
      // In order of numbers: never more steps than frames are kept, whatever the range promises.
      for (const [number, { frame }] of hop.kept) {
        if (number > last) break
        if (number < first) continue
        hop.kept.delete(number)
        hop.keptBytes -= frame.length
      }
    }
    if (hop.kept.size === 0) this.alarms.set(hop, hop.takenAt)
    return undefined
  }

  /** A link fell silent: what it has not taken is looked at in the next tick. */
  suspect(link: LinkId): void {
    const hop = this.hops.get(link)
    if (hop === undefined) return
    for (const kept of hop.kept.values()) kept.dueAt = 0
    if (hop.kept.size > 0) this.alarms.set(hop, 0)
  }

  tick(now: number, takeBack: TakeBack, out: Outbox): void {
    for (const hop of this.alarms.due(now)) {
      const { neighbour, kept } = hop
      const { link } = neighbour
      if (hop.takenAt <= now) this.acknowledge(hop, out)
      let next = hop.takenAt
      let isDoubtful = false
      const busy = busyUntil(neighbour)
      for (const [number, entry] of kept) {
        if (entry.dueAt <= now && now < busy) entry.dueAt = busy
        if (entry.dueAt <= now) {
          isDoubtful = true
          if ((neighbour.suspect || entry.sendings >= SENDINGS) && takeBack(link, entry.frame)) {
            kept.delete(number)
            hop.keptBytes -= entry.frame.length
            continue
          }
          this.resent++
          entry.sendings++
          out.push({ kind: 'send', link, frame: entry.frame })
          const wait = patience(neighbour, entry.sendings, hop.keptBytes, this.limits)
          entry.dueAt = now + jitter(this.random, wait, 0.25)
        }
        if (entry.dueAt < next) next = entry.dueAt
      }
      this.alarms.set(hop, next)
      if (isDoubtful && !neighbour.suspect) out.push({ kind: 'doubt', link })
    }
  }

  // ── in ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether a frame with this number is news. It is acknowledged either way. */
  arrived(link: LinkId, number: number, now: number, out: Outbox): boolean {
    const hop = this.hops.get(link)
    if (hop === undefined) return false
    const isNew = hop.seen.add(number) === 'new'
    const { taken } = hop
    if (taken.at(-1) === number - 1) taken[taken.length - 1] = number
    else taken.push(number, number)
    if (hop.takenCount++ === 0) this.owing++
    // Sent again: the first TAKEN was lost, or is late.
    const at = isNew ? now + TAKEN_DELAY : now
    if (hop.takenCount >= TAKEN_AFTER) this.acknowledge(hop, out)
    else if (at < hop.takenAt) {
      hop.takenAt = at
      this.alarms.sooner(hop, at)
    }
    return isNew
  }

  /** TAKEN goes along with what goes to a link anyway. */
  piggyback(link: LinkId, out: Outbox): void {
    if (this.owing === 0) return
    const hop = this.hops.get(link)
    if (hop !== undefined && hop.takenCount > 0) this.acknowledge(hop, out)
  }

  private acknowledge(hop: Hop, out: Outbox): void {
    out.push({ kind: 'send', link: hop.neighbour.link, frame: writeRanges(Frame.TAKEN, hop.taken) })
    this.owing--
    hop.taken = []
    hop.takenCount = 0
    hop.takenAt = Number.POSITIVE_INFINITY
    if (hop.kept.size === 0) this.alarms.clear(hop)
  }
}
