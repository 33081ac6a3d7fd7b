/**
 * Who wants which topics. A subscription names one topic, or with `/*` at its end everything below:
 * `chat/*` takes `chat/en` and `chat/en/help`, not `chat`; `*` alone takes all.
 * @module
 */
import { patternsOf } from '../protocol/topic.ts'
import type { Message } from './api-messages.ts'

interface Subscription {
  readonly handler: (message: Message) => void
  live: boolean
}

export class Subscriptions {
  /** By topic, or by prefix with its `*`. Arrays are replaced, never changed: a message goes to who was there. */
  private readonly byPattern = new Map<string, readonly Subscription[]>()
  private readonly report: (error: unknown, topic: string) => void

  /** @param report gets what a handler threw */
  constructor(report: (error: unknown, topic: string) => void) {
    this.report = report
  }

  add(pattern: string, handler: (message: Message) => void): () => void {
    const subscription = { handler, live: true }
    this.byPattern.set(pattern, [...(this.byPattern.get(pattern) ?? []), subscription])
    return () => {
      subscription.live = false
      const left = (this.byPattern.get(pattern) ?? []).filter(other => other !== subscription)
      if (left.length > 0) this.byPattern.set(pattern, left)
      else this.byPattern.delete(pattern)
    }
  }

  /** Whether anybody wants a topic. */
  wants(topic: string): boolean {
    return patternsOf(topic).some(pattern => this.byPattern.has(pattern))
  }

  /** Hands a message to everybody who wants its topic: the exact subscriptions first, then the narrower prefixes. */
  deliver(topic: string, message: Message): void {
    const takers = patternsOf(topic).flatMap(pattern => this.byPattern.get(pattern) ?? [])
    for (const subscription of takers) {
      if (!subscription.live) continue
      try {
        subscription.handler(message)
      } catch (error) {
        this.report(error, topic)
      }
    }
  }
}
