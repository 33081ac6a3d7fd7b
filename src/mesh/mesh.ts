/**
 * The mesh that an application holds: checks what it is given, hands it to the driver, and tells what comes back.
 *
 * Invariants
 * 1. A wrong argument is refused before anything happens; in an asynchronous call, by its promise.
 * 2. Every promise given out settles: with its outcome, its AbortSignal, or `left`.
 * 3. After `leave()` no timer runs, no link is open, no listener on the page is left; `join()` starts afresh.
 * @module
 */

import type { NodeState } from '../protocol/effect.ts'
import type { PeerId } from '../protocol/id.ts'
import type { Order } from '../protocol/input.ts'
import type { Node } from '../protocol/node.ts'
import { EVERYTHING } from '../protocol/topic.ts'
import type { Mesh } from './api.ts'
import type {
  BroadcastOptions,
  DiagnoseOptions,
  HistoryOptions,
  InviteOptions,
  JoinOptions,
  SendOptions,
  WelcomeOptions,
} from './api-call-options.ts'
import type { MeshEvents, MeshWarning } from './api-events.ts'
import type { Data, Message, PastMessage } from './api-messages.ts'
import type { Logger, MeshOptions } from './api-options.ts'
import type { MeshStats } from './api-stats.ts'
import {
  checkBoolean,
  checkFunction,
  checkNames,
  checkPattern,
  checkPatterns,
  checkPeerId,
  checkSignal,
  checkTopic,
} from './arguments.ts'
import { Awakening } from './awakening.ts'
import { readBroadcastOptions, readHistoryOptions, readSendOptions } from './call-options.ts'
import { encodeData } from './data-encode.ts'
import { type Diagnosis, diagnose } from './diagnose.ts'
import { type AppEffect, Driver } from './driver.ts'
import { MeshError } from './errors.ts'
import { Emitter } from './events.ts'
import { Inbox } from './inbox.ts'
import type { Invite } from './invite/code.ts'
import { Invites } from './invite/invites.ts'
import { Joining } from './joining.ts'
import { KnownPeers } from './known-peers.ts'
import { watchPage } from './page.ts'
import type { Ports } from './ports.ts'
import { type Keeping, Remembering } from './remembering.ts'
import { aborted } from './requests.ts'
import { Sending } from './sending.ts'
import { statsOf } from './stats.ts'
import { Subscriptions } from './subscriptions.ts'
import { Warnings } from './warnings.ts'

const EVENTS = Object.keys({
  'peer:connect': 0,
  'peer:disconnect': 0,
  'peer:timeout': 0,
  'peer:topics': 0,
  'invite:reply': 0,
  discover: 0,
  message: 0,
  state: 0,
  peers: 0,
  warning: 0,
} satisfies Record<keyof MeshEvents, 0>) as (keyof MeshEvents)[]

/** Engines without explicit resource management go by this name, as compilers do that translate `using`. */
const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for('Symbol.asyncDispose') as typeof Symbol.asyncDispose)

export class LiveMesh implements Mesh {
  readonly peerId: PeerId
  private readonly node: Node
  private readonly ports: Ports
  private readonly bootstrap: readonly PeerId[]
  private readonly order: Order
  private readonly logger: Logger
  private readonly release: () => void
  private readonly accept: MeshOptions['accept']
  private readonly iceServers: readonly RTCIceServer[]
  private readonly driver: Driver
  private readonly emitter: Emitter<MeshEvents>
  private readonly subscriptions: Subscriptions
  private readonly inbox: Inbox
  private readonly sending: Sending
  private readonly known: KnownPeers
  private readonly warnings: Warnings
  private readonly awakening: Awakening
  private readonly remembering: Remembering | undefined
  private readonly invites: Invites
  /** Present between `join()` and `leave()`. */
  private joining: Joining | undefined
  private unwatch: () => void = () => {}
  private interests = EVERYTHING
  private intents: readonly string[] = []
  private disposed = false

