/**
 * Receipts for DATA that are due on each link. They go at the end of the turn, in one frame: the DATA of one
 * packet makes one range, and a reply of the same turn shares their packet.
 * @module
 */
import type { Effect } from '../effect.ts'
import type { LinkId } from '../input.ts'
import { Frame } from '../wire/frame.ts'
import { writeRanges } from './frames.ts'

export class ReceiptsDue {
  /** Inclusive ranges: first, last, first, last … */
  private readonly ranges = new Map<LinkId, number[]>()

  add(link: LinkId, number: number): void {
    const ranges = this.ranges.get(link)
    if (ranges === undefined) this.ranges.set(link, [number, number])
    else if (ranges.at(-1) === number - 1) ranges[ranges.length - 1] = number
    else ranges.push(number, number)
  }

  flush(out: { push(effect: Effect): unknown }): void {
    if (this.ranges.size === 0) return
    for (const [link, ranges] of this.ranges)
      out.push({ kind: 'send', link, frame: writeRanges(Frame.RECEIPT, ranges) })
    this.ranges.clear()
  }

  forget(link: LinkId): void {
    this.ranges.delete(link)
  }

  clear(): void {
    this.ranges.clear()
  }
}
