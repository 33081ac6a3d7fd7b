/**
 * The broadcasts that can still be told of: one list over all streams, bounded in bytes, oldest out first. Those of a
 * stream in the table can also be sent again; when the table forgets a stream they stay here, as the past: a room's
 * lines do not go because their author has reloaded twice, or others have spoken since.
 * @module
 */
import { MESSAGE_OVERHEAD } from './config.ts'
import { type Kept, type Message, Stream } from './stream.ts'

const NOTHING = new Uint8Array(0)

export class History {
  bytes = 0
  count = 0
  private oldest: Kept | undefined
  private newest: Kept | undefined
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  add(message: Message): void {
    message.cost = message.frame.length + MESSAGE_OVERHEAD
    this.join(this.newest, message)
    this.join(message, undefined)
    this.bytes += message.cost
    this.count++
    message.stream.messages.set(message.seq, message)
  }

  /** The message that must go next, `undefined` while within bounds. The newest stays, whatever its size. */
  get surplus(): Kept | undefined {
    return this.bytes > this.limit && this.oldest !== this.newest ? this.oldest : undefined
  }

  /** The one that came last; `older` leads on. */
  get latest(): Kept | undefined {
    return this.newest
  }

  remove(message: Kept): void {
    if (message.cost === 0) return
    this.join(message.older, message.newer)
    this.bytes -= message.cost
    this.count--
    letGo(message)
  }

  /** The table forgets a stream: its messages cannot be sent again, and a copy of each takes its place in the list. */
  retire(stream: Stream): void {
    const { id, origin } = stream
    const past = { id, origin }
    for (const message of [...stream.messages.values()]) {
      const { seq, frame, topic, body, at, older, newer, cost } = message
      const kept: Kept = { stream: past, seq, frame, topic, body, at, older, newer, cost }
      this.join(older, kept)
      this.join(kept, newer)
      letGo(message)
    }
  }

  clear(): void {
    while (this.oldest !== undefined) this.remove(this.oldest)
  }

  /** Makes two follow each other; without the one, the other is at the end. */
  private join(older: Kept | undefined, newer: Kept | undefined): void {
    if (older !== undefined) older.newer = newer
    else this.oldest = newer
    if (newer !== undefined) newer.older = older
    else this.newest = older
  }
}

function letGo(message: Kept): void {
  message.older = message.newer = undefined
  message.cost = 0
  message.frame = message.body = NOTHING
  const { stream, seq } = message
  if (!(stream instanceof Stream)) return
  stream.messages.delete(seq)
  if (seq >= stream.suppliedFrom && seq < stream.suppliedTo) stream.suppliedFrom = seq + 1
}
