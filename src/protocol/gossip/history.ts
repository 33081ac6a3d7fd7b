/**
 * The broadcasts that can still be sent again: one list over all streams, bounded in bytes, oldest out first.
 * @module
 */
import { MESSAGE_OVERHEAD } from './config.ts'
import type { Message, Stream } from './stream.ts'

const NOTHING = new Uint8Array(0)

export class History {
  bytes = 0
  count = 0
  private oldest: Message | undefined
  private newest: Message | undefined
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  add(message: Message): void {
    message.cost = message.frame.length + MESSAGE_OVERHEAD
    message.older = this.newest
    if (this.newest !== undefined) this.newest.newer = message
    else this.oldest = message
    this.newest = message
    this.bytes += message.cost
    this.count++
    message.stream.messages.set(message.seq, message)
  }

  /** The message that must go next, `undefined` while within bounds. The newest stays, whatever its size. */
  get surplus(): Message | undefined {
    return this.bytes > this.limit && this.oldest !== this.newest ? this.oldest : undefined
  }

  /** The one that came last; `older` leads on. */
  get latest(): Message | undefined {
    return this.newest
  }

  remove(message: Message): void {
    if (message.cost === 0) return
    if (message.older !== undefined) message.older.newer = message.newer
    else this.oldest = message.newer
    if (message.newer !== undefined) message.newer.older = message.older
    else this.newest = message.older
    message.older = undefined
    message.newer = undefined
    this.bytes -= message.cost
    this.count--
    message.cost = 0
    message.frame = NOTHING
    message.body = NOTHING
    const { stream, seq } = message
    stream.messages.delete(seq)
    if (seq >= stream.suppliedFrom && seq < stream.suppliedTo) stream.suppliedFrom = seq + 1
  }

  removeStream(stream: Stream): void {
    for (const message of [...stream.messages.values()]) this.remove(message)
  }
}
