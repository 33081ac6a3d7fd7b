/**
 * Topics and the patterns that take them: a topic takes itself, `chat/*` everything below `chat/`, `*` everything.
 * @module
 */

/** Every pattern that takes a topic: `a/b` is taken by `a/b`, `a/*` and `*`. */
export function patternsOf(topic: string): string[] {
  const patterns = [topic]
  for (
    let slash = topic.lastIndexOf('/');
    slash >= 0;
    slash = slash === 0 ? -1 : topic.lastIndexOf('/', slash - 1)
  )
    patterns.push(`${topic.slice(0, slash + 1)}*`)
  patterns.push('*')
  return patterns
}

/** Whether a text names many topics, not one. */
export function isPattern(topic: string): boolean {
  return topic === '*' || topic.endsWith('/*')
}

/** What a peer that says nothing is interested in. */
export const EVERYTHING: readonly string[] = ['*']

/** Some topics and patterns. */
export class TopicSet {
  readonly patterns: readonly string[]
  /** It takes every topic. */
  readonly all: boolean
  private readonly set: ReadonlySet<string>

  constructor(patterns: readonly string[]) {
    this.set = new Set(patterns)
    this.patterns = [...this.set]
    this.all = this.set.has('*')
  }

  covers(topic: string): boolean {
    return this.all || (this.set.size > 0 && patternsOf(topic).some(pattern => this.set.has(pattern)))
  }
}
