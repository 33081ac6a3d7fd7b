/**
 * A small world on a {@link ChoiceQueue}: what may happen next, doing it, and what state that leaves.
 * @module
 */
import { islands } from '../graph.ts'
import type { MachineFactory } from '../machine.ts'
import { DEFAULTS } from '../options.ts'
import type { Endpoint, Peer } from '../peer.ts'
import { Happening } from '../queue.ts'
import { Trace } from '../trace.ts'
import { World } from '../world.ts'
import { ChoiceQueue, channelOf, isAnswer, lineOf, type Waiting } from './choice-queue.ts'
import { fingerprint } from './fingerprint.ts'

/** What is explored. */
export interface Plan {
  readonly name: string
  /** One line: what starts, what is free, what is not. */
  readonly summary: string
  readonly peers: number
  /** The peers are linked and quiet before the exploration begins. */
  readonly linked: boolean
  /** Packets that may vanish on one path. */
  readonly drops: number
  /** Peers that broadcast once, each as soon as it is connected or at any moment after. */
  readonly senders: readonly number[]
  /** Packets arrive in one order only, and before anything else: only signaling is free. */
  readonly eagerPackets: boolean
}

/** One thing that may happen next. */
export interface Choice {
  readonly text: string
  take(): void
}

/** Virtual ms after which a path that has not come to its goal has failed. */
const LIMIT = 60_000

/** Inputs that the trace remembers: a world is made anew for every branch. */
const STORY = 256

export class SmallWorld {
  readonly queue = new ChoiceQueue()
  readonly world: World
  private readonly plan: Plan
  private dropsLeft: number
  private readonly toJoin: number[] = []
  private readonly toSend: number[]
  private began = 0

  constructor(plan: Plan, factory: MachineFactory) {
    this.plan = plan
    const options = { ...DEFAULTS, peers: plan.peers, maxPeers: 4, payload: 12, seed: 1 }
    this.world = new World(options, factory, this.queue, new Trace(STORY))
    this.dropsLeft = plan.linked ? 0 : plan.drops
    this.toSend = []
    for (let i = 0; i < plan.peers; i++) this.toJoin.push(i)
    if (plan.linked) this.link()
    this.dropsLeft = plan.drops
    this.toSend.push(...plan.senders)
    this.began = this.world.now
  }

  /** Everything that may happen next; none at the end of a path. */
  choices(): Choice[] {
    const choices: Choice[] = []
    // Peers are alike but for their keys: they open the page in one order, at any moment.
    const joins = this.toJoin[0]
    if (joins !== undefined) choices.push({ text: `peer ${joins} joins`, take: () => this.join() })
    for (const sender of this.toSend) {
      const peer = this.world.peers[sender]
      if (peer !== undefined && peer.joinedAt <= this.world.now && isLinked(peer))
        choices.push({ text: `peer ${sender} broadcasts`, take: () => this.broadcast(peer) })
    }
    const heads = this.heads()
    const packet = heads.find(({ event }) => event.what === Happening.PACKET || event.what === Happening.OPEN)
    if (this.plan.eagerPackets && packet !== undefined) return [this.happen(packet)]
    for (const head of heads) {
      choices.push(this.happen(head))
      if (this.dropsLeft > 0 && head.event.what === Happening.PACKET) choices.push(this.drop(head))
    }
    if (choices.length > 0 || this.isDone()) return choices
    return this.timers().map(timer => this.happen(timer))
  }

  /** All have joined and linked, and everybody has what was broadcast. */
  isDone(): boolean {
    const { world, plan } = this
    if (this.toJoin.length > 0 || this.toSend.length > 0) return false
    if (islands(world.live()) !== 1) return false
    const links = world.peers.every(peer => peer.machine.links().length === plan.peers - 1)
    if (!links) return false
    return world.ledger.messages.every(
      message => message.outcome !== undefined && message.deliveries === plan.peers - 1,
    )
  }

  /** Whether the path has had its time. */
  get isLate(): boolean {
    return this.world.now - this.began > LIMIT
  }

  state(): string {
    const { world } = this
    const pending = this.queue.waiting
      .filter(waiting => !this.queue.isStale(waiting))
      .map(waiting => [
        channelOf(waiting),
        this.queue.isTimer(waiting) ? waiting.time : 0,
        contentOf(waiting),
      ])
      .sort((a, b) => compareText(String(a[0]), String(b[0])))
    const messages = world.ledger.messages.map(message => [
      message.outcome,
      world.peers.map(peer => message.has(peer)),
    ])
    const server = world.server
    return fingerprint(
      world.now,
      this.dropsLeft,
      this.toJoin.length,
      this.toSend,
      pending,
      messages,
      server['members'].map(({ index }) => index),
      server['stream'],
      ...world.peers.flatMap(peer => [peer.machine, peer.wakeAt, peer.joinedAt, peer.atServer, endsOf(peer)]),
    )
  }

  private join(): void {
    this.toJoin.shift()
    this.world.join()
    this.answer()
  }

  private broadcast(peer: Peer): void {
    this.toSend.splice(this.toSend.indexOf(peer.index), 1)
    this.world.broadcast(peer)
    this.answer()
  }

  private happen(waiting: Waiting): Choice {
    return {
      text: lineOf(waiting),
      take: () => {
        this.carryOut(waiting)
        this.answer()
      },
    }
  }

  private drop(waiting: Waiting): Choice {
    return {
      text: `LOST ${lineOf(waiting)}`,
      take: () => {
        this.dropsLeft--
        this.queue.remove(waiting)
      },
    }
  }

  private carryOut(waiting: Waiting): void {
    this.queue.choose(waiting)
    this.world.runTo(this.queue.now)
  }

  /** Signatures are made and checked at once. */
  private answer(): void {
    for (let next = this.queue.waiting.find(isAnswer); next !== undefined; ) {
      this.carryOut(next)
      next = this.queue.waiting.find(isAnswer)
    }
  }

  /** The first event of every channel. */
  private heads(): Waiting[] {
    const heads = new Map<string, Waiting>()
    for (const waiting of this.queue.waiting) {
      if (this.queue.isTimer(waiting)) continue
      const channel = channelOf(waiting)
      if (!heads.has(channel)) heads.set(channel, waiting)
    }
    return [...heads.values()].sort((a, b) => compareText(channelOf(a), channelOf(b)))
  }

  /** The timers that are due first: in any order, where several are. */
  private timers(): Waiting[] {
    for (const waiting of [...this.queue.waiting]) if (this.queue.isStale(waiting)) this.queue.remove(waiting)
    const timers = this.queue.waiting.filter(waiting => this.queue.isTimer(waiting))
    const first = Math.min(...timers.map(({ time }) => time))
    return timers.filter(({ time }) => time === first)
  }

  /** Joins and links in one fixed order. */
  private link(): void {
    while (!this.isDone()) {
      const [choice] = this.choices()
      if (choice === undefined || this.isLate) throw new Error('the peers do not link')
      choice.take()
    }
    for (let heads = this.heads(); heads.length > 0; heads = this.heads())
      this.happen(heads[0] as Waiting).take()
  }
}

function isLinked(peer: Peer): boolean {
  return peer.machine.links().length > 0
}

function contentOf({ event }: Waiting): unknown[] {
  return [event.what, event.peer?.index, event.bytes, event.input, event.count]
}

function endsOf(peer: Peer): unknown[] {
  return [...peer.endpoints.values()].map(({ link, state, up, candidates, session, other }: Endpoint) => [
    link,
    state,
    up,
    candidates,
    session,
    other?.session,
  ])
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
