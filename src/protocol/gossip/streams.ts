/**
 * The table of streams: by id, by origin, bounded; and the tombstones of those it has forgotten.
 *
 * A stream is forgotten when a newer one needs its place, the one that was silent longest first: its tree and what
 * neighbours have of it are gone, its messages are of the past only (history.ts), its last sequence number stays in a tombstone. When the tombstone is gone
 * too, a replay of an old message would be delivered again: that takes 4,096 newer senders.
 * @module
 */
import { type GossipSettings, MAX_EPOCHS } from './config.ts'
import { Stream } from './stream.ts'

/** The first 48 bits of a key: what proven streams are looked up by without hashing. */
function keyPrefix(key: Uint8Array): number {
  let prefix = 0
  for (let i = 0; i < 6; i++) prefix = prefix * 256 + (key[i] as number)
  return prefix
}

function sameKey(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return a.length === b.length
}

export class StreamTable {
  /** Proven streams and rumours. */
  readonly byId = new Map<number, Stream>()
  readonly tombstones = new Map<number, number>()
  rumours = 0
  /** Streams with a timer set. */
  readonly timed = new Set<Stream>()
  private readonly byKey = new Map<number, Stream[]>()
  private readonly settings: GossipSettings
  private readonly forget: (stream: Stream) => void

  /** `forget` is told before a stream goes. */
  constructor(settings: GossipSettings, forget: (stream: Stream) => void) {
    this.settings = settings
    this.forget = forget
  }

  get proven(): number {
    return this.byId.size - this.rumours
  }

  find(key: Uint8Array, epoch: number): Stream | undefined {
    const sessions = this.byKey.get(keyPrefix(key))
    if (sessions === undefined) return undefined
    for (const stream of sessions) {
      if (stream.epoch === epoch && stream.key !== undefined && sameKey(stream.key, key)) return stream
    }
    return undefined
  }

  private sessionsOf(key: Uint8Array): Stream[] {
    const sessions = this.byKey.get(keyPrefix(key)) ?? []
    return sessions.filter(stream => stream.key !== undefined && sameKey(stream.key, key))
  }

  /** Whether a session of this key is older than the ones remembered. */
  isStale(key: Uint8Array, epoch: number): boolean {
    const sessions = this.sessionsOf(key)
    return sessions.length >= MAX_EPOCHS && sessions.every(stream => stream.epoch > epoch)
  }

  /** The stream of a proven key, new or known. */
  prove(id: number, key: Uint8Array, epoch: number): Stream {
    let stream = this.byId.get(id)
    if (stream?.key !== undefined) return stream
    const sessions = this.sessionsOf(key)
      .filter(other => !other.permanent)
      .sort((a, b) => a.epoch - b.epoch)
    if (sessions.length >= MAX_EPOCHS) this.drop(sessions[0] as Stream)
    if (this.proven >= this.settings.maxStreams) this.dropIdlest(false)
    if (stream === undefined) stream = this.create(id)
    else this.rumours--
    stream.key = key.slice()
    stream.epoch = epoch
    const prefix = keyPrefix(key)
    const chain = this.byKey.get(prefix)
    if (chain === undefined) this.byKey.set(prefix, [stream])
    else chain.push(stream)
    return stream
  }

  /** A stream somebody speaks of. */
  rumour(id: number, now: number): Stream {
    let stream = this.byId.get(id)
    if (stream === undefined) {
      if (this.rumours >= this.settings.maxRumours) this.dropIdlest(true)
      stream = this.create(id)
      stream.activeAt = now
      this.rumours++
    }
    return stream
  }

  private create(id: number): Stream {
    const stream = new Stream(id)
    const last = this.tombstones.get(id)
    if (last !== undefined) stream.next = last + 1
    this.byId.set(id, stream)
    return stream
  }

  private dropIdlest(rumour: boolean): void {
    let idlest: Stream | undefined
    for (const stream of this.byId.values()) {
      if ((stream.key === undefined) !== rumour || stream.permanent) continue
      if (idlest === undefined || stream.activeAt < idlest.activeAt) idlest = stream
    }
    if (idlest !== undefined) this.drop(idlest)
  }

  /** Forgets a stream but for its last sequence number. */
  drop(stream: Stream): void {
    this.forget(stream)
    this.byId.delete(stream.id)
    this.timed.delete(stream)
    if (stream.key === undefined) {
      this.rumours--
      return
    }
    const prefix = keyPrefix(stream.key)
    const chain = this.byKey.get(prefix)?.filter(other => other !== stream)
    if (chain === undefined || chain.length === 0) this.byKey.delete(prefix)
    else this.byKey.set(prefix, chain)
    this.tombstones.delete(stream.id)
    this.tombstones.set(stream.id, stream.highest)
    if (this.tombstones.size > this.settings.maxTombstones) {
      for (const id of this.tombstones.keys()) {
        this.tombstones.delete(id)
        break
      }
    }
  }
}
