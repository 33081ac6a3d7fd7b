/**
 * The frames of routing.
 *
 *     routed  = %x30 hops detour serial envelope  ; 1, 1, 1 bytes, varint and the rest
 *     bounced = %x31 hops detour serial envelope  ; as it was sent, with the hops it has gone since
 *     data    = %x32 head number body             ; 1 byte, varint, the rest
 *     receipt = %x33 1*( first count )            ; varints: the numbers of DATA that have arrived
 *     taken   = %x34 1*( first count )            ; varints: the serials of ROUTED and BOUNCED that have arrived
 *
 *     detour  = course * 64 + budget              ; course 0 … 3 (compass.ts); turns against the gradient left, 0 … 63
 *     head    = receipt-wanted * 64 + letter kind ; kind 0 … 63; 0 is the application's
 *
 * `hops` counts the links crossed, the one the frame came over included; `serial` the ROUTED and BOUNCED frames of this
 * link and direction, from 0.
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

export type TransitType = typeof Frame.ROUTED | typeof Frame.BOUNCED

export interface Transit {
  readonly hops: number
  readonly course: Course
  readonly budget: number
  readonly envelope: Uint8Array
}

/** One allocation, of the frame itself. */
export function writeTransit(type: TransitType, transit: Transit, number: number): Uint8Array {
  const { hops, course, budget, envelope } = transit
  let at = 3
  for (let rest = number; rest >= 128; rest = Math.floor(rest / 128)) at++
  const frame = new Uint8Array(at + 1 + envelope.length)
  frame[0] = type
  frame[1] = hops
  frame[2] = course * 64 + budget
  let rest = number
  for (let i = 3; i < at; i++) {
    frame[i] = 128 + (rest % 128)
    rest = Math.floor(rest / 128)
  }
  frame[at] = rest
  frame.set(envelope, at + 1)
  return frame
}

export function readTransit(reader: Reader): (Transit & { readonly number: number }) | undefined {
  const hops = reader.u8()
  const detour = reader.u8()
  const number = reader.varint(MAX_NUMBER)
  const envelope = reader.rest()
  if (!reader.ok || hops === 0) return undefined
  return { hops, course: (detour >> 6) as Course, budget: detour & 63, number, envelope }
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
export function writeRanges(
  type: typeof Frame.RECEIPT | typeof Frame.TAKEN,
  ranges: readonly number[],
): Uint8Array {
  writer.u8(type)
  for (let i = 0; i < ranges.length; i += 2) {
    const first = ranges[i] as number
    writer.varint(first).varint((ranges[i + 1] as number) - first + 1)
  }
  return writer.finish()
}

export function readRanges(reader: Reader): number[] | undefined {
  const ranges: number[] = []
  while (reader.left > 0) {
    const first = reader.varint(MAX_NUMBER)
    const count = reader.varint(MAX_NUMBER)
    if (!reader.ok || count === 0 || first + count - 1 > MAX_NUMBER) return undefined
    ranges.push(first, first + count - 1)
  }
  return reader.done && ranges.length > 0 ? ranges : undefined
}
