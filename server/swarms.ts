/**
 * Who is in which swarm: no sockets, no clock. A member is a peer id that a connection has proved.
 *
 * Invariants
 * 1. One member per id and swarm, and only its own connection is told what is sent to it.
 * 2. A member is in samples from its join until its connection is gone, and no longer.
 * 3. A departure is told once: at once, to those the peer exchanged envelopes with; a peer that loses its
 *    connection again within the grace period is not told of twice.
 * @module
 */
import { type PeerId, ringPosition, type ServerMessage } from '../src/signaling/message.ts'
import { type Placed, Ring } from './ring.ts'

/** Peers to tell of a departure. 64: eight times the default `maxPeers`, and a bound on memory per socket. */
export const MAX_CORRESPONDENTS = 64

/** Where messages for a member go. */
export interface Outlet {
  tell(message: ServerMessage): void
  /** Another connection has proved the same key. */
  replaced(): void
}

/** When a correspondent was last told of a departure of this member; -Infinity before. Ordered by last exchange. */
type Correspondents = Map<PeerId, number>

export interface Member extends Placed {
  readonly swarm: string
  /** The signed record, base64, as it came. */
  readonly record: string
  readonly outlet: Outlet
  readonly correspondents: Correspondents
}

interface Departed {
  readonly until: number
  readonly correspondents: Correspondents
}

interface Swarm {
  readonly members: Map<PeerId, Member>
  readonly ring: Ring<Member>
  readonly departed: Map<PeerId, Departed>
}

export interface Joining {
  readonly id: PeerId
  readonly swarm: string
  readonly record: string
  readonly resume: boolean
  /** It is not to be in samples. */
  readonly silent?: boolean
}

/** How a join went. */
export type Joined =
  | { readonly ok: true; readonly member: Member; readonly resumed: boolean; readonly replaced: boolean }
  | { readonly ok: false; readonly code: 'swarm-full' }

export class Swarms {
  private readonly swarms = new Map<string, Swarm>()
  private readonly grace: number
  private readonly maxMembers: number
  private readonly random: () => number

  constructor(grace: number, maxMembers: number, random: () => number = Math.random) {
    this.grace = grace
    this.maxMembers = maxMembers
    this.random = random
  }

  get size(): number {
    return this.swarms.size
  }

  /** Members of all swarms. */
  get members(): number {
    let sum = 0
    for (const { members } of this.swarms.values()) sum += members.size
    return sum
  }

  /** Takes a proved peer in. A former connection of the same id is replaced. */
  join({ id, swarm: name, record, resume, silent = false }: Joining, outlet: Outlet, now: number): Joined {
    const swarm = this.swarms.get(name) ?? {
      members: new Map(),
      ring: new Ring<Member>(),
      departed: new Map(),
    }
    const former = swarm.members.get(id)
    if (former === undefined && swarm.members.size >= this.maxMembers)
      return { ok: false, code: 'swarm-full' }
    this.swarms.set(name, swarm)
    const away = swarm.departed.get(id)
    swarm.departed.delete(id)
    let correspondents: Correspondents = new Map()
    if (former !== undefined) {
      this.take(swarm, former)
      if (resume) correspondents = former.correspondents
      else this.tellDeparture(swarm, former.correspondents, id, now)
      former.outlet.replaced()
    } else if (resume && away !== undefined && now < away.until) {
      correspondents = away.correspondents
    }
    const member: Member = { id, position: ringPosition(id), swarm: name, record, outlet, correspondents }
    swarm.members.set(id, member)
    if (!silent) swarm.ring.add(member)
    const resumed = resume && (former !== undefined || away !== undefined)
    return { ok: true, member, resumed, replaced: former !== undefined }
  }

  /** Forgets a member whose connection is gone; `clean` when it said so. One that was replaced is nobody. */
  leave(member: Member, clean: boolean, now: number): void {
    const swarm = this.swarms.get(member.swarm)
    if (swarm?.members.get(member.id) !== member) return
    this.take(swarm, member)
    this.tellDeparture(swarm, member.correspondents, member.id, now)
    if (!clean && this.grace > 0) {
      swarm.departed.set(member.id, { until: now + this.grace, correspondents: member.correspondents })
    }
    this.dropIfEmpty(member.swarm, swarm)
  }

  /** Hands an envelope on. False when nobody by that id is in the member's swarm. */
  deliver(from: Member, to: PeerId, data: string): boolean {
    const target = this.swarms.get(from.swarm)?.members.get(to)
    if (target === undefined) return false
    remember(from.correspondents, to)
    remember(target.correspondents, from.id)
    target.outlet.tell({ type: 'envelope', to, data })
    return true
  }

  /** A bounded sample of the member's swarm, without itself. */
  sample(member: Member, limit: number): Member[] {
    // Of a silent member the ring does not know that it is one too many.
    return (this.swarms.get(member.swarm)?.ring.sample(member, limit, this.random) ?? []).slice(0, limit)
  }

  /** Forgets departures whose grace is over. */
  sweep(now: number): void {
    for (const [name, swarm] of this.swarms) {
      for (const [id, { until }] of swarm.departed) {
        // In order of departure: the first that has time left ends the walk.
        if (until > now) break
        swarm.departed.delete(id)
      }
      this.dropIfEmpty(name, swarm)
    }
  }

  private take(swarm: Swarm, member: Member): void {
    swarm.members.delete(member.id)
    swarm.ring.remove(member)
  }

  private tellDeparture(swarm: Swarm, correspondents: Correspondents, id: PeerId, now: number): void {
    for (const [peer, toldAt] of correspondents) {
      if (now - toldAt < this.grace) continue
      correspondents.set(peer, now)
      swarm.members.get(peer)?.outlet.tell({ type: 'left', peer: id })
    }
  }

  private dropIfEmpty(name: string, swarm: Swarm): void {
    if (swarm.members.size === 0 && swarm.departed.size === 0) this.swarms.delete(name)
  }
}

/** Notes an exchange: it moves to the end, is news again when told of, and the oldest goes when there are too many. */
function remember(correspondents: Correspondents, peer: PeerId): void {
  correspondents.delete(peer)
  correspondents.set(peer, Number.NEGATIVE_INFINITY)
  if (correspondents.size <= MAX_CORRESPONDENTS) return
  for (const oldest of correspondents.keys()) {
    correspondents.delete(oldest)
    break
  }
}
