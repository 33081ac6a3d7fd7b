/**
 * One question about the past: what has been found so far, who is asked, and what they said.
 * @module
 */
import type { PeerId } from '../id.ts'
import type { Input, LinkId } from '../input.ts'
import type { Entry } from './control.ts'
import { RangeSet } from './ranges.ts'

export type Question = Extract<Input, { kind: 'history' }>

const NEVER = Number.POSITIVE_INFINITY

export interface Found {
  readonly stream: number
  readonly seq: number
  readonly from: PeerId
  readonly body: Uint8Array
  at: number
  readonly here: boolean
}

export class Inquiry {
  readonly question: Question
  readonly number: number
  readonly deadline: number
  readonly found = new Map<string, Found>()
  readonly asked = new Set<LinkId>()
  /** Who is asked now; when it counts as silent. */
  link: LinkId | undefined
  silentAt = NEVER
  /** Of the answer at hand: how many were new, and how many there should be now. */
  fresh = 0
  said: number | undefined
  checking = 0
  /** The most that a neighbour said there should be. */
  most = 0
  answers = 0
  /** When the first to join of those who answered did. */
  reach = NEVER
  bytes = 0

  constructor(question: Question, number: number, now: number) {
    this.question = question
    this.number = number
    this.deadline = now + question.timeout
  }
}

/** What need not be sent. */
export function knownOf({ found }: Inquiry): Entry[] {
  const byStream = new Map<number, RangeSet>()
  for (const { stream, seq } of found.values()) {
    const ranges = byStream.get(stream) ?? new RangeSet()
    byStream.set(stream, ranges)
    ranges.add(seq)
  }
  return Array.from(byStream, ([stream, ranges]) => ({ stream, ranges }))
}
