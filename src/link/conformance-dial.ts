/**
 * Two ends of a link and the hand that carries signals between them: what conformance cases and benchmarks
 * dial with.
 * @module
 */
import type { Link, LinkFactory, LinkFailure } from './port.ts'

/** Carries a signal: calls `deliver` with it, later, changed or never. */
export type Carry = (data: string, deliver: (data: string) => void) => void

/** How long a case waits for anything before it is a failure, ms. */
const PATIENCE = 20_000

const atOnce: Carry = (data, deliver) => deliver(data)

/** One end of a link, with its events as promises. */
export class CarriedLink {
  readonly link: Link
  /** The binding. */
  readonly open: Promise<Uint8Array>
  readonly closed: Promise<LinkFailure>
  /** The first signal has been made. */
  readonly signalled: Promise<void>
  isOpen = false
  reason: LinkFailure | undefined
  drains = 0
  takens = 0
  readonly packets: Uint8Array[] = []
  onPacket: ((packet: Uint8Array) => void) | undefined
  private waiting: (() => void) | undefined

  constructor(factory: LinkFactory, initiator: boolean, carry: (data: string) => void = () => {}) {
    const isOpen = latch<Uint8Array>()
    const isClosed = latch<LinkFailure>()
    const hasSignalled = latch<void>()
    this.open = isOpen.promise
    this.closed = isClosed.promise
    this.signalled = hasSignalled.promise
    this.link = factory.open(initiator, {
      signal: data => {
        carry(data)
        hasSignalled.resolve()
      },
      open: binding => {
        this.isOpen = true
        isOpen.resolve(binding)
      },
      packet: bytes => {
        this.packets.push(bytes)
        this.onPacket?.(bytes)
        this.waiting?.()
      },
      taken: () => {
        this.takens++
      },
      drain: () => {
        this.drains++
        this.waiting?.()
      },
      closed: reason => {
        this.reason = reason
        isClosed.resolve(reason)
        this.waiting?.()
      },
    })
  }

  /** The first `count` packets, once they are there. */
  async received(count: number): Promise<readonly Uint8Array[]> {
    await this.until(
      () => this.packets.length >= count,
      () => `${this.packets.length} of ${count} packets arrived`,
    )
    return this.packets
  }

  /** The next drain. */
  async drained(): Promise<void> {
    const before = this.drains
    await this.until(
      () => this.drains > before,
      () => 'no drain',
    )
  }

  private async until(condition: () => boolean, otherwise: () => string): Promise<void> {
    if (condition()) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => finish(new Error(otherwise())), PATIENCE)
      const finish = (error?: Error): void => {
        clearTimeout(timer)
        this.waiting = undefined
        if (error) reject(error)
        else resolve()
      }
      this.waiting = () => {
        if (condition()) finish()
        else if (this.reason) finish(new Error(`${otherwise()}, then the link ended as ${this.reason}`))
      }
    })
  }
}

/** A promise and what resolves it: Promise.withResolvers for engines of before 2024. */
function latch<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>(settle => {
    resolve = settle
  })
  return { promise, resolve: value => resolve(value) }
}

export interface Pair {
  readonly a: CarriedLink
  readonly b: CarriedLink
}

/** Dials between two factories; the first is the initiator unless `roles` says otherwise. */
export function dial(
  from: LinkFactory,
  to: LinkFactory,
  carry: Carry = atOnce,
  roles: readonly [boolean, boolean] = [true, false],
): Pair {
  const early: string[] = []
  let b: CarriedLink | undefined
  const a = new CarriedLink(from, roles[0], data =>
    carry(data, carried => (b ? b.link.signal(carried) : early.push(carried))),
  )
  b = new CarriedLink(to, roles[1], data => carry(data, carried => a.link.signal(carried)))
  for (const data of early) b.link.signal(data)
  return { a, b }
}

/** An open pair. */
export async function opened(subject: { factory(): LinkFactory }, carry: Carry = atOnce): Promise<Pair> {
  const pair = dial(subject.factory(), subject.factory(), carry)
  const ended = Promise.race([pair.a.closed, pair.b.closed])
  const outcome = await Promise.race([Promise.all([pair.a.open, pair.b.open]), ended])
  if (typeof outcome !== 'string') return pair
  pair.a.link.close()
  pair.b.link.close()
  throw new Error(`the link ended as ${outcome} before it opened`)
}
