/**
 * The address book of one mesh: filled from what happens, kept in a store, handed to the node at a return. Nothing waits
 * for the store, and what it throws is a warning.
 * @module
 */
import { Book } from '../book/book.ts'
import type { AddressBook } from '../book/port.ts'
import type { BackoffOptions } from '../protocol/backoff.ts'
import type { PeerId } from '../protocol/id.ts'
import type { PeerSample } from '../protocol/input.ts'
import type { Platform } from './ports.ts'

/** Changes are gathered this long before they are written, ms: a rush of links makes one write, a crash costs the last second. */
const GATHER = 1000
/** A store that does not answer for so long is broken, ms: some engines leave a request unanswered for ever (WebKit bug 226547). */
const PATIENCE = 5000

export interface Keeping {
  readonly store: AddressBook
  /** What the book is kept under. */
  readonly key: string
  readonly backoff: Required<BackoffOptions>
  /** Peers that are kept whatever their age. */
  readonly persist: readonly PeerId[]
  /** Where peers are met, for the book. */
  readonly via: string
}

export class Remembering {
  private readonly keeping: Keeping
  private readonly platform: Pick<Platform, 'timers' | 'wallClock'>
  private readonly contacts: (contacts: readonly PeerSample[]) => void
  private readonly warn: (message: string, cause: unknown) => void
  private readonly book: Book
  private timer: number | undefined
  private loading = true
  private saving = false
  /** The store has failed: the book lives on in memory only. */
  private broken = false
  private changed = false
  private wanted = false

  /**
   * Begins to load.
   *
   * @param contacts is told whom to dial, once it is known
   */
  constructor(
    keeping: Keeping,
    platform: Pick<Platform, 'timers' | 'wallClock'>,
    contacts: (contacts: readonly PeerSample[]) => void,
    warn: (message: string, cause: unknown) => void,
  ) {
    this.keeping = keeping
    this.platform = platform
    this.contacts = contacts
    this.warn = warn
    this.book = new Book(keeping.backoff)
    void this.load()
  }

  get size(): number {
    return this.book.size
  }

  /** The mesh joins: its old neighbours are told of now, or when they are known. */
  offer(): void {
    this.wanted = true
    if (!this.loading) this.tell()
  }

  met(peer: PeerId, record: Uint8Array | undefined): void {
    if (record === undefined) return
    const { persist, via } = this.keeping
    this.book.met(peer, record.slice(), persist.includes(peer), via, this.platform.wallClock())
    this.touch()
  }

  failed(peer: PeerId): void {
    if (this.book.failed(peer, this.platform.wallClock())) this.touch()
  }

  /** The mesh leaves, perhaps because the page goes: what was gathered is written now. */
  stop(): void {
    this.wanted = false
    if (this.timer !== undefined) this.platform.timers.clear(this.timer)
    this.timer = undefined
    void this.save()
  }

  private async load(): Promise<void> {
    try {
      const { store, key } = this.keeping
      this.book.restore(await this.inTime(store.load(key)), this.platform.wallClock())
    } catch (cause) {
      this.fail('read', cause)
    }
    this.loading = false
    if (this.wanted) this.tell()
    if (this.changed) this.touch()
  }

  private tell(): void {
    const contacts = this.book.contacts(this.platform.wallClock())
    if (contacts.length > 0) this.contacts(contacts)
  }

  private touch(): void {
    this.changed = true
    if (!this.wanted || this.broken) return
    this.timer ??= this.platform.timers.set(() => {
      this.timer = undefined
      void this.save()
    }, GATHER)
  }

  private async save(): Promise<void> {
    // What was there must be known before it is replaced; one write at a time.
    if (this.saving || this.loading || this.broken || !this.changed) return
    this.changed = false
    this.saving = true
    try {
      const { store, key } = this.keeping
      const saved = store.save(key, this.book.all(this.platform.wallClock()))
      // No timer runs after the mesh has left.
      await (this.wanted ? this.inTime(saved) : saved)
    } catch (cause) {
      this.fail('written', cause)
    }
    this.saving = false
    if (!this.changed) return
    if (this.wanted) this.touch()
    else void this.save()
  }

  private fail(what: string, cause: unknown): void {
    this.broken = true
    this.warn(`the address book could not be ${what}`, cause)
  }

  private async inTime<T>(work: Promise<T>): Promise<T> {
    let timer: number | undefined
    const late = new Promise<never>((_, reject) => {
      timer = this.platform.timers.set(() => reject(new Error('the store did not answer')), PATIENCE)
    })
    try {
      return await Promise.race([work, late])
    } finally {
      if (timer !== undefined) this.platform.timers.clear(timer)
    }
  }
}
