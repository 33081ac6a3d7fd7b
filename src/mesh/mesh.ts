/**
 * The mesh that an application holds: checks what it is given and hands it to the part that does it (assemble.ts makes
 * them). What comes back is told by app-effects.ts.
 *
 * Invariants
 * 1. A wrong argument is refused before anything happens; in an asynchronous call, by its promise.
 * 2. Every promise given out settles: with its outcome, its AbortSignal, or `left`.
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
import { assemble, type PartSettings } from './assemble.ts'
import { readBroadcastOptions, readHistoryOptions, readSendOptions } from './call-options.ts'
import { encodeData } from './data-encode.ts'
import { type Diagnosis, diagnose } from './diagnose.ts'
import { MeshError } from './errors.ts'
import type { Membership } from './membership.ts'
import type { Parts } from './parts.ts'
import type { Ports } from './ports.ts'
import { aborted } from './requests.ts'
import { statsOf } from './stats.ts'

/** Engines without explicit resource management go by this name, as compilers do that translate `using`. */
const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for('Symbol.asyncDispose') as typeof Symbol.asyncDispose)

/** What a mesh is set to: the options that are not the node's. */
export interface LiveMeshSettings extends PartSettings {
  readonly order: Order
  readonly iceServers: readonly RTCIceServer[]
}

export class LiveMesh implements Mesh {
  readonly peerId: PeerId
  private readonly order: Order
  private readonly iceServers: readonly RTCIceServer[]
  private readonly release: () => void
  private readonly parts: Parts
  private readonly membership: Membership
  private interests = EVERYTHING
  private intents: readonly string[] = []
  private disposed = false

  /** @param release frees the identity when the mesh is disposed of */
  constructor(node: Node, ports: Ports, settings: LiveMeshSettings, release: () => void) {
    this.peerId = node.config.id
    this.order = settings.order
    this.iceServers = settings.iceServers
    this.release = release
    const { parts, membership } = assemble(node, ports, settings)
    this.parts = parts
    this.membership = membership
  }

  get state(): NodeState {
    return this.parts.node.state
  }

  get neighbours(): readonly PeerId[] {
    return this.parts.node.links().map(link => link.peer)
  }

  get peers(): readonly PeerId[] {
    return this.parts.node.known()
  }

  async join(options: JoinOptions = {}): Promise<void> {
    checkNames('join options', options, ['signal'])
    const { signal } = options
    checkSignal('signal', signal)
    if (signal?.aborted === true) throw aborted(signal)
    if (this.disposed)
      throw new MeshError('left', 'this mesh was disposed of: make a new one with createMesh()')
    if (this.parts.ports.unsupported !== undefined)
      throw new MeshError('unsupported', this.parts.ports.unsupported)
    return this.membership.join(signal)
  }

  async leave(): Promise<void> {
    this.membership.leave()
  }

  async invite(options: InviteOptions = {}): Promise<string> {
    this.mustBeJoined('invite')
    return this.parts.invites.inviting.invite(options)
  }

  async welcome(reply: string, options: WelcomeOptions = {}): Promise<PeerId> {
    this.mustBeJoined('welcome')
    return this.parts.invites.inviting.welcome(reply, options)
  }

  async send(peer: PeerId, data: Data, options: SendOptions = {}): Promise<void> {
    checkPeerId('peer', peer)
    if (peer === this.peerId) throw new RangeError('peer is this peer itself: a mesh does not send to itself')
    const { timeout, signal } = readSendOptions(options)
    const body = encodeData(data)
    this.mustBeJoined('send')
    return this.parts.sending.direct(peer, body, timeout, signal)
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
    if (within === undefined) return void (await this.parts.sending.broadcast(topic, body, order, signal))
    const told = (count: number): void => {
      try {
        onReceipt?.(count)
      } catch (error) {
        this.parts.listeners.thrown(error, 'onReceipt')
      }
    }
    return this.parts.sending.broadcast(topic, body, order, signal, within, told)
  }

  async history(topic: string, options: HistoryOptions = {}): Promise<PastMessage[]> {
    checkTopic(topic)
    const { last, age, timeout, signal } = readHistoryOptions(options)
    this.mustBeJoined('history')
    const found = await this.parts.sending.history(topic, last, age, timeout, signal)
    return this.parts.listeners.inbox.past(topic, found, this.parts.ports.wallClock())
  }

  subscribe(topic: string, handler: (message: Message) => void): () => void {
    checkPattern('topic', topic)
    checkFunction('handler', handler)
    return this.parts.listeners.subscriptions.add(topic, handler)
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
    this.parts.driver.discover(on, this.membership.joined)
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
    const { driver, ports, node } = this.parts
    const found = node.links().find(each => each.peer === peer)
    const path = found && (await driver.links.pathOf(found.link))
    const diagnosis = await diagnose(ports.probes, {
      iceServers: this.iceServers,
      urls: ports.transport.urls ?? [],
      signalingUp: driver.signaling.up,
      linked: node.links().length > 0,
      peer: peer === undefined ? undefined : { id: peer, path, relayed: found?.relayed === true },
      signal,
    })
    check()
    return diagnosis
  }

  on<E extends keyof MeshEvents>(event: E, listener: MeshEvents[E]): () => void {
    return this.parts.listeners.emitter.on(event, listener)
  }

  once<E extends keyof MeshEvents>(event: E, listener: MeshEvents[E]): () => void {
    return this.parts.listeners.emitter.once(event, listener)
  }

  off<E extends keyof MeshEvents>(event: E, listener: MeshEvents[E]): void {
    this.parts.listeners.emitter.off(event, listener)
  }

  route(peer: PeerId, on = true): void {
    checkPeerId('peer', peer)
    if (peer === this.peerId) throw new RangeError('peer is this peer itself: a router is another one')
    this.mustBeJoined('route')
    this.parts.driver.input({ kind: 'route', peer, on })
  }

  stats(): MeshStats {
    const { node, driver, ports, listeners, remembering } = this.parts
    return statsOf(node, driver, ports.clock(), listeners.inbox.malformed, remembering?.size ?? 0)
  }

  async [asyncDispose](): Promise<void> {
    await this.leave()
    if (this.disposed) return
    this.disposed = true
    this.release()
  }

  /** Tells the application of something that works less well than it could. */
  warn(warning: MeshWarning): void {
    this.parts.listeners.warnings.tell(warning)
  }

  private tellTopics(): void {
    const { interests, intents } = this
    this.parts.driver.input({ kind: 'interests', interests, intents })
  }

  private mustBeJoined(call: string): void {
    if (!this.membership.joined)
      throw new MeshError('left', `${call}() needs a mesh that has joined: call join() first`)
  }
}
