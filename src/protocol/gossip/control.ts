/**
 * The control frames of broadcast trees.
 *
 *     ACK    = %x21 1*( stream ranges )
 *     IHAVE  = %x22 1*( stream hops age ranges )         ; hops: links the newest of them crossed; age: for how
 *                                                        ; long it has been here, ms
 *     GRAFT  = %x23 1*( stream tree ranges )             ; tree: 1 to be put into the tree; ranges may be empty
 *     PRUNE  = %x24 1*stream
 *     RANGES = %x25 purpose age *( stream hops from length ranges )
 *     TALLY  = %x26 1*( stream hops seq report )         ; varints; report = count * 4 + kind (0, FINAL, ASK, WAY)
 *
 *     stream = u48                                       ; first 48 bits of SHA-256(key ‖ epoch)
 *     ranges = count *( gap length )                     ; varints: range 0 begins at gap, each next one at
 *                                                        ; the last end + 2 + gap; a range has length + 1 numbers
 *
 * In RANGES the sender can supply `from` … `from + length − 1`, wants nothing of it or below it, and has `ranges`
 * above it. `from` = `length` = 0 says that it does not know where to begin. `age` is how long it has been a member,
 * in milliseconds: for such a stream, and for one it does not list, `from` in the answer is the first that was
 * received within that age.
 * @module
 */
