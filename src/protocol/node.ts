/**
 * A peer: the machines composed (node-machines.ts), its links (node-links.ts), and what the application and the signaling
 * server want of them.
 *
 *     packet → frames → handshake | liveness | overlay | gossip | routing → effects
 *
 * After `leave` nothing is sent, asked or woken for.
 * @module
 */
import type { Effect, NodeState } from './effect.ts'
import type { PeerId } from './id.ts'
import type { Input, LinkId, PeerSample, Token } from './input.ts'
import type { Neighbour, NodeConfig } from './node-config.ts'
import { inviteLetter } from './node-door.ts'
import { Links } from './node-links.ts'
import { ALL, CIRCUITS, GOSSIP, LIVENESS, Machines } from './node-machines.ts'
import { Return } from './node-return.ts'
import { Standing } from './node-standing.ts'

export class Node {
  readonly config: NodeConfig
  private readonly machines: Machines
  private readonly connections: Links
  private readonly back: Return
  private readonly standing: Standing

  constructor(config: NodeConfig) {
    this.config = config
    this.machines = new Machines(config)
    this.connections = new Links(this.machines)
    this.back = new Return(this.machines)
    this.standing = new Standing(this.machines, this.connections)
  }

  /** Takes one input; returns what to do about it, in order. */
  handle(input: Input, now: number): readonly Effect[] {
    const { machines, standing } = this
    machines.out = []
    machines.ran = 0
    if (input.kind === 'tick') machines.wakeAt = Number.NaN
    if (standing.joined || input.kind === 'join' || input.kind === 'interests' || input.kind === 'discover')
      this.dispatch(input, now)
    else if (
      input.kind === 'broadcast' ||
      input.kind === 'send' ||
      input.kind === 'history' ||
      input.kind === 'invite-letter'
    ) {
      machines.out.push({ kind: 'settle', request: input.request, outcome: 'left' })
    }
    this.back.renewDue(standing.signalingUp, now)
    machines.flush(now)
    if (machines.ran === ALL) standing.settle()
    machines.wake(now)
    return machines.out
  }

  // ── what can be seen from outside ──────────────────────────────────────────────────────────────────────

  get state(): NodeState {
    return this.standing.current
  }

  /** Neighbours: links that are up. */
  links(): Neighbour[] {
    const { overlay, liveness, gossip } = this.machines
    return overlay.up().map(slot => ({
      link: slot.link,
      peer: slot.peer,
      slot: overlay.kindOf(slot),
      roundTrip: liveness.roundTrip(slot.link),
      suspect: slot.suspect,
      since: slot.since,
      signaledBy: slot.via,
      relayed: slot.relayed,
      ...gossip.topicsOf(slot.link),
    }))
  }

  /** Slots that are asked for or being opened. */
  get opening(): number {
    const { overlay } = this.machines
    return overlay.used - overlay.up().length
  }

  /** Each neighbour with the neighbours it told of. */
  topology(): { readonly peer: PeerId; readonly neighbours: readonly PeerId[] }[] {
    const { overlay } = this.machines
    return overlay.up().map(slot => ({ peer: slot.peer, neighbours: [...(slot.neighbours ?? [])] }))
  }

  /** Bytes and packets that have passed over a relayed link. */
  traffic(link: LinkId) {
    return this.machines.relayed.circuits.traffic(link)
  }

  /** Whether much waits on a relayed link. */
  isFull(link: LinkId): boolean {
    return this.machines.relayed.isFull(link)
  }

  known(): PeerId[] {
    return [...this.machines.overlay.known()]
  }

  /** The signed record of a peer, where it is known. */
  recordOf(peer: PeerId): Uint8Array | undefined {
    return this.machines.routing.recordOf(peer)?.bytes
  }

  get counters() {
    const { gossip, routing, relayed, drops } = this.machines
    return { gossip: gossip.stats, routing: routing.stats, circuits: relayed.circuits.stats, drops }
  }

  // ── inputs ─────────────────────────────────────────────────────────────────────────────────────────────

