/**
 * A stream: what one origin broadcasts in one session. What of it has arrived, what waits for an earlier
 * message, and who is who in its tree.
 * @module
 */
import { sha256 } from '../../crypto/hash.ts'
import type { PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import { Writer } from '../wire/writer.ts'
import { MAX_RANGES } from './config.ts'
import { RangeSet } from './ranges.ts'
import type { Request } from './request.ts'
import type { EdgeTopics, StreamTopics } from './topics.ts'

/** What the past has of a broadcast. */
export interface Kept {
  readonly stream: Stream | { readonly id: number; readonly origin: PeerId | undefined }
  readonly seq: number
  /** As it was signed; empty once history has let it go. */
  frame: Uint8Array
  readonly topic: string
  body: Uint8Array
  /** When it had been checked and could be passed on; this peer's own, when it could be sent. */
  at: number
  older: Kept | undefined
  newer: Kept | undefined
  /** Bytes it counts for; 0 when it is not in the list. */
  cost: number
}

/** A verified broadcast. */
export interface Message extends Kept {
  readonly stream: Stream
  /** Order and receipt, as signed. */
  readonly options: number
  /** What it comes after: stream and number by turns. */
  readonly deps: readonly number[]
  /** Links it crossed to get here; 0 for this peer's own. */
  readonly hops: number
  /** It was repaired on its way here. */
  readonly late: boolean
  /** When it came over a link. */
  readonly came: number
  readonly request: Request | undefined
}

/** A neighbour as one stream sees it. Without an edge a neighbour is lazy and nothing is known of it. */
export interface Edge {
  readonly link: LinkId
  /** Gets pushes; otherwise announcements. */
  eager: boolean
  /** It has heard of this stream. */
  knows: boolean
  /** Links that what it last told of had crossed; {@link UNTOLD} at first. */
  hops: number
  /** What it is known to have. */
  readonly told: RangeSet
  /** What it announced last, and when that would have come over this link. */
  toldSeq: number
  toldAt: number
  /** When the answer to the last GRAFT is overdue; 0 when none is awaited. */
  askedUntil: number
  /** Messages the last GRAFT asked for and that have not come. */
  outstanding: number
  /** GRAFTs in a row without an answer. */
  silences: number
  /** No PRUNE again before this. */
  pruneAfter: number
  /** Which topics cross the link, once either side has declined some. */
  topics: EdgeTopics | undefined
  /** It pushes to this peer, or was asked to: nothing is pushed to it. */
  upstream: boolean
}

/** No number of hops: more than any message crosses. A small integer, as all that has no fraction is kept without a box. */
export const UNTOLD = 1024

const NONE_HELD: ReadonlyMap<number, Message> = new Map()

/** A better parent, found while `from` was the parent, and by how much it was quicker. */
export interface Swap {
  readonly from: LinkId
  readonly to: LinkId
  readonly gain: number
  readonly since: number
}

/** First 48 bits of SHA-256(key ‖ epoch). */
export function streamId(key: Uint8Array, epoch: number): number {
  const digest = sha256(new Writer(38).bytes(key).u48(epoch).finish())
  let id = 0
  for (let i = 0; i < 6; i++) id = id * 256 + (digest[i] as number)
  return id
}

export class Stream {
  readonly id: number
  /** This peer's own: never forgotten. */
  permanent = false
  /** `undefined` while the stream is a rumour: announced, not proven. */
  key: Uint8Array | undefined
  origin: PeerId | undefined
  epoch = 0
  /** Everything below has been delivered or given up; 0 while nobody has said where to begin. */
  next = 0
  /** Where a neighbour said to begin, before the first message. */
  floor = 0
  /** Verified, at or above `next`. */
  readonly above = new RangeSet()
  /** Verified, waiting for an earlier one: none at most times, in most streams. */
  held: ReadonlyMap<number, Message> = NONE_HELD
  /** What history still has. */
  readonly messages = new Map<number, Message>()
  readonly edges = new Map<LinkId, Edge>()
  parent: LinkId | undefined
  /** The highest number the parent has pushed. */
  parentSeq = 0
  /** The first number above that the parent did not bring. */
  missedSeq = 0
  /** Links the last message crossed. */
  hops = 0
  /** The tree has been begun. */
  seeded = false
  received = 0
  /** Which of all deliveries here the last one of this stream was, and its number; 0 for none yet. */
  deliveredAs = 0
  deliveredSeq = 0
  activeAt = 0
  /** History has everything from the first up to the second: kept by {@link supplyFrom} and by what history lets go. */
  suppliedFrom = 0
  suppliedTo = 0
  /** Announcements hurry until then: the tree is new or was repaired. */
  hurryUntil = 0
  /** When to look for missing messages. */
  graftAt = Number.POSITIVE_INFINITY
  /** When to do something about the gap before the first held message: ask, in the end give it up. */
  gapAt = Number.POSITIVE_INFINITY
  /** Neighbours asked about the gap. */
  gapProbes = 0
  /** What had been seen when the parent was last changed for a faster one, and how much faster that was. */
  swapSeq = 0
  swapGain = 0
  /** What the next change must gain, ms. */
  swapNeeds = 0
  /** The change of parent that waits for its moment, and when to look for that. */
  swap: Swap | undefined = undefined
  swapAt = Number.POSITIVE_INFINITY
  /** When the last message came, and how long after the one before it; the shorter of the last two such times. */
  cameAt = Number.NEGATIVE_INFINITY
  gap = 0
  pace = 0
  /** The highest number that was announced before it came. */
  earlySeq = 0
  /** Which topics are wanted, once some are not. */
  topics: StreamTopics | undefined = undefined

  constructor(id: number) {
    this.id = id
  }

  hold(message: Message): void {
    if (this.held === NONE_HELD) this.held = new Map()
    ;(this.held as Map<number, Message>).set(message.seq, message)
  }

  letGo(seq: number): void {
    ;(this.held as Map<number, Message>).delete(seq)
    if (this.held.size === 0) this.held = NONE_HELD
  }

  /** Verified already, or given up. */
  seen(seq: number): boolean {
    return seq < this.next || (this.above.count > 0 && this.above.has(seq))
  }

  /** The first of its timers. */
  get deadline(): number {
    return Math.min(this.graftAt, this.gapAt, this.swapAt)
  }

  /** The highest number that has arrived. */
  get highest(): number {
    return this.above.last ?? this.next - 1
  }

  edge(link: LinkId): Edge {
    let edge = this.edges.get(link)
    if (edge === undefined) {
      edge = {
        link,
        eager: false,
        knows: false,
        hops: UNTOLD,
        told: new RangeSet(),
        toldSeq: 0,
        toldAt: 0,
        askedUntil: 0,
        outstanding: 0,
        silences: 0,
        pruneAfter: 0,
        topics: undefined,
        upstream: false,
      }
      this.edges.set(link, edge)
    }
    return edge
  }

  /** Notes that a neighbour has `from` … `to`. */
  tell(edge: Edge, from: number, to: number): void {
    edge.knows = true
    edge.told.add(from, to)
    if (edge.told.count > MAX_RANGES) edge.told.limit(MAX_RANGES)
  }

  /** Where messages of interest begin: below, nothing is asked for. */
  get base(): number {
    return this.next > 0 ? this.next : this.floor
  }

  /** Moves on over what was held back from this peer, as far as something above it has come. */
  bridge(): void {
    const { topics, skips, above } = this
    const { first } = above
    if (topics === undefined || skips === undefined || first === undefined || this.next === 0) return
    while (this.next < first) {
      const i = skips.at(this.next)
      if (i === skips.count || skips.start(i) > this.next) return
      const to = Math.min(skips.end(i), first - 1)
      topics.absent.add(this.next, to)
      topics.absent.limit(MAX_RANGES)
      topics.skippedFor = this.parent
      for (const edge of this.edges.values()) {
        if (edge.link === this.parent || !this.agrees(edge)) continue
        if (this.next > (edge.topics?.staleTo ?? 0)) edge.topics?.hold(this.next, to)
      }
      this.next = to + 1
    }
  }

  /** Whether a branch declines whatever is declined here: then what is held back from here is held back from it. */
  agrees(edge: Edge): boolean {
    if (!edge.eager || edge.upstream || edge.topics === undefined || this.topics === undefined) return false
    for (const topic of this.topics.declined) if (!edge.topics.declined.has(topic)) return false
    return true
  }

  /** What the parent holds back from this peer. */
  get skips(): RangeSet | undefined {
    return this.parent === undefined ? undefined : this.edges.get(this.parent)?.topics?.skips
  }

  /** Passed over, and not here: it may still come. */
  isAbsent(seq: number): boolean {
    return this.topics?.absent.has(seq) === true
  }

  /** The first and the last number around one that was passed, with nothing between them that is not here. */
  around(seq: number): [number, number] {
    const absent = this.topics?.absent
    const i = absent?.at(seq) ?? 0
    if (absent === undefined || absent.count === 0) return [1, this.next - 1]
    if (absent.has(seq)) return [seq, seq]
    return [i > 0 ? absent.end(i - 1) + 1 : seq, i < absent.count ? absent.start(i) - 1 : this.next - 1]
  }

  /** The lowest number from which history has everything up to `next`, received at or after `since`. */
  supplyFrom(since: number): number {
    const ever = since === Number.NEGATIVE_INFINITY
    let from = this.next
    for (let seq = from - 1; seq > 0; seq--) {
      // What was found the last time need not be counted again.
      if (ever && seq + 1 === this.suppliedTo) {
        from = this.suppliedFrom
        seq = from - 1
        if (seq <= 0) break
      }
      const message = this.messages.get(seq)
      if (message === undefined && this.isAbsent(seq)) {
        // What was held back from this peer lies in between: who asks for it is told that it is not here.
        const { absent } = this.topics as StreamTopics
        seq = absent.start(absent.at(seq))
        continue
      }
      if (message === undefined || message.at < since) break
      from = seq
    }
    if (ever) {
      this.suppliedFrom = from
      this.suppliedTo = this.next
    }
    return from
  }
}
