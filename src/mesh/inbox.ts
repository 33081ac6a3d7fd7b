/**
 * What has arrived for the application: bodies become data again, and go to whoever listens.
 * @module
 */
import type { PeerId } from '../protocol/id.ts'
import type { MeshEvents } from './api-events.ts'
import type { Data, Message, PastMessage } from './api-messages.ts'
import type { Logger } from './api-options.ts'
import { decodeData } from './data-decode.ts'
import type { AppEffect } from './driver.ts'
import type { Emitter } from './events.ts'
import type { Subscriptions } from './subscriptions.ts'

type Deliver = Extract<AppEffect, { kind: 'deliver' }>
type Recalled = Extract<AppEffect, { kind: 'past' }>['messages']

export class Inbox {
  /** Messages whose body did not decode; the node's own drops are the node's. */
  malformed = 0
  private readonly emitter: Emitter<MeshEvents>
  private readonly subscriptions: Subscriptions
  private readonly logger: Logger

  constructor(emitter: Emitter<MeshEvents>, subscriptions: Subscriptions, logger: Logger) {
    this.emitter = emitter
    this.subscriptions = subscriptions
    this.logger = logger
  }

  deliver({ from, topic, body, hops }: Deliver): void {
    const wanted = topic !== undefined && this.subscriptions.wants(topic)
    // A relay that nobody listens on does not take messages apart.
    if (!wanted && !this.emitter.has('message')) return
    const decoded = this.decode(from, topic, body)
    if (decoded === undefined) return
    const message: Message = { from, data: decoded.data, topic, hops }
    this.emitter.emit('message', message)
    if (topic !== undefined) this.subscriptions.deliver(topic, message)
  }

  /** @param now wall-clock ms */
  past(topic: string, messages: Recalled, now: number): PastMessage[] {
    return messages.flatMap(({ from, body, age, delivered }) => {
      const decoded = this.decode(from, topic, body)
      return decoded === undefined ? [] : [{ from, data: decoded.data, topic, at: now - age, delivered }]
    })
  }

  private decode(
    from: PeerId,
    topic: string | undefined,
    body: Uint8Array,
  ): { readonly data: Data } | undefined {
    const decoded = decodeData(body)
    if (decoded.kind !== 'drop') return decoded
    this.malformed++
    this.logger.debug('a message did not decode', from, topic, decoded.reason)
    return undefined
  }
}
