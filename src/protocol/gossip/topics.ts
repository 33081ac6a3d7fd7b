/**
 * Which topics of a stream are wanted over which link (dense mode, as PIM-DM, RFC 3973, per stream and topic): at
 * first everything flows; who does not want a topic declines it; who wants it again says so. What was held back is
 * told of (SKIP) before whatever follows it, so that it does not look lost.
 * @module
 */
import type { LinkId } from '../input.ts'
import { MAX_RANGES } from './config.ts'
import { RangeSet } from './ranges.ts'

/** Topics of one stream that one neighbour may decline: the rooms that one sender talks in. */
export const MAX_DECLINED = 64
/** What a neighbour may decline of all streams: a mebibyte of the longest topics. */
export const MAX_DECLINED_PER_LINK = 4096
/** A branch that declined gets the next message again after this, ms: prunes of RFC 3973 last 210 s (§4.8). */
export const DECLINE_LASTS = 210_000
/** Ranges remembered of what was held back from one neighbour: those of one retry. */
const MAX_WITHHELD = 32

const NOTHING: ReadonlySet<string> = new Set()

/** What this peer asks of a stream's topics, and what it was not sent. */
export class StreamTopics {
  /** Topics that came and that the application does not want; at most {@link MAX_DECLINED}, oldest first. */
  readonly unwanted = new Set<string>()
  /** Those of them that nobody behind this peer wants either. Told to all neighbours. */
  readonly declined = new Set<string>()
  /** Counts what was told. */
  generation = 0
  /** What was held back under this generation or a later one is nobody's loss here. */
  soundFrom = 1
  /** The generation since which nothing that was declined is wanted again. */
  shrunkAt = 1
  /** What was held back up to here may be some branch's loss since. */
  staleTo = 0
  /** No topic makes room for another before this. */
  fullUntil = 0
  /** Up to here neighbours have announced what they hold: that much is no decline's fault. */
  announcedTo = 0
  /** The parent for whose sake something was passed over last. */
  skippedFor: LinkId | undefined
  /** Numbers passed over in the order that are not here. */
  readonly absent = new RangeSet()
  /** Those of them that are asked for after all. */
  readonly pulls = new RangeSet()

  /** Somebody announces these, though only declined topics were to be held back: they are wanted. */
  reclaim(from: number, to: number): void {
    const { absent } = this
    this.announcedTo = Math.max(this.announcedTo, to)
    for (let i = absent.at(from); i < absent.count && absent.start(i) <= to; i++)
      this.pulls.add(Math.max(from, absent.start(i)), Math.min(to, absent.end(i)))
    this.pulls.limit(MAX_RANGES)
  }

  /** It has come after all. */
  found(seq: number): void {
    this.absent.remove(seq, seq)
    this.pulls.remove(seq, seq)
  }
}

/** One stream's topics on one link. */
export class EdgeTopics {
  /** What the neighbour declines, as it last said. */
  declined = NOTHING
  generation = 0
  /** For a branch of the tree, until then. */
  until = 0
  /** It wants to know what there is from here on, should this peer have declined it. */
  from = 0
  /** For a branch: what the parent held back under an older generation than this may be its loss. */
  soundFrom = 0
  /** So may what was held back up to here. */
  staleTo = 0
  /** The link is new: until then the neighbour counts as a branch. */
  openUntil = 0
  /** Numbers held back from it. */
  readonly withheld = new RangeSet()
  /** The highest it was told of. */
  toldTo = 0

  /** The generation it was told, and the one it confirmed. */
  told = 0
  confirmed = 0
  toldAt = Number.NEGATIVE_INFINITY
  attempts = 0
  /** Announcements are asked for from this number on; 0 for none. */
  askFrom = 0
  /** Numbers it holds back from this peer. If it is the parent, gaps close over them once something above has come. */
  readonly skips = new RangeSet()
  /** It held back what was not declined. */
  liar = false

  hold(from: number, to: number): void {
    // What is learned of late lies below what the neighbour was told of.
    const i = this.withheld.at(from)
    const known = i < this.withheld.count && this.withheld.start(i) <= from && this.withheld.end(i) >= to
    if (!known) this.toldTo = Math.min(this.toldTo, from - 1)
    this.withheld.add(from, to)
    this.withheld.limit(MAX_WITHHELD)
  }
}
