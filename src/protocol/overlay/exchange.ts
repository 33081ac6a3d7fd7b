/**
 * What neighbours tell each other about the mesh: their own neighbours (for the ring, for look-ahead and for
 * evictions that leave nobody lonely) and random ids of their passive views.
 *
 *     NEIGHBOURS = %x10 ids
 *     SHUFFLE    = %x11 ids        ; answered by SHUFFLED
 *     SHUFFLED   = %x12 ids
 *     GONE       = %x13 ids        ; passed on by whoever knew them
 *     SILENT     = %x14 flag       ; byte: 1 when others are not to be told of the sender, who is in nobody's NEIGHBOURS then
 *     ids        = count *( 32 bytes )
 *
 * @module
 */
import type { Outbox } from '../effect.ts'
import type { PeerId } from '../id.ts'
import type { LinkEnd, LinkId } from '../input.ts'
import { below, jitter, type Random } from '../random.ts'
import { Frame } from '../wire/frame.ts'
import { MAX_IDS } from '../wire/limits.ts'
import { Writer } from '../wire/writer.ts'
import { writeIds } from './letters.ts'
import type { Slot } from './slot.ts'
import type { PassiveView } from './view.ts'

/** Changes are gathered this long before neighbours hear of them, ms: a burst of joins makes one frame. */
const GATHER = 100
/**
 * Departures are gathered for longer, ms: links that fell silent together are given up within a second, each at its own time.
 * Who has left with a good-bye has told its neighbours itself.
 */
const GATHER_GONE = 500
/** NEIGHBOURS is repeated after this long without a change, ms, for links that may lose it: 4 bytes a second. */
const REPEAT = 60_000
/** Period of shuffles, ms (HyParView leaves it open; 8 ids of 32 bytes cost 9 bytes a second each way). */
const SHUFFLE_EVERY = 30_000
export const SHUFFLE_IDS = 8
/** Ids of one neighbour's shuffles are taken this far apart, ms: who says more wants to crowd out what is known. */
export const HEARSAY_EVERY = 5000

/** Reasons of a good-bye by their number on the wire, from 1; anything else reads as `bye`. */
export const BYE_REASONS: readonly LinkEnd[] = ['bye', 'left', 'evicted', 'misbehaved']

export class Exchange {
  private readonly random: Random
  private readonly view: PassiveView
  private readonly self: PeerId
  /** Others are not to be told of this peer. */
  silent = false
  private announceAt = Number.POSITIVE_INFINITY
  private shuffleAt = Number.POSITIVE_INFINITY
  private goneAt = Number.POSITIVE_INFINITY
  /** Departures that the next GONE tells of, as many as it holds: of others somebody else tells. */
  private readonly departures = new Set<PeerId>()
  private readonly writer = new Writer(512)

  constructor(self: PeerId, view: PassiveView, random: Random) {
    this.self = self
    this.view = view
    this.random = random
  }

  get deadline(): number {
    return Math.min(this.announceAt, this.shuffleAt, this.goneAt)
  }

  start(now: number): void {
    this.shuffleAt = now + jitter(this.random, SHUFFLE_EVERY, 0.5)
  }

  stop(): void {
    this.announceAt = Number.POSITIVE_INFINITY
    this.shuffleAt = Number.POSITIVE_INFINITY
    this.goneAt = Number.POSITIVE_INFINITY
    this.departures.clear()
  }

  /** The set of neighbours has changed. */
  changed(now: number): void {
    this.announceAt = Math.min(this.announceAt, now + GATHER)
  }

  /** A new neighbour hears the list at once. */
  greet(link: LinkId, up: readonly Slot[], out: Outbox): void {
    if (this.silent) this.hush(link, out)
    out.push({
      kind: 'send',
      link,
      frame: this.list(Frame.NEIGHBOURS, soundOf(up)),
    })
  }

  /** Tells a neighbour whether others may be told of this peer. */
  hush(link: LinkId, out: Outbox): void {
    const frame = this.writer
      .u8(Frame.SILENT)
      .u8(this.silent ? 1 : 0)
      .finish()
    out.push({ kind: 'send', link, frame })
  }

  tick(up: readonly Slot[], now: number, out: Outbox): void {
    const announces = now >= this.announceAt
    if (announces) {
      this.announceAt = now + jitter(this.random, REPEAT, 0.2)
      const frame = this.list(Frame.NEIGHBOURS, soundOf(up))
      for (const slot of up) out.push({ kind: 'send', link: slot.link, frame })
    }
    // In one packet with the other list, where there is one.
    if (now >= this.goneAt || (announces && this.departures.size > 0)) {
      this.goneAt = Number.POSITIVE_INFINITY
      const frame = this.list(Frame.GONE, [...this.departures])
      this.departures.clear()
      for (const slot of up) out.push({ kind: 'send', link: slot.link, frame })
    }
    if (now >= this.shuffleAt) {
      this.shuffleAt = now + jitter(this.random, SHUFFLE_EVERY, 0.2)
      const partner = up[below(this.random, Math.max(1, up.length))]
      if (partner !== undefined) this.shuffle(partner.link, out)
    }
  }

  /** Asks a neighbour whom it knows, and tells it of some. */
  shuffle(link: LinkId, out: Outbox): void {
    const ids = this.view.sample(SHUFFLE_IDS - 1)
    if (!this.silent) ids.unshift(this.self)
    out.push({ kind: 'send', link, frame: this.list(Frame.SHUFFLE, ids) })
  }

  answer(link: LinkId, out: Outbox): void {
    out.push({ kind: 'send', link, frame: this.list(Frame.SHUFFLED, this.view.sample(SHUFFLE_IDS)) })
  }

  /** All neighbours are told soon that these peers have left. */
  gone(ids: readonly PeerId[], now: number): void {
    for (const id of ids) if (this.departures.size < MAX_IDS) this.departures.add(id)
    if (this.departures.size > 0) this.goneAt = Math.min(this.goneAt, now + GATHER_GONE)
  }

  /** A peer that was said to have left is there. */
  back(id: PeerId): void {
    if (this.departures.delete(id) && this.departures.size === 0) this.goneAt = Number.POSITIVE_INFINITY
  }

  /** A good-bye: BYE = %x03 reason ids. The receiver drops the link at once and may ask the ids instead. */
  farewell(reason: LinkEnd, ids: readonly PeerId[]): Uint8Array {
    return writeIds(this.writer.u8(Frame.BYE).u8(BYE_REASONS.indexOf(reason) + 1), ids).finish()
  }

  private list(type: number, ids: readonly PeerId[]): Uint8Array {
    return writeIds(this.writer.u8(type), ids).finish()
  }
}

/** What is told of: who has fallen silent is no neighbour to go by, nor one to be left with. */
function soundOf(up: readonly Slot[]): PeerId[] {
  return up.filter(slot => !slot.suspect && slot.silent !== true).map(slot => slot.peer)
}