  private dispatch(input: Input, now: number): void {
    const { machines, connections } = this
    const { overlay, gossip, routing, handshake } = machines
    switch (input.kind) {
      case 'packet':
        return connections.packet(input.link, input.bytes, now)
      case 'tick':
        return this.tick(now)
      case 'verified':
        return this.onVerified(input.token.machine, input.token.n, input.ok, now)
    }
    machines.ran = ALL
    switch (input.kind) {
      case 'signed':
        if (input.token.machine === 'gossip') gossip.signed(input.token.n, input.signature, now, machines.out)
        else connections.greeted(handshake.signed(input.token.n, input.signature, machines.out), now)
        return
      case 'broadcast': {
        const { request, topic, body, order, receipt } = input
        return gossip.broadcast(request, topic, body, now, machines.out, order, receipt)
      }
      case 'send': {
        const { request, to, body, timeout } = input
        const message = { request, to, kind: 0, body, timeout, receipt: true, via: 'mesh' } as const
        return machines.routed(now, out => routing.send(message, now, out))
      }
      case 'history':
        return gossip.history(input, now, machines.out)
      case 'cancel':
        gossip.cancel(input.request, machines.out)
        return machines.routed(now, out => routing.cancel(input.request, out))
      case 'interests':
        return gossip.interested(input.interests, input.intents, now, machines.out)
      case 'route':
        return overlay.route(input.peer, input.on, now)
      case 'join':
        return this.join(input.bootstrap, now)
      case 'leave':
        return this.leave(now)
      case 'contacts':
        return this.contacts(input.contacts, now)
      case 'awake':
        return this.back.awake(input, now)
      case 'rest':
        return machines.liveness.rest(input.resting, machines.out)
      case 'signaling-up':
        this.standing.signalingUp = true
        routing.signaling(true)
        overlay.signaling(true, now)
        return this.sampled(input.sample, now)
      case 'signaling-down':
        this.standing.signalingUp = false
        routing.signaling(false)
        return overlay.signaling(false, now)
      case 'sample':
        return this.sampled(input.sample, now)
      case 'peer-left':
        return machines.laid(now, out => overlay.absent(input.peer, now, out))
      case 'envelope':
        return machines.routed(now, out => machines.count(routing.envelope(input.bytes, now, out)))
      case 'adopt':
        machines.door.acquaint(input.peer)
        return machines.laid(now, out => overlay.adopt(input, now, out))
      case 'accepted':
        return connections.accepted(input.peer, input.ok, now)
      case 'discover':
        machines.door.silent = !input.on
        return machines.laid(now, out => overlay.discover(input.on, out))
      case 'acquaint':
        return machines.door.acquaint(input.peer)
      case 'invite-letter':
        return machines.routed(now, out => routing.send(inviteLetter(input), now, out))
      case 'link-signal':
        return machines.laid(now, out => overlay.signal(input.link, input.data, out))
      case 'link-open':
        return connections.opened(input.link, input.binding, now, input.restarts)
      case 'link-closed':
        return connections.closed(input.link, input.reason, now)
      case 'seen':
        return connections.seen(input.link, input.address)
      case 'link-taken':
        return connections.taken(input.link, now)
      case 'link-full':
        return gossip.linkFull(input.link)
      case 'link-drained':
        return gossip.linkDrained(input.link, now, machines.out)
    }
  }

  private join(bootstrap: readonly PeerId[], now: number): void {
    if (this.standing.joined) return
    const { overlay, gossip, routing, out } = this.machines
    this.standing.alone = false
    gossip.start(now)
    routing.start(now)
    for (const peer of bootstrap) this.machines.door.acquaint(peer)
    overlay.join(bootstrap, now)
    this.standing.become('connecting')
    out.push({ kind: 'signaling-join' })
  }

  private leave(now: number): void {
    const { machines } = this
    // Circuits go while their carriers are still there.
    machines.laid(now, out => machines.overlay.leave(out, true))
    machines.relayed.stop(now)
    machines.laid(now, out => machines.overlay.leave(out))
    machines.gossip.stop(now, machines.out)
    machines.routed(now, out => machines.routing.stop(now, out))
    this.connections.clear()
    machines.door.clear()
    this.standing.signalingUp = false
    machines.out.push({ kind: 'signaling-leave' })
    this.standing.become('left')
  }

  /** Peers of before: hearsay, but of one's own. */
  private contacts(contacts: readonly PeerSample[], now: number): void {
    const { machines } = this
    this.learn(contacts, now)
    for (const { id } of contacts) machines.door.acquaint(id)
    machines.overlay.contacts(
      contacts.map(peer => peer.id),
      now,
    )
  }

  private learn(sample: readonly PeerSample[], now: number): void {
    const { machines } = this
    machines.routed(now, out => {
      for (const { record } of sample)
        if (record.length > 0) machines.count(machines.routing.learn(record, now, out))
    })
  }

  private sampled(sample: readonly PeerSample[], now: number): void {
    const { machines } = this
    this.standing.alone = sample.length === 0
    this.learn(sample, now)
    machines.overlay.learn(
      sample.map(peer => peer.id),
      now,
    )
  }

  private tick(now: number): void {
    const { machines } = this
    if (machines.isDue('liveness', now)) {
      machines.ran |= LIVENESS
      for (const vital of machines.liveness.tick(now, machines.out)) this.connections.vital(vital, now)
    }
    if (machines.isDue('handshake', now)) {
      machines.ran = ALL
      machines.handshake.tick(now, machines.out)
    }
    if (machines.isDue('overlay', now)) machines.laid(now, out => machines.overlay.tick(now, out))
    if (machines.isDue('gossip', now)) {
      machines.ran |= GOSSIP
      machines.gossip.tick(now, machines.out)
    }
    if (machines.isDue('circuits', now)) {
      machines.ran |= CIRCUITS
      machines.relayed.tick(now)
    }
    if (machines.isDue('routing', now)) machines.routed(now, out => machines.routing.tick(now, out))
  }

  private onVerified(machine: Token['machine'], n: number, ok: boolean, now: number): void {
    const { machines, connections } = this
    if (machine === 'handshake') {
      machines.ran = ALL
      return connections.greeted(machines.handshake.verified(n, ok), now)
    }
    if (machine === 'routing')
      return machines.routed(now, out => machines.count(machines.routing.verified(n, ok, now, out)))
    machines.ran |= GOSSIP
    const bad = machines.gossip.verified(n, ok, now, machines.out, machine === 'history')
    if (bad !== undefined) connections.penalise(bad.link, bad.drop, now)
  }
}
