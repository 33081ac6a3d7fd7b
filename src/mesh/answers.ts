/**
 * Signing and verifying are asynchronous, and an engine may finish them in any order; the machines hear the
 * answers in the order they asked, each machine its own.
 * @module
 */
import type { Input, Token } from '../protocol/input.ts'
import { Fifo } from '../protocol/wire/fifo.ts'

interface Question {
  /** `undefined` while it is open. */
  answer: Input | undefined
}

export class Answers {
  private readonly queues = new Map<Token['machine'], Fifo<Question>>()
  private readonly give: (answer: Input) => void

  constructor(give: (answer: Input) => void) {
    this.give = give
  }

  /** `answer` must not reject: what went wrong is an answer too. */
  ask(machine: Token['machine'], answer: Promise<Input>): void {
    let queue = this.queues.get(machine)
    if (queue === undefined) {
      queue = new Fifo()
      this.queues.set(machine, queue)
    }
    const question: Question = { answer: undefined }
    queue.push(question)
    const asked = queue
    void answer.then(input => {
      question.answer = input
      for (let next = asked.first; next?.answer !== undefined; next = asked.first) {
        asked.shift()
        this.give(next.answer)
      }
    })
  }
}
