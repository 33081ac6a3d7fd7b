/**
 * Plays a node's effects on real links, timers, keys and a signaling transport, and turns what they tell into
 * inputs. What the application is to hear goes to the mesh.
 *
 * Invariants
 * 1. Inputs are taken one at a time: what arises while effects are played waits for its turn.
 * 2. Frames of one turn of the event loop leave together: bundled, in a microtask at its end.
 * 3. Nothing that a link, a key or a transport throws comes further than a warning.
 * 4. After {@link Driver.stop} no timer runs, no link is open, the transport is closed.
 * @module
 */
import type { Effect } from '../protocol/effect.ts'
import { base32, type PeerId } from '../protocol/id.ts'
import type { Input, PeerSample } from '../protocol/input.ts'
import type { Node } from '../protocol/node.ts'
import { Fifo } from '../protocol/wire/fifo.ts'
import type { SignalingEvents } from '../signaling/port.ts'
import { Answers } from './answers.ts'
import type { MeshWarning } from './api-events.ts'
import { LinkTable } from './link-table.ts'
import type { Ports } from './ports.ts'
import { Wake } from './wake.ts'

/** Effects that are the application's. */
export type AppEffect = Extract<
  Effect,
  {
    kind:
      | 'deliver'
      | 'receipt'
      | 'past'
      | 'settle'
      | 'peer-connect'
      | 'peer-disconnect'
      | 'link-replaced'
      | 'peer-timeout'
      | 'peer-topics'
      | 'state'
      | 'invite-letter'
      | 'accept'
  }
>

/** A connection to a server has not outlived a sleep of more than this, ms: servers ping twice a minute (docs/SIGNALING.md). */
const SOCKET_SLEEP = 60_000

/** What a driver tells the mesh; each may call back into the driver. */
export interface DriverEvents {
  effect(effect: AppEffect): void
  /** An input was taken and its effects played. */
  turn(): void
  /** The transport is gone for good and will not retry. */
  signalingOver(reason: string): void
  warning(warning: MeshWarning): void
}

export class Driver {
  readonly links: LinkTable
  /** The signaling server as `stats()` shows it. */
  readonly signaling = { up: false, reconnects: 0 }
  private readonly node: Node
  private readonly ports: Ports
  private readonly events: DriverEvents
  private readonly wake: Wake
  private readonly answers: Answers
  private readonly inputs = new Fifo<Input>()
  private playing = false
  private flushing = false
  /** Messages of what has thrown; they are few, and none is made of input. */
  private readonly thrown = new Set<string>()
  /** Others are not to be told of this peer. */
  private silent = false
  /** Counts signaling sessions, so that what an old one tells is not heard. */
  private session = 0

  constructor(node: Node, ports: Ports, events: DriverEvents) {
    this.node = node
    this.ports = ports
    this.events = events
    this.wake = new Wake(ports.timers, ports.clock, () => this.input({ kind: 'tick' }))
    this.answers = new Answers(answer => this.input(answer))
    this.links = new LinkTable(
      ports.links,
      input => this.input(input),
      (what, cause) => this.warn('link-failed', what, cause),
    )
  }

  /** Takes an input: now, or after those that are before it. */
  input(input: Input): void {
    this.inputs.push(input)
    if (this.playing) return
    this.playing = true
    for (let next = this.inputs.shift(); next !== undefined; next = this.inputs.shift()) this.take(next)
    this.playing = false
    if (!this.links.unsent || this.flushing) return
    this.flushing = true
    queueMicrotask(() => {
      this.flushing = false
      this.links.flush()
    })
  }

  /** The page is back: the transport hears of it before the node. */
  awake(slept: number, network: boolean): void {
    try {
      this.ports.transport.awake?.(network || slept > SOCKET_SLEEP)
    } catch (cause) {
      this.warn('signaling-failed', 'the transport did not wake', cause)
    }
    this.input({ kind: 'awake', slept, network })
  }

  /** Closes whatever a node that has left did not ask to be closed. */
  stop(): void {
    this.wake.stop()
    this.links.closeAll()
    this.closeTransport()
  }

  /** Whether others may be told of this peer; where signaling is open, it is opened anew. */
  discover(on: boolean, joined: boolean): void {
    if (this.silent === !on) return
    this.silent = !on
    this.input({ kind: 'discover', on })
    if (!joined) return
    this.closeTransport()
    this.joinSignaling()
  }

