/**
 * The frames of routing.
 *
 *     routed  = %x30 hops detour serial [trail] envelope  ; 1, 1, 1 bytes, varint and the rest
 *     bounced = %x31 hops detour serial [trail] envelope  ; as it was sent, with the hops it has gone since
 *     data    = %x32 head number body             ; 1 byte, varint, the rest
 *     receipt = %x33 1*( first count )            ; varints: the numbers of DATA that have arrived
 *     taken   = %x34 1*( first count )            ; varints: the serials of ROUTED and BOUNCED that have arrived
 *
 *     detour  = course * 64 + budget              ; course 0 … 3 (compass.ts); turns against the gradient left, 0 … 63;
 *                                                 ; with course 0 … 2 from 32 on: of a tentative letter, 32 more than are left
 *     trail   = count *( mark )                   ; with course 3; u8, u16s: who it has been at (markOf)
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
import { Course } from './compass.ts'

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
  /** Of course LAST: marks of the peers it has been at, at most 255. */
  readonly marks: readonly number[]
  readonly envelope: Uint8Array
}

/** Added to the budget of a walk that is not a search: to a peer that may not be there, of which no answer comes if it is not. */
export const TENTATIVE = 32

export function isTentative({ course, budget }: Transit): boolean {
  return course !== Course.LAST && budget >= TENTATIVE
}

export const NO_MARKS: readonly number[] = []
/** Peers that a search remembers having been at. */
export const MAX_MARKS = 255

/** Written out, field by field: every envelope under way has one shape, which is what keeps the hot path quick. */
export function moved(
  { envelope }: Transit,
  hops: number,
  course: Course,
  budget: number,
  marks: readonly number[],
): Transit {
  return { hops, course, budget, marks, envelope }
}

export function crossed(transit: Transit, links: number): Transit {
  return moved(transit, transit.hops + links, transit.course, transit.budget, transit.marks)
}

/** One allocation, of the frame itself. */
export function writeTransit(type: TransitType, transit: Transit, number: number): Uint8Array {
  const { hops, course, budget, marks, envelope } = transit
  let at = 3
  for (let rest = number; rest >= 128; rest = Math.floor(rest / 128)) at++
  const trail = course === Course.LAST ? 1 + 2 * marks.length : 0
  const frame = new Uint8Array(at + 1 + trail + envelope.length)
  frame[0] = type
  frame[1] = hops
  frame[2] = course * 64 + budget
  let rest = number
  for (let i = 3; i < at; i++) {
    frame[i] = 128 + (rest % 128)
    rest = Math.floor(rest / 128)
  }
  frame[at++] = rest
  if (trail > 0) {
    frame[at++] = marks.length
    for (const mark of marks) {
      frame[at++] = mark >> 8
      frame[at++] = mark & 255
    }
  }
  frame.set(envelope, at)
  return frame
}

export function readTransit(reader: Reader): (Transit & { readonly number: number }) | undefined {
  const hops = reader.u8()
  const detour = reader.u8()
  const number = reader.varint(MAX_NUMBER)
  const course = (detour >> 6) as Course
  const marks = course === Course.LAST ? readMarks(reader) : NO_MARKS
  const envelope = reader.rest()
  if (!reader.ok || hops === 0) return undefined
  return { hops, course, budget: detour & 63, marks, number, envelope }
}

function readMarks(reader: Reader): number[] {
  const bytes = reader.bytes(2 * reader.u8())
  const marks: number[] = []
  for (let i = 0; i + 1 < bytes.length; i += 2)
    marks.push((bytes[i] as number) * 256 + (bytes[i + 1] as number))
  return marks
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
  return { kind: head.kind, receipt: head.receipt, number, body: reader.rest() }
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