  /** @param release frees the identity when the mesh is disposed of */
  constructor(
    node: Node,
    ports: Ports,
    settings: {
      readonly bootstrapNodes: readonly PeerId[]
      readonly historyBytes: number
      readonly order: Order
      readonly logger: Logger
      readonly keeping: Keeping | undefined
      readonly invite: Invite | undefined
      readonly accept: MeshOptions['accept']
      readonly iceServers: readonly RTCIceServer[]
    },
    release: () => void,
  ) {
    this.node = node
    this.peerId = node.config.id
    this.ports = ports
    this.bootstrap = settings.bootstrapNodes
    this.order = settings.order
    this.logger = settings.logger
    this.release = release
    this.accept = settings.accept
    this.iceServers = settings.iceServers
    this.emitter = new Emitter(
      EVENTS,
      (error, event) => this.thrown(error, `a listener for '${event}'`),
      event => {
        if (event === 'warning') this.warnings.listened()
      },
    )
    this.subscriptions = new Subscriptions((error, topic) => this.thrown(error, `a subscriber of '${topic}'`))
    this.inbox = new Inbox(this.emitter, this.subscriptions, settings.logger)
    this.known = new KnownPeers(
      ports.timers,
      () => node.known(),
      () => this.emitter.emit('peers'),
      peer => this.emitter.emit('discover', peer),
    )
    this.warnings = new Warnings(
      settings.logger,
      () => this.emitter.has('warning'),
      warning => this.emitter.emit('warning', warning),
    )
    this.sending = new Sending(ports, settings.historyBytes, {
      input: input => this.driver.input(input),
      isFull: link => node.isFull(link) || this.driver.links.isFull(link),
    })
    const { keeping } = settings
    this.remembering =
      keeping &&
      new Remembering(
        keeping,
        ports,
        contacts => this.driver.input({ kind: 'contacts', contacts }),
        (message, cause) => this.warn({ code: 'address-book-failed', message, cause }),
      )
    this.awakening = new Awakening(ports, {
      awake: (slept, network) => this.driver.awake(slept, network),
      rest: resting => this.driver.input({ kind: 'rest', resting }),
    })
    this.driver = new Driver(node, ports, {
      effect: effect => this.play(effect),
      turn: () => {
        this.sending.turn()
        this.awakening.notice()
        this.invites.turn()
        if (this.joining !== undefined) this.known.touch()
      },
      signalingOver: reason => this.signalingOver(reason),
      warning: warning => this.warn(warning),
    })
    this.invites = new Invites(node, ports, settings.invite, {
      driver: this.driver,
      sending: this.sending,
      reply: uri => this.emitter.emit('invite:reply', uri),
      settled: () => this.usable(),
      failed: error => {
        const { joining } = this
        if (joining === undefined || joining.succeeded) return
        joining.fail(error)
        void this.leave()
      },
    })
  }

  get state(): NodeState {
    return this.node.state
  }

  get neighbours(): readonly PeerId[] {
    return this.node.links().map(link => link.peer)
  }

  get peers(): readonly PeerId[] {
    return this.node.known()
  }

  async join(options: JoinOptions = {}): Promise<void> {
    checkNames('join options', options, ['signal'])
    const { signal } = options
    checkSignal('signal', signal)
    if (signal?.aborted === true) throw aborted(signal)
    if (this.disposed)
      throw new MeshError('left', 'this mesh was disposed of: make a new one with createMesh()')
    if (this.ports.unsupported !== undefined) throw new MeshError('unsupported', this.ports.unsupported)
    const joining = this.joining ?? this.enter()
    return joining.wait(signal, () => {
      // Nobody waits for what has come, or for what was given up already.
      if (this.joining === joining && this.state !== 'connected') void this.leave()
    })
  }

  async leave(): Promise<void> {
    this.unwatch()
    this.unwatch = () => {}
    this.exit()
  }

  async invite(options: InviteOptions = {}): Promise<string> {
    this.mustBeJoined('invite')
    return this.invites.inviting.invite(options)
  }

  async welcome(reply: string, options: WelcomeOptions = {}): Promise<PeerId> {
    this.mustBeJoined('welcome')
    return this.invites.inviting.welcome(reply, options)
  }

  async send(peer: PeerId, data: Data, options: SendOptions = {}): Promise<void> {
    checkPeerId('peer', peer)
    if (peer === this.peerId) throw new RangeError('peer is this peer itself: a mesh does not send to itself')
    const { timeout, signal } = readSendOptions(options)
    const body = encodeData(data)
    this.mustBeJoined('send')
    return this.sending.direct(peer, body, timeout, signal)
  }

