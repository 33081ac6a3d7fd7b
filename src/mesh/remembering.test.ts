import { describe, expect, it } from 'vitest'
import { type BookEntry, MemoryAddressBook } from '../book/port.ts'
import { BACKOFF } from '../protocol/backoff.ts'
import { idFromBytes } from '../protocol/id.ts'
import { Remembering } from './remembering.ts'

const A = idFromBytes(new Uint8Array(32).fill(1))
const B = idFromBytes(new Uint8Array(32).fill(2))
const RECORD = new Uint8Array(134)

/** Timers that fire when they are told to. */
class Timers {
  readonly waiting = new Map<number, { readonly task: () => void; readonly wait: number }>()
  private next = 1
  set(task: () => void, wait: number): number {
    this.waiting.set(this.next, { task, wait })
    return this.next++
  }
  clear(timer: number): void {
    this.waiting.delete(timer)
  }
  fire(wait: number): void {
    for (const [timer, each] of [...this.waiting]) {
      if (each.wait !== wait) continue
      this.waiting.delete(timer)
      each.task()
    }
  }
}

/** A store that counts, and waits or fails as it is told. */
class Store extends MemoryAddressBook {
  saves = 0
  before: () => Promise<void> = async () => {}
  override async load(key: string): Promise<readonly unknown[]> {
    await this.before()
    return super.load(key)
  }
  override async save(key: string, entries: readonly unknown[]): Promise<void> {
    this.saves++
    await this.before()
    return super.save(key, entries)
  }
}

function remembering(store: Store = new Store()) {
  const timers = new Timers()
  const told: (readonly unknown[])[] = []
  const warnings: string[] = []
  const book = new Remembering(
    { store, key: 'key', backoff: BACKOFF, persist: [B], via: 'wss://x' },
    { timers, wallClock: () => 1_700_000_000_000 },
    contacts => told.push(contacts.map(({ id }) => id)),
    message => warnings.push(message),
  )
  return { book, store, timers, told, warnings }
}

/** Promises that are through have been told. */
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('the book of a mesh', () => {
  it('is written once for many changes, a second later, and told at the next return', async () => {
    const { book, store, timers, told } = remembering()
    await turn()
    book.offer()
    book.met(A, RECORD)
    book.met(B, RECORD)
    book.failed(A)
    expect(store.saves).toBe(0)
    timers.fire(1000)
    await turn()
    expect(store.saves).toBe(1)
    expect(told).toEqual([])
    const kept = (await store.load('key')) as BookEntry[]
    expect(kept.map(({ id, persist, failures, via }) => ({ id, persist, failures, via }))).toEqual([
      { id: A, persist: false, failures: 1, via: 'wss://x' },
      { id: B, persist: true, failures: 0, via: 'wss://x' },
    ])
    const again = remembering(store)
    again.book.offer()
    await turn()
    expect(again.told).toEqual([[B]])
    expect(again.book.size).toBe(2)
  })

  it('is written at once when the mesh leaves, and leaves no timer', async () => {
    const { book, store, timers } = remembering()
    await turn()
    book.offer()
    book.met(A, RECORD)
    book.stop()
    expect(store.saves).toBe(1)
    expect(timers.waiting.size).toBe(0)
    await turn()
    expect(await store.load('key')).toHaveLength(1)
  })

  it('is not replaced before it was read', async () => {
    const store = new Store()
    await store.save('key', [
      {
        id: B,
        record: RECORD,
        lastSuccess: 1_700_000_000_000,
        failures: 0,
        nextAttempt: 0,
        persist: false,
        via: '',
      },
    ])
    let go = (): void => {}
    store.before = () => new Promise(resolve => (go = resolve))
    const { book, timers } = remembering(store)
    book.offer()
    book.met(A, RECORD)
    timers.fire(1000)
    expect(store.saves).toBe(1)
    go()
    await turn()
    store.before = async () => {}
    timers.fire(1000)
    await turn()
    expect(await store.load('key')).toHaveLength(2)
  })

  it.each([
    ['rejects', () => Promise.reject(new Error('denied')), () => {}],
    ['never answers', () => new Promise<void>(() => {}), (timers: Timers) => timers.fire(5000)],
  ])('costs one warning where the store %s, and goes on in memory', async (_, before, wait) => {
    const store = new Store()
    store.before = before
    const { book, timers, warnings } = remembering(store)
    book.offer()
    wait(timers)
    await turn()
    book.met(A, RECORD)
    timers.fire(1000)
    await turn()
    expect(warnings).toEqual(['the address book could not be read'])
    expect(store.saves).toBe(0)
    expect(book.size).toBe(1)
    expect(timers.waiting.size).toBe(0)
  })
})
