/**
 * The links of a peer: from the open data channel through the handshake to the end. What comes over them goes to
 * the machines by node-frames.ts.
 *
 * Invariants
 * 1. Frames of a link that is not up reach the handshake only.
 * 2. Every link that came up is told to every machine once, and so is its end; `peer-connect` and
 *    `peer-disconnect` are told to the application in pairs, and `link-replaced` between them where one link takes another's place.
 * 3. Input from the network is counted when it is dropped, scored against its link, and never throws.
 * @module
 */

import type { Drop } from './effect.ts'
import type { Greeting } from './handshake/handshake.ts'
import type { PeerId } from './id.ts'
import type { LinkEnd, LinkId } from './input.ts'
import type { Vital } from './liveness/liveness.ts'
import { Acquaintance } from './node-acquaintance.ts'
import { Channel } from './node-channel.ts'
import { Frames } from './node-frames.ts'
import { ALL, GOSSIP, LIVENESS, type Machines } from './node-machines.ts'
import { outlives } from './overlay/replace.ts'
import { Frame } from './wire/frame.ts'
import { Reader } from './wire/reader.ts'

export class Links {
  /** The last of the others has said good-bye: this peer is alone, not cut off. */
  deserted = false
  private readonly machines: Machines
  private readonly acquaintance: Acquaintance
  private readonly frames: Frames
  private readonly channels = new Map<LinkId, Channel>()
  /** Handshakes that are through and wait for the application's word. */
  private readonly proven = new Map<LinkId, Greeting>()
  private readonly reader = new Reader(new Uint8Array(0))

  constructor(machines: Machines) {
    this.machines = machines
    machines.relayed.events = {
      opened: (link, binding, now) => this.opened(link, binding, now),
      packet: (link, bytes, now) => this.packet(link, bytes, now),
      heard: (link, now) => this.heard(link, now),
      closed: (link, reason, now) => {
        machines.ran = ALL
        this.closed(link, reason, now)
      },
      full: link => machines.gossip.linkFull(link),
      drained: (link, now) => {
        machines.ran |= GOSSIP
        machines.gossip.linkDrained(link, now, machines.out)
      },
    }
    this.acquaintance = new Acquaintance(machines)
    this.frames = new Frames(machines, this.acquaintance, {
      vital: (vital, now) => this.vital(vital, now),
      closed: (link, reason, now) => this.closed(link, reason, now),
    })
    machines.dropped = (link, peer, reason, now) => this.forget(link, peer, reason, now)
    machines.retire = (link, now) => this.retire(link, now)
  }

  /** The data channel is open: the handshake begins. */
  opened(link: LinkId, binding: Uint8Array, now: number, restarts = false): void {
    const { handshake, overlay, out } = this.machines
    const slot = overlay.slotOf(link)
    if (slot === undefined || this.channels.has(link)) return
    slot.restarts = restarts
    this.channels.set(link, new Channel(link, now))
    handshake.open(link, slot.peer, binding, now, out)
  }

  closed(link: LinkId, reason: LinkEnd, now: number): void {
    const { machines } = this
    if (machines.overlay.outlives(link, reason, now)) return this.retire(link, now)
    const slot = machines.overlay.slotOf(link)
    machines.laid(now, out => machines.overlay.linkDown(link, reason, now, out))
    if (reason === 'bye' && machines.overlay.exhausted) this.deserted = true
    if (slot !== undefined) this.forget(link, slot.peer, reason, now)
  }

  /** Every link is forgotten without a word. */
  clear(): void {
    for (const channel of this.channels.values()) channel.ended = true
    this.channels.clear()
    this.proven.clear()
  }

  /** The other side of a link has shown that it is there. */
  heard(link: LinkId, now: number): void {
    const { machines } = this
    machines.ran |= LIVENESS
    const vital = machines.liveness.heard(link, now)
    if (vital !== undefined) this.vital(vital, now)
  }

  /** It has taken some of what was sent. */
  taken(link: LinkId, now: number): void {
    const { machines } = this
    machines.routing.taken(link, now)
    machines.liveness.taken(link, now)
    this.heard(link, now)
  }

  packet(link: LinkId, bytes: Uint8Array, now: number): void {
    const channel = this.channels.get(link)
    if (channel === undefined) return
    if (channel.up) this.heard(link, now)
    const result = channel.unpacker.read(bytes, (packet, start, end) =>
      this.frame(channel, packet, start, end, now),
    )
    if (result !== 'ok') this.penalise(link, result, now)
  }

  /** One frame: the bytes from `start` up to `end`. */
  private frame(channel: Channel, bytes: Uint8Array, start: number, end: number, now: number): void {
    const { machines } = this
    const { link } = channel
    // An earlier frame of the same packet may have ended the link.
    if (channel.ended) return
    const type = bytes[start] as number
    const reader = this.reader.reset(bytes, start + 1, end)
    if (type <= Frame.AUTH) {
      machines.ran = ALL
      return this.greeted(machines.handshake.frame(link, type, reader, machines.out), now)
    }
    if (!channel.up) {
      const held = machines.handshake.isVerifying(link) || this.proven.has(link)
      if (!held) machines.handshake.early(link, machines.out)
      if (!held || !channel.hold(bytes, start, end)) machines.count('unexpected')
      return
    }
    machines.handshake.settled(link)
    const drop = this.frames.read(channel, type, reader, now)
    if (drop !== undefined) this.penalise(link, drop, now)
  }

