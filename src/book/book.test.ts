import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BACKOFF } from '../protocol/backoff.ts'
import { idFromBytes, type PeerId } from '../protocol/id.ts'
import { Book, MAX_AGE, MAX_CONTACTS, MAX_ENTRIES } from './book.ts'
import { type BookEntry, MemoryAddressBook } from './port.ts'

const RECORD = new Uint8Array(134)
const DAY = 86_400_000
const NOW = 1_700_000_000_000
const peer = (n: number): PeerId => {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, n)
  return idFromBytes(bytes)
}

function filled(count: number, persist = false): Book {
  const book = new Book(BACKOFF)
  for (let n = 0; n < count; n++) book.met(peer(n), RECORD, persist, 'wss://x', NOW + n)
  return book
}

describe('an address book', () => {
  it('names first who was linked last, and last who cannot be reached', () => {
    const book = filled(4)
    book.failed(peer(3), NOW + 10)
    expect(book.contacts(NOW + 20).map(({ id }) => id)).toEqual([peer(2), peer(1), peer(0)])
    expect(book.contacts(NOW + 1010).map(({ id }) => id)).toEqual([peer(2), peer(1), peer(0), peer(3)])
    book.met(peer(3), RECORD, false, '', NOW + 1020)
    expect(book.contacts(NOW + 1020)[0]).toMatchObject({ id: peer(3), failures: 0, via: '' })
  })

  it('doubles the wait after each failure, up to a minute', () => {
    const book = filled(1)
    const waits = Array.from({ length: 8 }, () => {
      book.failed(peer(0), NOW)
      return (book.all(NOW)[0] as BookEntry).nextAttempt - NOW
    })
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
  })

  it('keeps nothing of a peer that was never linked', () => {
    const book = new Book(BACKOFF)
    expect(book.failed(peer(1), NOW)).toBe(false)
    expect(book.size).toBe(0)
  })

  it('forgets after a fortnight, unless it is to be kept', () => {
    const book = filled(1)
    book.met(peer(7), RECORD, true, '', NOW)
    expect(book.all(NOW + 14 * DAY)).toHaveLength(2)
    expect(book.all(NOW + 14 * DAY + 2).map(({ id }) => id)).toEqual([peer(7)])
  })

  it('never lets an entry go that is to be kept for one that is not', () => {
    const book = filled(MAX_ENTRIES, true)
    book.met(peer(1000), RECORD, false, '', NOW + 1000)
    expect(book.all(NOW).some(({ id }) => id === peer(1000))).toBe(false)
    book.met(peer(1001), RECORD, true, '', NOW + 1001)
    expect(book.size).toBe(MAX_ENTRIES)
    expect(book.all(NOW).some(({ id }) => id === peer(0))).toBe(false)
  })

  it('comes back from its store as it was, and newer knowledge holds', async () => {
    const store = new MemoryAddressBook()
    const before = filled(3)
    before.failed(peer(1), NOW + 5)
    await store.save('key', before.all(NOW + 5))
    const after = new Book(BACKOFF)
    after.met(peer(2), new Uint8Array(1), false, 'newer', NOW + 9)
    after.restore(await store.load('key'), NOW + 10)
    expect(after.all(NOW + 10)).toHaveLength(3)
    expect(after.contacts(NOW + 10).map(({ id }) => id)).toEqual([peer(2), peer(0)])
    expect(after.contacts(NOW + 10)[0]).toMatchObject({ via: 'newer' })
    expect(await store.load('another')).toEqual([])
  })

  it('is not held by times to come, of a clock that was wrong', () => {
    const book = new Book(BACKOFF)
    const future = { id: peer(1), record: RECORD, lastSuccess: NOW + 999 * DAY, nextAttempt: NOW + 999 * DAY }
    book.restore([{ ...future, failures: 1, persist: false, via: '' }], NOW)
    expect(book.contacts(NOW + BACKOFF.max)).toHaveLength(1)
    expect(book.all(NOW + MAX_AGE + 1)).toHaveLength(0)
  })

  it('leaves out what has not the form of an entry', () => {
    fc.assert(
      fc.property(fc.array(fc.anything(), { maxLength: 20 }), kept => {
        const book = new Book(BACKOFF)
        book.restore(kept, NOW)
        expect(book.size).toBe(0)
      }),
    )
  })

  it('stays in its bounds and its order whatever happens', () => {
    const event = fc.record({
      what: fc.constantFrom('met', 'failed', 'restore', 'pass'),
      n: fc.nat(600),
      persist: fc.boolean(),
      days: fc.nat(20),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 800 }), events => {
        const book = new Book(BACKOFF)
        let now = NOW
        for (const { what, n, persist, days } of events) {
          if (what === 'met') book.met(peer(n), RECORD, persist, '', now++)
          else if (what === 'failed') book.failed(peer(n), now)
          else if (what === 'pass' && n < 6) now += days * DAY
          else if (what === 'restore') book.restore(filled(n).all(NOW), now)
          expect(book.size).toBeLessThanOrEqual(MAX_ENTRIES)
        }
        const contacts = book.contacts(now)
        expect(contacts.length).toBeLessThanOrEqual(MAX_CONTACTS)
        for (const { nextAttempt, persist, lastSuccess } of contacts) {
          expect(nextAttempt).toBeLessThanOrEqual(now)
          expect(persist || lastSuccess >= now - MAX_AGE).toBe(true)
        }
      }),
      { numRuns: 40 },
    )
  })
})