  private take(input: Input): void {
    let effects: readonly Effect[] = []
    try {
      effects = this.node.handle(input, this.ports.clock())
    } catch (cause) {
      this.warn('internal', `the protocol failed on '${input.kind}'`, cause)
    }
    for (const effect of effects) {
      try {
        this.play(effect)
      } catch (cause) {
        this.warn('internal', `'${effect.kind}' failed`, cause)
      }
    }
    // There is a link to that peer already.
    if (input.kind === 'adopt') this.links.discard(input.prepared, 'refused')
    this.events.turn()
  }

  private play(effect: Effect): void {
    switch (effect.kind) {
      case 'open-link':
        this.links.open(effect.link, effect.initiator, effect.prepared)
        break
      case 'link-signal':
        this.links.signal(effect.link, effect.data)
        break
      case 'send':
        this.links.send(effect.link, effect.frame)
        break
      case 'seen':
        this.links.told(effect.link, effect.address)
        break
      case 'restart-link':
        this.links.restart(effect.link)
        break
      case 'close-link':
        this.links.close(effect.link, effect.reason)
        break
      case 'signaling-join':
        this.joinSignaling()
        break
      case 'signaling-leave':
        this.closeTransport()
        break
      case 'signaling-sample':
        this.ports.transport.sample()
        break
      case 'envelope':
        this.ports.transport.send(effect.to, effect.bytes)
        break
      case 'sign':
        this.answers.ask(effect.token.machine, this.sign(effect))
        break
      case 'verify':
        this.answers.ask(effect.token.machine, this.verify(effect))
        break
      case 'wake':
        this.wake.at(effect.at)
        break
      default:
        this.events.effect(effect)
    }
  }

  private async sign({ token, bytes }: Extract<Effect, { kind: 'sign' }>): Promise<Input> {
    try {
      return { kind: 'signed', token, signature: await this.ports.identity.sign(bytes) }
    } catch (cause) {
      this.warn('identity-failed', 'the identity did not sign', cause)
      return { kind: 'signed', token, signature: new Uint8Array(0) }
    }
  }

  private async verify(effect: Extract<Effect, { kind: 'verify' }>): Promise<Input> {
    const { token, key, bytes, signature } = effect
    try {
      return { kind: 'verified', token, ok: await this.ports.verify(key, bytes, signature) }
    } catch (cause) {
      this.warn('crypto-failed', 'a signature could not be checked', cause)
      return { kind: 'verified', token, ok: false }
    }
  }

  private joinSignaling(): void {
    try {
      this.openTransport()
    } catch (cause) {
      this.warn('signaling-failed', 'the transport could not be opened', cause)
      this.events.signalingOver('the transport could not be opened')
    }
  }

  private openTransport(): void {
    const session = ++this.session
    const { config } = this.node
    const identity = this.ports.identity
    this.ports.transport.open(
      {
        id: config.id,
        publicKey: config.publicKey,
        discoveryKey: base32(config.discoveryKey),
        record: config.record,
        silent: this.silent,
        sign: bytes => identity.sign(bytes),
      },
      this.signalingEvents(() => session === this.session),
    )
  }

  private closeTransport(): void {
    this.session++
    this.signaling.up = false
    this.ports.transport.close()
  }

  private signalingEvents(current: () => boolean): SignalingEvents {
    let ups = 0
    let told = false
    const tell = (input: Input): void => {
      if (current()) this.input(input)
    }
    return {
      up: sample => {
        if (!current()) return
        this.signaling.up = true
        told = false
        if (ups++ > 0) this.signaling.reconnects++
        tell({ kind: 'signaling-up', sample: sample as readonly PeerSample[] })
      },
      sample: peers => tell({ kind: 'sample', sample: peers as readonly PeerSample[] }),
      down: (reason, retryIn) => {
        if (!current()) return
        // Told once each time it goes down, not for every attempt that fails.
        if (!told || retryIn === undefined) this.warn('signaling-down', `signaling is down: ${reason}`)
        told = true
        this.signaling.up = false
        tell({ kind: 'signaling-down' })
        if (retryIn === undefined) this.events.signalingOver(reason)
      },
      envelope: bytes => tell({ kind: 'envelope', bytes }),
      left: (peer: PeerId) => tell({ kind: 'peer-left', peer }),
      warning: (code, message) => {
        if (current()) this.warn(code, message)
      },
    }
  }

  private warn(code: string, message: string, cause?: unknown): void {
    if (cause === undefined) {
      this.events.warning({ code, message })
      return
    }
    // What throws once throws often: it is told once.
    if (this.thrown.has(message)) return
    this.thrown.add(message)
    this.events.warning({ code, message, cause })
  }
}