  sendBroadcast(
    topic: string,
    data: Data,
    options: BroadcastOptions & { readonly receipt: true },
  ): Promise<number>
  sendBroadcast(topic: string, data: Data, options?: BroadcastOptions): Promise<void>
  // biome-ignore lint/suspicious/noConfusingVoidType: a number with receipts, nothing without
  async sendBroadcast(topic: string, data: Data, options: BroadcastOptions = {}): Promise<number | void> {
    checkTopic(topic)
    const { order, onReceipt, signal, within } = readBroadcastOptions(options, this.order)
    const body = encodeData(data)
    this.mustBeJoined('sendBroadcast')
    if (within === undefined) return void (await this.sending.broadcast(topic, body, order, signal))
    const told = (count: number): void => {
      try {
        onReceipt?.(count)
      } catch (error) {
        this.thrown(error, 'onReceipt')
      }
    }
    return this.sending.broadcast(topic, body, order, signal, within, told)
  }

  async history(topic: string, options: HistoryOptions = {}): Promise<PastMessage[]> {
    checkTopic(topic)
    const { last, age, timeout, signal } = readHistoryOptions(options)
    this.mustBeJoined('history')
    const found = await this.sending.history(topic, last, age, timeout, signal)
    return this.inbox.past(topic, found, this.ports.wallClock())
  }

  subscribe(topic: string, handler: (message: Message) => void): () => void {
    checkPattern('topic', topic)
    checkFunction('handler', handler)
    return this.subscriptions.add(topic, handler)
  }

  setInterests(topics: readonly string[]): void {
    checkPatterns('interests', topics)
    this.interests = [...topics]
    this.tellTopics()
  }

  setIntents(topics: readonly string[]): void {
    checkPatterns('intents', topics)
    this.intents = [...topics]
    this.tellTopics()
  }

  discover(on: boolean): void {
    checkBoolean('on', on)
    this.driver.discover(on, this.joining !== undefined)
  }

  async diagnose(peer?: PeerId, options: DiagnoseOptions = {}): Promise<Diagnosis> {
    if (peer !== undefined) checkPeerId('peer', peer)
    const { signal } = options
    checkNames('diagnose options', options, ['signal'])
    checkSignal('signal', signal)
    const check = (): void => {
      if (signal?.aborted === true) throw aborted(signal)
    }
    check()
    const { driver, ports, node } = this
    const link = node.links().find(each => each.peer === peer)?.link
    const path = link === undefined ? undefined : await driver.links.pathOf(link)
    const found = await diagnose(ports.probes, {
      iceServers: this.iceServers,
      urls: ports.transport.urls ?? [],
      signalingUp: driver.signaling.up,
      linked: node.links().length > 0,
      peer: peer === undefined ? undefined : { id: peer, path },
      signal,
    })
    check()
    return found
  }

  on<E extends keyof MeshEvents>(event: E, listener: MeshEvents[E]): () => void {
    return this.emitter.on(event, listener)
  }

  once<E extends keyof MeshEvents>(event: E, listener: MeshEvents[E]): () => void {
    return this.emitter.once(event, listener)
  }

  off<E extends keyof MeshEvents>(event: E, listener: MeshEvents[E]): void {
    this.emitter.off(event, listener)
  }

  route(peer: PeerId, on = true): void {
    checkPeerId('peer', peer)
    if (peer === this.peerId) throw new RangeError('peer is this peer itself: a router is another one')
    this.mustBeJoined('route')
    this.driver.input({ kind: 'route', peer, on })
  }

  stats(): MeshStats {
    return statsOf(
      this.node,
      this.driver,
      this.ports.clock(),
      this.inbox.malformed,
      this.remembering?.size ?? 0,
    )
  }

  async [asyncDispose](): Promise<void> {
    await this.leave()
    if (this.disposed) return
    this.disposed = true
    this.release()
  }

  // ── joining and leaving ────────────────────────────────────────────────────────────────────────────────

  private enter(): Joining {
    const joining = new Joining()
    this.joining = joining
    this.unwatch()
    this.unwatch = watchPage(
      this.ports.page,
      () => this.exit(),
      () => {
        if (this.joining === undefined) this.enter()
      },
    )
    this.driver.input({ kind: 'join', bootstrap: [...this.invites.bootstrap, ...this.bootstrap] })
    this.remembering?.offer()
    this.awakening.start()
    this.invites.start()
    return joining
  }