  /** What a handshake has come to. */
  greeted(greeting: Greeting | undefined, now: number): void {
    if (greeting === undefined) return
    const { machines } = this
    const { link } = greeting
    if (greeting.kind === 'failed') {
      machines.count(greeting.drop)
      return machines.laid(now, out => machines.overlay.close(link, 'refused', now, out))
    }
    const channel = this.channels.get(link)
    const slot = machines.overlay.slotOf(link)
    if (channel === undefined || slot === undefined) return
    if (!machines.door.lets(slot.peer, machines.out)) {
      this.proven.set(link, greeting)
      return
    }
    machines.door.acquaint(slot.peer)
    channel.up = true
    const { peer, via, relayed } = slot
    const before = machines.overlay.before(link)?.link
    machines.laid(now, out => machines.overlay.linkUp(link, now, out))
    if (before === undefined) machines.out.push({ kind: 'peer-connect', peer, link, via, relayed })
    else machines.out.push({ kind: 'link-replaced', peer, link, before, via, relayed })
    if (!relayed) machines.relayed.circuits.neighbourUp(link, peer)
    machines.liveness.linkUp(link, now, machines.out)
    machines.routed(now, out => machines.routing.linkUp(link, greeting.record, now, out))
    machines.gossip.linkUp(link, peer, now, machines.out)
    if (before !== undefined) {
      // After the new one is known: what was under way over the old one goes over it.
      machines.closeLink(before, 'closed', now)
      this.forget(before, peer, undefined, now)
    }
    const { held } = channel
    channel.held = []
    for (const frame of held) this.frame(channel, frame, 0, frame.length, now)
  }

  /** A neighbour's address is known. */
  seen(link: LinkId, address: string): void {
    if (this.channels.get(link)?.up === true) this.acquaintance.seen(link, address)
  }

  /** The application has decided about a peer: what waited for it goes on, or ends. */
  accepted(peer: PeerId, ok: boolean, now: number): void {
    const { machines } = this
    const ask = machines.door.decided(peer, ok)
    if (!ok) machines.laid(now, out => machines.overlay.bar(peer, now, out))
    for (const [link, greeting] of [...this.proven]) {
      if (machines.overlay.slotOf(link)?.peer !== peer) continue
      this.proven.delete(link)
      this.greeted(greeting, now)
    }
    if (ask !== undefined)
      machines.laid(now, out =>
        machines.count(
          machines.overlay.letter(
            peer,
            ask.letter,
            ask.body,
            now,
            out,
            ask.via === 'signaling' ? ask.via : 'mesh',
          ),
        ),
      )
  }

  /** A sign of life, or of its end. */
  vital(vital: Vital, now: number): void {
    const { machines } = this
    const { link } = vital
    if (vital.kind === 'round-trip') {
      machines.gossip.roundTrip(link, vital.milliseconds)
      machines.routing.roundTrip(link, vital.milliseconds)
      return
    }
    machines.ran = ALL
    const slot = machines.overlay.slotOf(link)
    if (slot === undefined) return
    if (vital.kind === 'suspect') {
      machines.overlay.suspect(link, vital.suspect, now)
      machines.gossip.suspect(link, vital.suspect, now, machines.out)
      machines.routing.suspect(link, vital.suspect)
      return
    }
    if (!outlives(slot, 'timeout')) machines.out.push({ kind: 'peer-timeout', peer: slot.peer })
    machines.closeLink(link, 'timeout', now)
    this.closed(link, 'timeout', now)
  }

  /** Counts what was dropped, and closes a link that has brought too much of it. */
  penalise(link: LinkId, drop: Drop, now: number): void {
    const { machines } = this
    machines.count(drop)
    if (this.channels.get(link)?.score.add(drop, now) !== true) return
    machines.laid(now, out => machines.overlay.close(link, 'misbehaved', now, out))
  }

  /** The channel of a link is closed; its peer is a silent neighbour until another link takes its place, or none does. */
  private retire(link: LinkId, now: number): void {
    const { machines } = this
    this.end(link)
    machines.ran = ALL
    machines.retired.add(link)
    machines.liveness.linkDown(link)
    machines.gossip.suspect(link, true, now, machines.out)
    machines.routing.suspect(link, true)
    machines.relayed.carrierDown(link, now)
  }

  /** Nothing is read of a link any more. Whether it was up. */
  private end(link: LinkId): boolean {
    const channel = this.channels.get(link)
    if (channel !== undefined) channel.ended = true
    this.channels.delete(link)
    this.proven.delete(link)
    this.machines.handshake.close(link)
    return channel?.up === true
  }

  /** Every machine but the overlay forgets a link. Without a reason another one has taken its place. */
  private forget(link: LinkId, peer: PeerId, reason: LinkEnd | undefined, now: number): void {
    const { machines } = this
    if (!this.end(link) && !machines.retired.has(link)) return
    machines.liveness.linkDown(link)
    machines.gossip.linkDown(link, now, machines.out)
    machines.routed(now, out => machines.routing.linkDown(link, now, out))
    if (reason !== undefined) machines.out.push({ kind: 'peer-disconnect', peer, link, reason })
    // Last: what its circuits held must not be sent over it again.
    machines.relayed.carrierDown(link, now)
  }
}
