/**
 * A small network of overlay machines for tests: letters and links with latency, no loss, a bounded sample
 * at joining. Deterministic in its seed.
 * @module
 */
import { clockwise, idFromBytes, type PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import { below, type Random } from '../random.ts'
import { Frame } from '../wire/frame.ts'
import { Reader } from '../wire/reader.ts'
import { readIds } from './letters.ts'
import { Overlay, type OverlayEffect } from './overlay.ts'

/** A seeded generator (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const u32 = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
  return { u32, bytes: length => Uint8Array.from({ length }, () => u32() & 255) }
}

interface Member {
  readonly id: PeerId
  readonly overlay: Overlay
  alive: boolean
  readonly links: Map<LinkId, { peer: PeerId; theirs: LinkId | undefined }>
  mostUsed: number
  changes: number
}

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export class OverlayNetwork {
  readonly members = new Map<PeerId, Member>()
  readonly random: Random
  now = 0
  private order = 0
  private readonly queue: Event[] = []
  private readonly latency: number
  private readonly maxPeers: number

  constructor(seed: number, maxPeers: number, latency = 20) {
    this.random = seeded(seed)
    this.maxPeers = maxPeers
    this.latency = latency
  }

  /** A new peer joins with a sample of at most 16: four nearest on each side and random others. */
  join(): Member {
    const id = idFromBytes(this.random.bytes(32))
    const overlay = new Overlay({
      id,
      maxPeers: this.maxPeers,
      kademliaK: 20,
      connectTimeout: 10_000,
      random: seeded(this.random.u32()),
    })
    const member: Member = { id, overlay, alive: true, links: new Map(), mostUsed: 0, changes: 0 }
    const others = this.alive().map(other => other.id)
    others.sort((a, b) => clockwise(id, a) - clockwise(id, b))
    const sample = [...others.splice(0, 4), ...others.splice(-4)]
    while (sample.length < 16 && others.length > 0)
      sample.push(...others.splice(below(this.random, others.length), 1))
    this.members.set(id, member)
    overlay.join([], this.now)
    overlay.signaling(true, this.now)
    overlay.learn(sample, this.now)
    this.schedule(member, this.now)
    return member
  }

  /** The id of somebody who is not there. */
  stranger(): PeerId {
    return idFromBytes(this.random.bytes(32))
  }

  alive(): Member[] {
    return [...this.members.values()].filter(member => member.alive)
  }

  /** Dies without a word; neighbours notice after `after` ms. */
  kill(member: Member, after: number): void {
    member.alive = false
    for (const [link, { peer, theirs }] of member.links) {
      const other = this.members.get(peer)
      if (other === undefined || theirs === undefined) continue
      this.at(this.now + after, () => {
        if (other.alive && other.links.delete(theirs)) {
          this.play(other, out => other.overlay.linkDown(theirs, 'timeout', this.now, out))
        }
      })
      member.links.delete(link)
    }
  }

  run(until: number): void {
    while (this.queue.length > 0) {
      const event = this.queue[0] as Event
      if (event.at > until) break
      this.pop()
      this.now = event.at
      event.run()
    }
    this.now = until
  }

  islands(): number {
    const seen = new Set<PeerId>()
    let islands = 0
    for (const start of this.alive()) {
      if (seen.has(start.id)) continue
      islands++
      const stack = [start.id]
      seen.add(start.id)
      while (stack.length > 0) {
        const member = this.members.get(stack.pop() as PeerId) as Member
        for (const slot of member.overlay.up()) {
          if (seen.has(slot.peer) || this.members.get(slot.peer)?.alive !== true) continue
          seen.add(slot.peer)
          stack.push(slot.peer)
        }
      }
    }
    return islands
  }

  /** Peers without a link to their true successor. */
  ringGaps(): number {
    const ids = this.alive().map(member => member.id)
    ids.sort((a, b) => (a < b ? -1 : 1)) // base32 order is not ring order; what counts is clockwise below
    let gaps = 0
    for (const member of this.alive()) {
      if (ids.length < 2) break
      let successor = member.id
      let nearest = Number.POSITIVE_INFINITY
      for (const id of ids) {
        if (id !== member.id && clockwise(member.id, id) < nearest) {
          nearest = clockwise(member.id, id)
          successor = id
        }
      }
      if (!member.overlay.up().some(slot => slot.peer === successor)) gaps++
    }
    return gaps
  }

  degrees(): number[] {
    return this.alive().map(member => member.overlay.up().length)
  }

  private play(member: Member, run: (out: OverlayEffect[]) => void): void {
    if (!member.alive) return
    const out: OverlayEffect[] = []
    run(out)
    member.mostUsed = Math.max(member.mostUsed, member.overlay.used)
    for (const effect of out) this.carryOut(member, effect)
    this.schedule(member, member.overlay.deadline)
  }

  private carryOut(member: Member, effect: OverlayEffect): void {
    const later = this.now + this.latency
    switch (effect.kind) {
      case 'tell': {
        const other = this.members.get(effect.to)
        if (other === undefined) return
        this.at(later, () => {
          if (other.alive)
            this.play(other, out =>
              other.overlay.letter(member.id, effect.letter, effect.body, this.now, out),
            )
          else this.play(member, out => member.overlay.absent(effect.to, this.now, out))
        })
        return
      }
      case 'open-link':
        member.links.set(effect.link, { peer: effect.peer, theirs: undefined })
        this.meet(member, effect.link, effect.peer)
        return
      case 'dropped': {
        const end = member.links.get(effect.link)
        member.links.delete(effect.link)
        if (effect.wasUp) member.changes++
        if (end?.theirs !== undefined)
          this.closeOther(end.peer, end.theirs, effect.reason === 'evicted' ? 'evicted' : 'closed')
        return
      }
      case 'send': {
        const end = member.links.get(effect.link)
        const other = end === undefined ? undefined : this.members.get(end.peer)
        if (end?.theirs === undefined || other === undefined) return
        const { theirs } = end
        this.at(later, () => {
          if (!other.alive || !other.links.has(theirs)) return
          const type = effect.frame[0] as number
          const reader = new Reader(effect.frame, 1)
          if (type === Frame.BYE) {
            reader.u8()
            other.overlay.farewell(readIds(reader), this.now)
          } else this.play(other, out => other.overlay.frame(theirs, type, reader, this.now, out))
        })
        return
      }
      default:
        return
    }
  }

  private closeOther(peer: PeerId, link: LinkId, reason: 'evicted' | 'closed'): void {
    const other = this.members.get(peer)
    this.at(this.now + this.latency, () => {
      if (other === undefined || !other.links.delete(link)) return
      this.play(other, out => other.overlay.linkDown(link, reason, this.now, out))
    })
  }

  /** Both ends have opened a link to each other: it comes up a little later. */
  private meet(member: Member, link: LinkId, peer: PeerId): void {
    const other = this.members.get(peer)
    if (other === undefined) return
    for (const [theirs, end] of other.links) {
      if (end.peer !== member.id || end.theirs !== undefined) continue
      end.theirs = link
      ;(member.links.get(link) as { theirs: LinkId | undefined }).theirs = theirs
      this.at(this.now + 3 * this.latency, () => {
        if (member.links.has(link)) this.play(member, out => member.overlay.linkUp(link, this.now, out))
        if (other.links.has(theirs)) this.play(other, out => other.overlay.linkUp(theirs, this.now, out))
      })
      return
    }
  }

  private readonly wakes = new Map<PeerId, number>()

  private schedule(member: Member, at: number): void {
    if (!Number.isFinite(at)) return
    const due = Math.max(this.now, at)
    if ((this.wakes.get(member.id) ?? Number.POSITIVE_INFINITY) <= due) return
    this.wakes.set(member.id, due)
    this.at(due, () => {
      if (this.wakes.get(member.id) !== due) return
      this.wakes.delete(member.id)
      this.play(member, out => member.overlay.tick(this.now, out))
    })
  }

  private at(at: number, run: () => void): void {
    const event: Event = { at, order: this.order++, run }
    const { queue } = this
    queue.push(event)
    let i = queue.length - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(event, queue[parent] as Event)) break
      queue[i] = queue[parent] as Event
      i = parent
    }
    queue[i] = event
  }

  private pop(): void {
    const { queue } = this
    const last = queue.pop() as Event
    if (queue.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= queue.length) break
      if (child + 1 < queue.length && before(queue[child + 1] as Event, queue[child] as Event)) child++
      if (!before(queue[child] as Event, last)) break
      queue[i] = queue[child] as Event
      i = child
    }
    queue[i] = last
  }
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
