/**
 * The frames of routing.
 *
 *     routed  = %x30 hops detour envelope         ; 1, 1, 1 bytes and the rest
 *     bounced = %x31 hops detour envelope         ; as it was sent, with the hops it has gone since
 *     data    = %x32 head number body             ; 1 byte, varint, the rest
 *     receipt = %x33 1*( first count )            ; varints: the numbers of DATA that have arrived
 *
 *     detour  = course * 64 + budget              ; course 0 … 3 (compass.ts); turns against the gradient left, 0 … 63
 *     head    = receipt-wanted * 64 + letter kind ; kind 0 … 63; 0 is the application's
 *
 * `hops` counts the links crossed, the one the frame came over included.
 * @module
 */
import { Frame } from '../wire/frame.ts'
import { MAX_BODY } from '../wire/limits.ts'
import type { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import type { Course } from './compass.ts'

/** Most turns against the gradient that a frame can carry. */
export const MAX_BUDGET = 63
/** Highest kind of a letter. */
export const MAX_KIND = 63
const WANTS_RECEIPT = 64
/** The numbers a sender can give: 48 bits. */
export const MAX_NUMBER = 2 ** 48 - 1

export interface Transit {
  readonly hops: number
  readonly course: Course
  readonly budget: number
  readonly envelope: Uint8Array
}

/** One allocation, of the frame itself. */
export function writeTransit(
  type: typeof Frame.ROUTED | typeof Frame.BOUNCED,
  hops: number,
  course: Course,
  budget: number,
  envelope: Uint8Array,
): Uint8Array {
  const frame = new Uint8Array(3 + envelope.length)
  frame[0] = type
  frame[1] = hops
  frame[2] = course * 64 + budget
  frame.set(envelope, 3)
  return frame
}

export function readTransit(reader: Reader): Transit | undefined {
  const hops = reader.u8()
  const detour = reader.u8()
  const envelope = reader.rest()
  if (!reader.ok || hops === 0) return undefined
  return { hops, course: (detour >> 6) as Course, budget: detour & 63, envelope }
}

const writer = new Writer(512)

export interface Data {
  readonly kind: number
  readonly receipt: boolean
  readonly number: number
  readonly body: Uint8Array
}

/** The first byte of a letter's plaintext and of DATA. */
export function writeHead(kind: number, receipt: boolean): number {
  return kind | (receipt ? WANTS_RECEIPT : 0)
}

export function readHead(head: number): { readonly kind: number; readonly receipt: boolean } | undefined {
  if (head >= 2 * WANTS_RECEIPT) return undefined
  return { kind: head & MAX_KIND, receipt: head >= WANTS_RECEIPT }
}

export function writeData(kind: number, receipt: boolean, number: number, body: Uint8Array): Uint8Array {
  return writer.u8(Frame.DATA).u8(writeHead(kind, receipt)).varint(number).bytes(body).finish()
}

export function readData(reader: Reader): Data | undefined {
  const head = readHead(reader.u8())
  const number = reader.varint(MAX_NUMBER)
  if (!reader.ok || head === undefined || reader.left > MAX_BODY) return undefined
  return { ...head, number, body: reader.rest() }
}

/** `ranges` is first, last, first, last …, inclusive. */
export function writeReceipts(ranges: readonly number[]): Uint8Array {
  writer.u8(Frame.RECEIPT)
  for (let i = 0; i < ranges.length; i += 2) {
    const first = ranges[i] as number
    writer.varint(first).varint((ranges[i + 1] as number) - first + 1)
  }
  return writer.finish()
}

export function readReceipts(reader: Reader): number[] | undefined {
  const ranges: number[] = []
  while (reader.left > 0) {
    const first = reader.varint(MAX_NUMBER)
    const count = reader.varint(MAX_NUMBER)
    if (!reader.ok || count === 0 || first + count - 1 > MAX_NUMBER) return undefined
    ranges.push(first, first + count - 1)
  }
  return reader.done && ranges.length > 0 ? ranges : undefined
}
