/**
 * A small typed emitter: `on` returns its own `off`, and a listener that throws disturbs nobody else.
 * @module
 */
import { nearest } from './nearest.ts'

/** Event names and the listeners they take. */
type EventMap<Events> = { readonly [E in keyof Events]: (...details: never[]) => void }

interface Entry<Listener> {
  readonly listener: Listener
  readonly once: boolean
  live: boolean
}

export class Emitter<Events extends EventMap<Events>> {
  /** Arrays are replaced, never changed, so an event goes to those who listened when it happened. */
  private readonly entries = new Map<keyof Events, readonly Entry<(...details: never[]) => void>[]>()
  private readonly names: readonly (keyof Events & string)[]
  private readonly report: (error: unknown, event: keyof Events & string) => void
  private readonly firstListener: (event: keyof Events) => void

  /**
   * @param names every event there is: another name is a TypeError
   * @param report gets what a listener threw
   * @param firstListener is told when an event gets its first listener
   */
  constructor(
    names: readonly (keyof Events & string)[],
    report: (error: unknown, event: keyof Events & string) => void,
    firstListener: (event: keyof Events) => void = () => {},
  ) {
    this.names = names
    this.report = report
    this.firstListener = firstListener
  }

  on<E extends keyof Events>(event: E, listener: Events[E]): () => void {
    return this.add(event, listener, false)
  }

  once<E extends keyof Events>(event: E, listener: Events[E]): () => void {
    return this.add(event, listener, true)
  }

  /** Takes a listener off, however often it was put on. */
  off<E extends keyof Events>(event: E, listener: Events[E]): void {
    this.check(event, listener)
    for (const entry of this.entries.get(event) ?? [])
      if (entry.listener === listener) this.remove(event, entry)
  }

  /** Whether anybody listens. */
  has(event: keyof Events): boolean {
    return (this.entries.get(event)?.length ?? 0) > 0
  }

  /** Calls the listeners in the order they were put on; one taken off meanwhile is not called. */
  emit<E extends keyof Events & string>(event: E, ...details: Parameters<Events[E]>): void {
    for (const entry of this.entries.get(event) ?? []) {
      if (!entry.live) continue
      if (entry.once) this.remove(event, entry)
      try {
        // The map holds under each name only that event's listeners, which the compiler cannot see.
        ;(entry.listener as (...details: Parameters<Events[E]>) => void)(...details)
      } catch (error) {
        this.report(error, event)
      }
    }
  }

  private add<E extends keyof Events>(event: E, listener: Events[E], once: boolean): () => void {
    this.check(event, listener)
    const entry = { listener, once, live: true }
    const before = this.entries.get(event) ?? []
    this.entries.set(event, [...before, entry])
    if (before.length === 0) this.firstListener(event)
    return () => this.remove(event, entry)
  }

  private remove(event: keyof Events, entry: Entry<(...details: never[]) => void>): void {
    entry.live = false
    const left = (this.entries.get(event) ?? []).filter(other => other !== entry)
    if (left.length > 0) this.entries.set(event, left)
    else this.entries.delete(event)
  }

  private check(event: keyof Events, listener: unknown): void {
    if (!this.names.some(name => name === event)) {
      const near = nearest(String(event), this.names)
      throw new TypeError(`there is no event '${String(event)}', did you mean '${near}'?`)
    }
    if (typeof listener !== 'function')
      throw new TypeError(`the listener for '${String(event)}' must be a function, got ${typeof listener}`)
  }
}
