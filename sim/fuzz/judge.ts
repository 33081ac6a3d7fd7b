/**
 * Judges a world whose faults are over: after a while everybody is on one island, the ring is whole, every request
 * is settled and every broadcast is wherever it is due; and what is sent then arrives.
 * @module
 */
import { islands, neighbourOver } from '../graph.ts'
import type { Message } from '../ledger.ts'
import type { Peer } from '../peer.ts'
import { ringFaults } from '../ring.ts'
import type { World } from '../world.ts'

/** Virtual ms that a swarm has to become whole: ICE gives up after 15 s, backoffs reach 60 s. */
const PATIENCE = 180_000
/** Virtual ms for what is sent into the healed swarm, beside its way. */
const PROMPTLY = 15_000
/** Virtual ms without a link change that count as quiet. */
const QUIET = 3000
/** Virtual ms until a link that died, or whose end was frozen, is known to be dead: 6 s of silence, and a probe. */
const DEATH = 7000
/** Virtual ms until a neighbour has told what it has: announcements wait for 1.5 s, questions are 1.7 s apart. */
const NEWS = 3000
const SEND_TIMEOUT = 10_000
/** Peers whose direct messages are tried in the end. */
const TRIED = 6

export interface Failure {
  /** An invariant, or what was not so in the end: two failures of one kind are taken for one bug. */
  readonly kind: string
  readonly detail: string
}

/** Broadcasts that a peer was right to give up. */
export class Forgone {
  private readonly peers = new Map<Message, Set<Peer>>()

  /** A broadcast was delivered: what its sender sent before and no neighbour has by now was waited for in vain. */
  note(world: World, peer: Peer, { topic, from, number }: Message): void {
    if (topic === undefined) return
    for (const before of world.ledger.messages) {
      if (before.number >= number) return
      if (before.from !== from || before.topic === undefined || before.has(peer)) continue
      if (isNear(peer, before, world.now - NEWS)) continue
      const peers = this.peers.get(before) ?? new Set()
      this.peers.set(before, peers.add(peer))
    }
  }

  has(peer: Peer, message: Message): boolean {
    return this.peers.get(message)?.has(peer) === true
  }
}

export function judge(world: World, forgone: Forgone): Failure | undefined {
  const begun = world.now
  const calm = () => world.now - begun >= DEATH && world.now - world.lastChange >= QUIET
  world.runUntil(() => calm() && shortOf(world, forgone) === undefined, PATIENCE, 250)
  return shortOf(world, forgone) ?? epilogue(world, forgone)
}

/** What is not yet as it should be. */
function shortOf(world: World, forgone: Forgone): Failure | undefined {
  const live = world.live()
  const parts = islands(live)
  if (parts > 1 && canBeWhole(world))
    return { kind: 'islands', detail: `${parts} islands of ${live.length} peers` }
  const open = world.ledger.messages.find(
    ({ outcome, from }) => outcome === undefined && from.life === 'live',
  )
  if (open !== undefined)
    return { kind: 'settled', detail: `request ${open.number} of peer ${open.from.index} is still open` }
  if (parts === 1) {
    for (const message of world.ledger.messages) {
      const without = lacking(world, message, forgone)
      if (without !== undefined) return { kind: 'delivery', detail: nameOf(message, without) }
    }
  }
  const [fault] = world.options.nat === 0 ? ringFaults(live) : []
  if (fault === undefined) return undefined
  const { peer, next } = fault
  return { kind: 'ring', detail: `peer ${peer.index} is followed by peer ${next.index}, without a link` }
}

/** Peers behind symmetric NATs need somebody who is not, with room for them. */
function canBeWhole(world: World): boolean {
  const live = world.live()
  const behind = live.filter(peer => peer.traits.symmetricNat).length
  return behind === 0 || behind <= (live.length - behind) * (world.options.maxPeers - 2) - 1
}

/**
 * A peer that should have this broadcast and has not: it was there before, the sender was not told that it failed, and a
 * neighbour has it. Neighbours make up for what one of them lacks; across a neighbour that joined later and was never given it,
 * nothing comes. Nor does what was given up because nobody near had it while later ones waited.
 */
function lacking(world: World, message: Message, forgone: Forgone): Peer | undefined {
  const { topic, from, outcome, sentAt } = message
  if (topic === undefined || (outcome !== undefined && outcome !== 'ok' && outcome !== 'timeout'))
    return undefined
  const lacks = (peer: Peer) =>
    peer !== from && peer.joinedAt <= sentAt && !peer.traits.silent && !message.has(peer)
  return world
    .live()
    .find(peer => lacks(peer) && isNear(peer, message, world.now) && !forgone.has(peer, message))
}

/** Whether a neighbour had it at that time. */
function isNear(peer: Peer, message: Message, by: number): boolean {
  const { from, sentAt } = message
  for (const endpoint of peer.endpoints.values()) {
    const other = neighbourOver(endpoint)
    if (other !== undefined && sentAt + (other === from ? 0 : message.arrival(other)) <= by) return true
  }
  return false
}

function nameOf(message: Message, without: Peer): string {
  const { number, from, sentAt, outcome } = message
  const sent = `message ${number} of peer ${from.index} (${from.life})`
  return `${sent}, sent at ${sentAt.toFixed(0)} ms, outcome ${outcome}: missing at peer ${without.index}`
}

/** Into the healed swarm: broadcasts of two peers and direct messages between others; then everybody leaves. */
function epilogue(world: World, forgone: Forgone): Failure | undefined {
  const live = world.live()
  if (islands(live) === 1 && live.length > 1) {
    // With three links the mesh is little more than a ring: there across half of it and back.
    const way = live.length * world.options.latencyMax
    const casts = [live[0] as Peer, live.at(-1) as Peer].map(peer => world.broadcast(peer))
    const sends: Message[] = []
    for (let i = 0; i < Math.min(live.length, TRIED); i++) {
      const to = live[(4 * i + 1) % live.length] as Peer
      if (to !== live[i]) sends.push(world.send(live[i] as Peer, to, SEND_TIMEOUT + way))
    }
    // A guest may still go.
    const there = ({ from, to }: Message) => from.life === 'live' && (to === undefined || to.life === 'live')
    const arrived = () =>
      [...casts, ...sends].every(message => message.outcome !== undefined || !there(message))
    const done = () => arrived() && casts.every(message => lacking(world, message, forgone) === undefined)
    world.runUntil(done, PROMPTLY + way, 100)
    for (const message of casts) {
      const without = lacking(world, message, forgone)
      if (without !== undefined) return { kind: 'late-delivery', detail: nameOf(message, without) }
    }
    for (const message of sends) {
      const { from, to, outcome } = message
      if (outcome === 'ok' || !there(message)) continue
      return { kind: 'late-send', detail: `from peer ${from.index} to peer ${to?.index}: ${outcome}` }
    }
  }
  for (const peer of world.live()) world.leave(peer)
  world.advance(1000)
  return undefined
}
