/**
 * Records on their way into the directory: somebody told of them, their signatures are being verified, and
 * letters of their peers wait for the answer.
 * @module
 */
import type { Drop, Effect } from '../effect.ts'
import { type PeerRecord, recordToVerify } from '../record.ts'
import { isSame } from './directory.ts'
import type { RoutingLimits } from './limits.ts'

/** A letter that waits until its sender is known. */
export interface Parked {
  readonly envelope: Uint8Array
  readonly hops: number
  readonly via: 'mesh' | 'signaling'
}

interface Question {
  readonly record: PeerRecord
  readonly parked: Parked[]
}

export class Introductions {
  private readonly questions = new Map<number, Question>()
  private parkedBytes = 0
  private nextQuestion = 0
  private readonly discoveryKey: Uint8Array
  private readonly limits: RoutingLimits

  constructor(discoveryKey: Uint8Array, limits: RoutingLimits) {
    this.discoveryKey = discoveryKey
    this.limits = limits
  }

  get size(): number {
    return this.questions.size
  }

  /** Asks whether a record is signed by its key, once per record, and parks a letter behind the question. */
  ask(
    record: PeerRecord,
    letter: Parked | undefined,
    out: { push(effect: Effect): unknown },
  ): Drop | undefined {
    let question: Question | undefined
    for (const asked of this.questions.values())
      if (isSame(asked.record.bytes, record.bytes)) question = asked
    const { maxQuestions, maxParked, maxParkedBytes } = this.limits
    if (question === undefined) {
      if (this.questions.size >= maxQuestions) return 'table-full'
      question = { record, parked: [] }
      const n = this.nextQuestion++
      this.questions.set(n, question)
      out.push({
        kind: 'verify',
        token: { machine: 'routing', n },
        key: record.key,
        bytes: recordToVerify(this.discoveryKey, record),
        signature: record.signature,
      })
    }
    if (letter === undefined) return undefined
    if (question.parked.length >= maxParked) return 'table-full'
    if (this.parkedBytes + letter.envelope.length > maxParkedBytes) return 'table-full'
    this.parkedBytes += letter.envelope.length
    // A copy: the frame is a view of a packet that would stay alive with it.
    question.parked.push({ ...letter, envelope: letter.envelope.slice() })
    return undefined
  }

  /** Takes a question off the table. */
  take(n: number): Question | undefined {
    const question = this.questions.get(n)
    this.questions.delete(n)
    for (const { envelope } of question?.parked ?? []) this.parkedBytes -= envelope.length
    return question
  }

  clear(): void {
    this.questions.clear()
    this.parkedBytes = 0
  }
}
