/**
 * The frames about the past.
 *
 *     HISTORY = %x27 question last age topic *( stream ranges )  ; varints, text; what the asker has is not wanted
 *     PAST    = %x28 question age push                 ; a message, and the ms since it came to who supplies it
 *             / %x28 question count                    ; so many the asker should have now, of those that it was asked for
 *
 * `age` of HISTORY is in ms, 0 for any. `push` is a whole PUSH frame, as it was signed.
 * @module
 */
import { Frame } from '../wire/frame.ts'
import { MAX_TOPIC } from '../wire/limits.ts'
import type { Reader } from '../wire/reader.ts'
import { utf8Encode } from '../wire/text.ts'
import { Writer } from '../wire/writer.ts'
import { type Entry, readRanges, writeRanges } from './control.ts'
import type { Push, PushHead } from './push.ts'

/** Messages that one question may ask for. */
export const MAX_PAST = 1000
/** Streams, and ranges of all of them, that a question may name: what fits a packet. */
const MAX_KNOWN = 512

export interface HistoryFrame {
  readonly question: number
  readonly last: number
  readonly age: number
  readonly topic: string
  readonly known: readonly Entry[]
}

export function encodeHistory({ question, last, age, topic, known }: HistoryFrame): Uint8Array {
  const name = utf8Encode(topic)
  const writer = new Writer(128).u8(Frame.HISTORY)
  writer.varint(question).varint(last).varint(age).block(name)
  let left = MAX_KNOWN
  for (const { stream, ranges } of known) {
    left -= ranges.count
    if (left < 0) break
    writeRanges(writer.u48(stream), ranges)
  }
  return writer.finish()
}

export function decodeHistory(reader: Reader): HistoryFrame | undefined {
  const question = reader.varint()
  const last = reader.varint(MAX_PAST)
  const age = reader.varint()
  const topic = reader.text(MAX_TOPIC)
  const known: Entry[] = []
  let left = MAX_KNOWN
  while (reader.left > 0 && left > 0) {
    const entry = { stream: reader.u48(), ranges: readRanges(reader, left) }
    left -= Math.max(1, entry.ranges.count)
    known.push(entry)
  }
  return reader.done && last > 0 ? { question, last, age, topic, known } : undefined
}

export function encodePast(question: number, age: number, frame: Uint8Array): Uint8Array {
  return new Writer(16 + frame.length).u8(Frame.PAST).varint(question).varint(age).bytes(frame).finish()
}

export function encodePastEnd(question: number, count: number): Uint8Array {
  return new Writer(12).u8(Frame.PAST).varint(question).varint(count).finish()
}

/** `push` is `undefined` at the end, and `value` the count then; the age otherwise. */
export interface PastFrame {
  readonly question: number
  readonly value: number
  readonly push: Push | undefined
}

export function decodePast(
  reader: Reader,
  head: PushHead,
  maxBody: number,
): PastFrame | 'malformed' | 'too-large' {
  const question = reader.varint()
  const value = reader.varint()
  if (reader.done) return { question, value, push: undefined }
  if (reader.u8() !== Frame.PUSH || !head.read(reader)) return 'malformed'
  const push = head.take(reader, maxBody)
  return typeof push === 'string' ? push : { question, value, push }
}
