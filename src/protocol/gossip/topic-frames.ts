/**
 * Frames about topics.
 *
 *     INTERESTS = %x2B topics topics                     ; what the sender wants to get, what it means to publish
 *     DECLINE   = %x2C 1*( stream generation from topics )
 *     SKIP      = %x2D 1*( stream generation ranges )    ; ranges as in control.ts; may be empty
 *
 *     topics     = count *text                           ; at most 64, of at most 258 bytes
 *     generation = varint                                ; counts the DECLINEs of a stream; 0 in a SKIP: not here
 *     from       = varint                                ; 0, or: announce what there is from this number on
 * @module
 */
import { Frame } from '../wire/frame.ts'
import { MAX_TOPIC } from '../wire/limits.ts'
import type { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { type Entry, readAll, readRanges, writeRanges } from './control.ts'
import { MAX_SEQ } from './push.ts'
import type { RangeSet } from './ranges.ts'
import { MAX_DECLINED } from './topics.ts'

export interface DeclineEntry {
  readonly stream: number
  readonly generation: number
  readonly from: number
  readonly topics: readonly string[]
}

export interface SkipEntry extends Entry {
  readonly generation: number
}

function writeTopics(writer: Writer, topics: readonly string[]): void {
  writer.varint(topics.length)
  for (const topic of topics) writer.text(topic)
}

function readTopics(reader: Reader): string[] {
  const topics: string[] = []
  for (let left = reader.varint(Math.min(MAX_DECLINED, reader.left)); left > 0 && reader.ok; left--) {
    // Two bytes more than a topic, for the `/*` behind one.
    const topic = reader.text(MAX_TOPIC + 2)
    if (topic === '') reader.fail()
    topics.push(topic)
  }
  return topics
}

export function encodeInterests(interests: readonly string[], intents: readonly string[]): Uint8Array {
  const writer = new Writer().u8(Frame.INTERESTS)
  writeTopics(writer, interests)
  writeTopics(writer, intents)
  return writer.finish()
}

export function decodeInterests(
  reader: Reader,
): { readonly interests: readonly string[]; readonly intents: readonly string[] } | undefined {
  const interests = readTopics(reader)
  const intents = readTopics(reader)
  return reader.done ? { interests, intents } : undefined
}

export function encodeDecline(entries: readonly DeclineEntry[]): Uint8Array {
  const writer = new Writer().u8(Frame.DECLINE)
  for (const { stream, generation, from, topics } of entries)
    writeTopics(writer.u48(stream).varint(generation).varint(from), topics)
  return writer.finish()
}

export function decodeDecline(reader: Reader): DeclineEntry[] | undefined {
  return readAll(reader, () => ({
    stream: reader.u48(),
    generation: reader.varint(),
    from: reader.varint(MAX_SEQ),
    topics: readTopics(reader),
  }))
}

export function encodeSkip(stream: number, generation: number, ranges: RangeSet): Uint8Array {
  const writer = new Writer(32).u8(Frame.SKIP).u48(stream).varint(generation)
  writeRanges(writer, ranges)
  return writer.finish()
}

export function decodeSkip(reader: Reader): SkipEntry[] | undefined {
  return readAll(reader, budget => ({
    stream: reader.u48(),
    generation: reader.varint(),
    ranges: readRanges(reader, budget),
  }))
}