import { Frame } from '../wire/frame.ts'
import { MAX_DIGEST } from '../wire/limits.ts'
import type { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { MAX_SEQ } from './push.ts'
import { RangeSet } from './ranges.ts'

/** Why RANGES was sent; its first byte. */
export const Purpose = {
  /** The listed streams, for comparison: answer for those of which the receiver has more. */
  COMPARE: 0,
  /** Everything the sender has: answer also for the streams that are not listed. */
  ALL: 1,
  /** An answer: `from` holds for the receiver. */
  ANSWER: 2,
} as const

export interface Entry {
  readonly stream: number
  readonly ranges: RangeSet
}
export interface IhaveEntry extends Entry {
  readonly hops: number
  /** Milliseconds since the newest of them arrived at the sender; −1 where that is not told. */
  readonly lag: number
}
export interface GraftEntry extends Entry {
  readonly tree: boolean
}
export interface RangesEntry extends Entry {
  readonly hops: number
  readonly from: number
  /** One above the last that can be supplied. */
  readonly next: number
}
export interface Ranges {
  readonly purpose: number
  readonly age: number
  readonly entries: readonly RangesEntry[]
}

/** One for all frames: each is finished before the next is begun. */
const writer = new Writer(512)

export function writeRanges(writer: Writer, ranges: RangeSet): void {
  const count = Math.min(ranges.count, MAX_DIGEST)
  writer.varint(count)
  let next = 0
  for (let i = 0; i < count; i++) {
    writer.varint(ranges.start(i) - next).varint(ranges.end(i) - ranges.start(i))
    next = ranges.end(i) + 2
  }
}

/** Reads ranges; `budget` is how many the frame may still hold. */
export function readRanges(reader: Reader, budget: number): RangeSet {
  const ranges = new RangeSet()
  const count = reader.varint(Math.min(budget, reader.left >>> 1))
  let next = 0
  for (let i = 0; i < count && reader.ok; i++) {
    const start = next + reader.varint(MAX_SEQ)
    const end = start + reader.varint(MAX_SEQ)
    if (end > MAX_SEQ) reader.fail()
    if (!reader.ok) break
    ranges.add(start, end)
    next = end + 2
  }
  return ranges
}

/** Reads entries until the frame ends; `undefined` when it does not parse. */
export function readAll<E extends { readonly stream: number; readonly ranges?: RangeSet }>(
  reader: Reader,
  read: (budget: number) => E,
): E[] | undefined {
  const entries: E[] = []
  let budget = MAX_DIGEST
  while (reader.left > 0) {
    if (entries.length === MAX_DIGEST) return undefined
    const entry = read(budget)
    if (!reader.ok) return undefined
    budget -= entry.ranges?.count ?? 0
    entries.push(entry)
  }
  return reader.done && entries.length > 0 ? entries : undefined
}

export function encodeAck(entries: readonly Entry[]): Uint8Array {
  writer.u8(Frame.ACK)
  for (const entry of entries) writeRanges(writer.u48(entry.stream), entry.ranges)
  return writer.finish()
}

export function decodeAck(reader: Reader): Entry[] | undefined {
  return readAll(reader, budget => ({ stream: reader.u48(), ranges: readRanges(reader, budget) }))
}

export function encodeIhave(entries: readonly IhaveEntry[]): Uint8Array {
  writer.u8(Frame.IHAVE)
  for (const entry of entries)
    writeRanges(writer.u48(entry.stream).u8(entry.hops).varint(entry.lag), entry.ranges)
  return writer.finish()
}

export function decodeIhave(reader: Reader): IhaveEntry[] | undefined {
  return readAll(reader, budget => ({
    stream: reader.u48(),
    hops: reader.u8(),
    lag: reader.varint(),
    ranges: readRanges(reader, budget),
  }))
}

export function encodeGraft(entries: readonly GraftEntry[]): Uint8Array {
  writer.u8(Frame.GRAFT)
  for (const entry of entries) writeRanges(writer.u48(entry.stream).u8(entry.tree ? 1 : 0), entry.ranges)
  return writer.finish()
}

export function decodeGraft(reader: Reader): GraftEntry[] | undefined {
  return readAll(reader, budget => {
    const stream = reader.u48()
    const tree = reader.u8()
    if (tree > 1) reader.fail()
    return { stream, tree: tree === 1, ranges: readRanges(reader, budget) }
  })
}

export function encodePrune(streams: readonly number[]): Uint8Array {
  writer.u8(Frame.PRUNE)
  for (const stream of streams) writer.u48(stream)
  return writer.finish()
}

export function decodePrune(reader: Reader): number[] | undefined {
  return readAll(reader, () => ({ stream: reader.u48() }))?.map(entry => entry.stream)
}

/** A report about one message, and what is known with it: the sender has the message, after so many hops. */
export interface TallyEntry {
  readonly stream: number
  readonly hops: number
  readonly seq: number
  /** Peers that have it from the sender, itself included; 0 when it got it from somebody else. */
  readonly count: number
  /** 0: it is growing. Or {@link FINAL}, {@link ASK}, {@link WAY}. */
  readonly kind: number
}

/** No more is to be expected. */
export const FINAL = 1
/** The receiver's report is missing. */
export const ASK = 2
/** The count of a question whose sender has lost its own way to the origin. */
export const LOST = 1
/** The sender has found a way to the origin past the receiver, which lost its own. */
export const WAY = 3
/** More peers than there are devices on earth. */
const MAX_REPORT = 2 ** 40

/** Adds a report to a frame of them, begun or not. */
export function writeTally(
  writer: Writer,
  stream: number,
  hops: number,
  seq: number,
  count: number,
  kind: number,
): void {
  if (writer.length === 0) writer.u8(Frame.TALLY)
  writer
    .u48(stream)
    .u8(hops)
    .varint(seq)
    .varint(count * 4 + kind)
}

export function decodeTally(reader: Reader): TallyEntry[] | undefined {
  return readAll(reader, () => {
    const stream = reader.u48()
    const hops = reader.u8()
    const seq = reader.varint(MAX_SEQ)
    const report = reader.varint(MAX_REPORT)
    const kind = report % 4
    return { stream, hops, seq, count: (report - kind) / 4, kind }
  })
}

export function encodeRanges(ranges: Ranges): Uint8Array {
  writer.u8(Frame.RANGES).u8(ranges.purpose).varint(ranges.age)
  for (const { stream, hops, from, next, ranges: above } of ranges.entries) {
    writer
      .u48(stream)
      .u8(hops)
      .varint(from)
      .varint(next - from)
    writeRanges(writer, above)
  }
  return writer.finish()
}

export function decodeRanges(reader: Reader): Ranges | undefined {
  const purpose = reader.u8()
  const age = reader.varint()
  if (!reader.ok || purpose > Purpose.ANSWER) return undefined
  if (reader.done) return { purpose, age, entries: [] }
  const entries = readAll(reader, budget => {
    const stream = reader.u48()
    const hops = reader.u8()
    const from = reader.varint(MAX_SEQ)
    const next = from + reader.varint(MAX_SEQ)
    if (next > MAX_SEQ + 1) reader.fail()
    return { stream, hops, from, next, ranges: readRanges(reader, budget) }
  })
  return entries && { purpose, age, entries }
}
