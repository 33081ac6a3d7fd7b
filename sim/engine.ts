/**
 * The engine: takes events from the queue, gives machines their inputs, has the stage play their effects, and stops at
 * the first violated invariant.
 * @module
 */
import type { Effect } from '../src/protocol/effect.ts'
import type { Input } from '../src/protocol/input.ts'
import { Audit } from './audit.ts'
import { CutShort } from './cut-short.ts'
import type { Endpoint, Peer } from './peer.ts'
import { comesFromOutside, Happening, type SimEvent } from './queue.ts'
import { Stage } from './stage.ts'

/** More events than this at one instant is a loop: 10,000 peers busy at once stay under it. */
const MAX_EVENTS_PER_INSTANT = 5_000_000
/** So many events waiting per peer is a storm: each of them brings about more than one other. */
const MAX_WAITING_PER_PEER = 2000
/** A peer that asks to be woken at once this often in a row does nothing else any more. */
const MAX_TICKS_PER_INSTANT = 1000
/** Events between two looks at the clock on the wall: a fraction of a second of them. */
const LOOK_EVERY = 1024

export class Engine extends Stage {
  /** Real time after which nothing happens any more: `CutShort` is thrown; ms of `performance.now()`. */
  cutAt = Number.POSITIVE_INFINITY
  private readonly audit = new Audit()
  private instant = 0

  /** Runs until the virtual time `until`. */
  runTo(until: number): void {
    const queue = this.queue
    while (queue.nextTime <= until) this.step()
    queue.now = until
  }

  advance(duration: number): void {
    this.runTo(this.now + duration)
  }

  /** Runs until `done`, asked every `every` ms, or for `limit` ms. Returns whether it was done. */
  runUntil(done: () => boolean, limit: number, every = 100): boolean {
    const end = this.now + limit
    while (!done()) {
      if (this.now >= end) return false
      this.runTo(Math.min(end, this.now + every))
    }
    return true
  }

  /** Runs until no link was opened, came up or went down for `span` ms, or for `limit` ms. */
  settle(span = 3000, limit = 120_000): boolean {
    const start = this.now
    return this.runUntil(() => this.now - Math.max(this.lastChange, start) >= span, limit)
  }

  private step(): void {
    if (this.events % LOOK_EVERY === 0 && performance.now() > this.cutAt) throw new CutShort()
    const queue = this.queue
    const before = queue.now
    const event = queue.pop()
    if (event === undefined) return
    this.instant = queue.now === before ? this.instant + 1 : 0
    if (this.instant > MAX_EVENTS_PER_INSTANT) {
      this.fail(
        'progress',
        event.peer ?? event.endpoint?.peer ?? (this.peers[0] as Peer),
        'too many events at once',
      )
    }
    if (queue.length > MAX_WAITING_PER_PEER * (this.peers.length + 10)) {
      this.fail(
        'progress',
        event.peer ?? event.endpoint?.peer ?? (this.peers[0] as Peer),
        'a storm of events',
      )
    }
    this.events++
    if (queue.now >= this.audit.nextAt) this.audit.check(this.peers, queue.now)
    const peer = event.peer ?? event.endpoint?.peer
    if (peer !== undefined && peer.frozenUntil > queue.now && event.what !== Happening.SERVER) {
      if (!peer.asleep || !comesFromOutside(event)) this.postpone(event, peer.frozenUntil)
    } else {
      this.carryOut(event)
    }
    queue.recycle(event)
  }

  private postpone(event: SimEvent, until: number): void {
    const later = this.queue.push(until, event.what)
    later.peer = event.peer
    later.endpoint = event.endpoint
    later.bytes = event.bytes
    later.input = event.input
    later.count = event.count
    if (event.what === Happening.TICK && event.peer !== undefined) event.peer.armedAt = until
  }

  private carryOut(event: SimEvent): void {
    const endpoint = event.endpoint
    switch (event.what) {
      case Happening.PACKET:
        if (endpoint?.state !== 'open' || endpoint.stranded || event.bytes === undefined) return
        this.traffic.pushesArrived += event.count
        if (event.count > 0) this.tap?.packet(endpoint, event.bytes)
        if (endpoint.peer.island !== endpoint.other?.peer.island) this.traffic.pushesCrossed += event.count
        this.turn(endpoint.peer, { kind: 'packet', link: endpoint.link, bytes: event.bytes })
        return
      case Happening.TICK:
        this.tick(event.peer as Peer)
        return
      case Happening.INPUT:
        if (endpoint !== undefined && endpoint.state === 'closed') return
        this.turn(event.peer as Peer, event.input as Input)
        return
      case Happening.OPEN: {
        const input = this.network.opened(endpoint as Endpoint)
        if (input !== undefined) this.turn((endpoint as Endpoint).peer, input)
        return
      }
      case Happening.CLOSED:
        if (endpoint === undefined || endpoint.state === 'closed') return
        this.network.forget(endpoint)
        this.turn(endpoint.peer, event.input as Input)
        return
      case Happening.DRAINED: {
        const input = this.network.drained(endpoint as Endpoint)
        if (input !== undefined) this.turn((endpoint as Endpoint).peer, input)
        return
      }
      case Happening.SERVER:
        this.server.arrive(event.peer as Peer, event.count)
        return
      default:
        event.act?.()
    }
  }

  /** One input, its effects, and the packets they make. */
  protected turn(peer: Peer, input: Input): void {
    if (peer.life === 'dead') return
    const now = this.queue.now
    this.trace.record(now, peer.index, input)
    const effects = peer.machine.handle(input, peer.clock(now))
    if (peer.life === 'left') {
      for (const effect of effects)
        this.fail('silent-after-leave', peer, `${effect.kind} after leave, on ${input.kind}`)
    }
    let opened = false
    for (let i = 0; i < effects.length; i++) {
      const effect = effects[i] as Effect
      if (effect.kind === 'open-link') opened = true
      this.play(peer, effect, now)
    }
    const unsent = peer.unsent
    for (let i = 0; i < unsent.length; i++) this.network.flush(unsent[i] as Endpoint)
    while (unsent.length > 0) unsent.pop()
    if (opened) this.checkLinks(peer)
  }

  private tick(peer: Peer): void {
    const now = this.queue.now
    // An event that a later, earlier-due one has replaced.
    if (now !== peer.armedAt) return
    peer.armedAt = Number.POSITIVE_INFINITY
    if (peer.wakeAt > now) {
      this.arm(peer, peer.wakeAt)
      return
    }
    peer.wakeAt = Number.POSITIVE_INFINITY
    peer.ticks = peer.tickedAt === now ? peer.ticks + 1 : 1
    peer.tickedAt = now
    if (peer.ticks > MAX_TICKS_PER_INSTANT) this.fail('progress', peer, 'wakes itself without end')
    this.turn(peer, { kind: 'tick' })
  }

  private checkLinks(peer: Peer): void {
    const limit = this.options.maxPeers
    const counted = peer.machine.links().length + peer.machine.opening
    if (peer.endpoints.size > limit || counted > limit) {
      this.fail('links', peer, `${peer.endpoints.size} links (${counted} by its own count), ${limit} allowed`)
    }
  }
}
