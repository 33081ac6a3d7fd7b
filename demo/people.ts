/**
 * Who is called what, and who comes and goes. A tab broadcasts its name on `presence` when it gets its first
 * link and asks the others for theirs; they answer directly, and a new neighbour is told at once.
 * @module
 */
import type { Mesh, PeerId } from 'tabmesh'
import { defaultName } from './pleasant-name.ts'
import { presenceOf, tidyName } from './presence.ts'

/** A reload is back within this; shorter absences are nobody's business. */
const GONE_AFTER = 4000
/** Comings within one second make one line. */
const GATHER = 1000
/** Answers to one question are spread over this, so that a hundred peers do not answer at once. */
const ANSWER_WITHIN = 400
/** Names kept; far more than a page can show. */
const MAX_NAMES = 2000

export interface PeopleEvents {
  names(): void
  came(peers: readonly PeerId[]): void
  went(peers: readonly PeerId[]): void
}

export class People {
  private readonly mesh: Mesh
  private readonly events: PeopleEvents
  private readonly names = new Map<PeerId, string>()
  private readonly here = new Set<PeerId>()
  private readonly missing = new Map<PeerId, ReturnType<typeof setTimeout>>()
  private readonly greeted = new Set<PeerId>()
  private came: PeerId[] = []
  private went: PeerId[] = []
  private gathering = false
  private alone = true

  constructor(mesh: Mesh, events: PeopleEvents) {
    this.mesh = mesh
    this.events = events
    const own = tidyName(sessionStorage.getItem(this.storageKey))
    if (own !== '') this.names.set(mesh.peerId, own)
    mesh.subscribe('presence', ({ from, data }) => this.hear(from, data))
    mesh.on('peer:connect', peer => this.meet(peer))
    mesh.on('peers', () => this.count())
    mesh.on('state', state => this.stateChanged(state))
  }

  nameOf(peer: PeerId): string {
    return this.names.get(peer) ?? defaultName(peer)
  }

  get ownName(): string {
    return this.nameOf(this.mesh.peerId)
  }

  /** Takes a new name for this tab and tells the swarm; an empty one brings the default back. */
  rename(text: string): void {
    const name = tidyName(text)
    if (name === '') {
      this.names.delete(this.mesh.peerId)
      sessionStorage.removeItem(this.storageKey)
    } else {
      this.names.set(this.mesh.peerId, name)
      sessionStorage.setItem(this.storageKey, name)
    }
    this.events.names()
    this.announce(false)
  }

  /** Takes a name that came with a chat line. Whoever speaks needs no line that says they are here. */
  learn(peer: PeerId, name: string): void {
    this.here.add(peer)
    if (name === '' || this.names.get(peer) === name) return
    if (this.names.size >= MAX_NAMES && !this.names.has(peer)) return
    this.names.set(peer, name)
    this.events.names()
  }

  /** A direct message that is somebody's name; false when it is something else. */
  hearDirect(from: PeerId, data: unknown): boolean {
    if (typeof data !== 'object' || data === null || !('kind' in data) || data.kind !== 'presence')
      return false
    this.hear(from, data)
    return true
  }

  /** Per peer id, because a duplicated tab takes the storage along but not the id. */
  private get storageKey(): string {
    return `tabmesh:name:${this.mesh.peerId}`
  }

  private hear(from: PeerId, data: unknown): void {
    const presence = presenceOf(data)
    if (!presence) return
    this.sawAlive(from)
    this.learn(from, presence.name)
    if (presence.ask) setTimeout(() => this.tell(from), Math.random() * ANSWER_WITHIN)
  }

  private meet(peer: PeerId): void {
    this.sawAlive(peer)
    if (this.alone) {
      this.alone = false
      this.announce(true)
    } else if (!this.greeted.has(peer)) {
      this.tell(peer)
    }
  }

  private announce(ask: boolean): void {
    // A name is a courtesy: whoever misses it asks, or goes on using the default name.
    this.mesh.sendBroadcast('presence', { name: this.ownName, ask }).catch(() => undefined)
  }

  private tell(peer: PeerId): void {
    if (this.mesh.state === 'left') return
    this.greeted.add(peer)
    this.mesh.send(peer, { kind: 'presence', name: this.ownName }).catch(() => this.greeted.delete(peer))
  }

  private stateChanged(state: Mesh['state']): void {
    if (state === 'connected') return
    // Whoever comes back from solitude introduces itself again.
    if (this.mesh.neighbours.length === 0) this.alone = true
    if (state !== 'left') return
    for (const timer of this.missing.values()) clearTimeout(timer)
    this.missing.clear()
    this.here.clear()
    this.greeted.clear()
  }

  private sawAlive(peer: PeerId): void {
    if (peer === this.mesh.peerId || this.here.has(peer)) return
    this.here.add(peer)
    this.came.push(peer)
    this.gather()
  }

  /** Compares who is here with what the mesh knows; a departure counts after a grace period. */
  private count(): void {
    const known = new Set(this.mesh.peers)
    for (const peer of this.here) {
      const timer = this.missing.get(peer)
      if (known.has(peer)) {
        clearTimeout(timer)
        this.missing.delete(peer)
      } else if (timer === undefined) {
        this.missing.set(
          peer,
          setTimeout(() => this.lose(peer), GONE_AFTER),
        )
      }
    }
  }

  private lose(peer: PeerId): void {
    this.missing.delete(peer)
    if (!this.here.delete(peer)) return
    this.greeted.delete(peer)
    this.went.push(peer)
    this.gather()
  }

  private gather(): void {
    if (this.gathering) return
    this.gathering = true
    setTimeout(() => {
      this.gathering = false
      const { came, went } = this
      this.came = []
      this.went = []
      if (came.length > 0) this.events.came(came)
      if (went.length > 0) this.events.went(went)
    }, GATHER)
  }
}