  /** Leaves, and is done when it returns; inside a listener, when the turn is. */
  private exit(): void {
    const { joining } = this
    if (joining === undefined) return
    this.joining = undefined
    this.awakening.stop()
    this.driver.input({ kind: 'leave' })
    this.remembering?.stop()
    joining.fail(new MeshError('left', 'this mesh left before it had joined'))
  }

  /** Whoever waits for the join has it, if the state allows and the inviter, if there is one, has nothing against it. */
  private usable(): void {
    if (this.state === 'connected' && !this.invites.pending) this.joining?.succeed()
  }

  /** The node has left: whatever it did not end itself ends here. */
  private left(): void {
    this.driver.stop()
    this.known.stop()
    this.invites.end()
    this.sending.end()
  }

  private signalingOver(reason: string): void {
    const { joining } = this
    if (joining === undefined || this.state === 'connected' || this.node.links().length > 0) return
    // Nobody can be met without signaling: waiting on would be waiting for ever.
    joining.fail(new MeshError('refused', `signaling ended for good: ${reason}`))
    void this.leave()
  }

  private tellTopics(): void {
    const { interests, intents } = this
    this.driver.input({ kind: 'interests', interests, intents })
  }

  private mustBeJoined(call: string): void {
    if (this.joining === undefined)
      throw new MeshError('left', `${call}() needs a mesh that has joined: call join() first`)
  }

  // ── what comes back ────────────────────────────────────────────────────────────────────────────────────

  private play(effect: AppEffect): void {
    switch (effect.kind) {
      case 'deliver':
        this.inbox.deliver(effect)
        break
      case 'receipt':
        this.sending.tell(effect.request, effect.count)
        break
      case 'past':
        this.sending.tell(effect.request, effect.messages)
        break
      case 'settle':
        this.sending.settle(effect.request, effect.outcome)
        break
      case 'peer-connect':
        this.sending.linkUp(effect.peer, effect.link)
        this.driver.links.greet(effect.link)
        this.remembering?.met(effect.peer, this.node.recordOf(effect.peer))
        this.logger.debug('peer connected', effect.peer)
        this.invites.connected(effect.peer)
        this.emitter.emit('peer:connect', effect.peer)
        break
      case 'peer-disconnect':
        this.sending.linkDown(effect.peer, effect.link)
        this.logger.debug('peer disconnected', effect.peer, effect.reason)
        this.emitter.emit('peer:disconnect', effect.peer, effect.reason)
        break
      case 'peer-timeout':
        this.remembering?.failed(effect.peer)
        this.logger.debug('peer timed out', effect.peer)
        this.emitter.emit('peer:timeout', effect.peer)
        break
      case 'peer-topics': {
        const { peer, interests, intents } = effect
        this.logger.debug('peer topics', peer, interests, intents)
        this.emitter.emit('peer:topics', peer, { interests, intents })
        break
      }
      case 'accept':
        void this.screen(effect.peer)
        break
      case 'invite-letter':
        this.invites.letter(effect.from, effect.body)
        break
      case 'state':
        this.logger.info('state', effect.state)
        this.usable()
        if (effect.state === 'left') this.left()
        this.emitter.emit('state', effect.state)
        break
    }
  }

  /** Asks the application about a peer. */
  private async screen(peer: PeerId): Promise<void> {
    let ok = false
    try {
      // Not inside the turn that asks: what it calls is an input of its own.
      await undefined
      ok = (await this.accept?.(peer, { invited: this.invites.knows(peer) })) === true
    } catch (error) {
      this.thrown(error, 'accept')
    }
    this.driver.input({ kind: 'accepted', peer, ok })
  }

  /** Tells the application of something that works less well than it could. */
  warn(warning: MeshWarning): void {
    this.warnings.tell(warning)
  }

  /** What a listener throws is the page's error, shown as any uncaught one, and nobody else's trouble. */
  private thrown(error: unknown, where: string): void {
    this.logger.error(`${where} threw`, error)
    if (typeof reportError === 'function') reportError(error)
    else
      queueMicrotask(() => {
        throw error
      })
  }
}
