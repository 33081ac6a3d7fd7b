/**
 * Judges a world whose faults are over: after a while everybody is on one island, the ring is whole, every request
 * is settled and every broadcast is wherever it is due; and what is sent then arrives.
 * @module
 */
import { islands } from '../graph.ts'
import type { Message } from '../ledger.ts'
import type { Peer } from '../peer.ts'
import { ringFaults } from '../ring.ts'
import type { World } from '../world.ts'

/** Virtual ms that a swarm has to become whole: ICE gives up after 15 s, backoffs reach 60 s. */
const PATIENCE = 180_000
/** Virtual ms for what is sent into the healed swarm. */
const PROMPTLY = 15_000
/** Virtual ms without a link change that count as quiet. */
const QUIET = 3000
const SEND_TIMEOUT = 10_000
/** Peers whose direct messages are tried in the end. */
const TRIED = 6

export interface Failure {
  /** An invariant, or what was not so in the end: two failures of one kind are taken for one bug. */
  readonly kind: string
  readonly detail: string
}

export function judge(world: World): Failure | undefined {
  const calm = () => world.now - world.lastChange >= QUIET
  world.runUntil(() => shortOf(world) === undefined && calm(), PATIENCE, 250)
  return shortOf(world) ?? epilogue(world)
}

/** What is not yet as it should be. */
function shortOf(world: World): Failure | undefined {
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
      const without = lacking(world, message)
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
 * A peer that should have this broadcast and has not: it was there before, and the sender was not told that it failed.
 * What a sender that is gone sent may be lost, but not to some only.
 */
function lacking(world: World, message: Message): Peer | undefined {
  const { topic, from, outcome, sentAt } = message
  if (topic === undefined || (outcome !== undefined && outcome !== 'ok' && outcome !== 'timeout'))
    return undefined
  const due = world.peers.filter(
    peer => peer.life === 'live' && peer !== from && peer.joinedAt <= sentAt && !peer.traits.silent,
  )
  if (from.life !== 'live' && !due.some(peer => message.has(peer))) return undefined
  return due.find(peer => !message.has(peer))
}

function nameOf(message: Message, without: Peer): string {
  const { number, from, sentAt, outcome } = message
  const sent = `message ${number} of peer ${from.index} (${from.life})`
  return `${sent}, sent at ${sentAt.toFixed(0)} ms, outcome ${outcome}: missing at peer ${without.index}`
}

/** Into the healed swarm: broadcasts of two peers and direct messages between others; then everybody leaves. */
function epilogue(world: World): Failure | undefined {
  const live = world.live()
  if (islands(live) === 1 && live.length > 1) {
    const casts = [live[0] as Peer, live.at(-1) as Peer].map(peer => world.broadcast(peer))
    const sends: Message[] = []
    for (let i = 0; i < Math.min(live.length, TRIED); i++) {
      const to = live[(4 * i + 1) % live.length] as Peer
      if (to !== live[i]) sends.push(world.send(live[i] as Peer, to, SEND_TIMEOUT))
    }
    // A guest may still go.
    const there = ({ from, to }: Message) => from.life === 'live' && (to === undefined || to.life === 'live')
    const arrived = () =>
      [...casts, ...sends].every(message => message.outcome !== undefined || !there(message))
    const done = () => arrived() && casts.every(message => lacking(world, message) === undefined)
    world.runUntil(done, PROMPTLY, 100)
    for (const message of casts) {
      const without = lacking(world, message)
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
