/**
 * The link of a browser: an RTCPeerConnection with one data channel, negotiated by simple-peer.
 *
 * The connection and its channel are made here and handed to simple-peer (by its `wrtc` option), which does
 * offers, answers, candidates and their order. Bytes go to and from the channel itself. That way nothing depends on
 * simple-peer's inside, and what it gets wrong does not show:
 * - `connect` waits for polls of `getStats`: here a link is open when its channel is;
 * - its stream would buffer, convert and copy: `send` and `message` are the channel's own;
 * - `iceServers` are set on the connection, not lost beside `config`;
 * - a clean remote close comes as error ERR_DATA_CHANNEL before `close`: here both are `closed`.
 *
 * The channel is negotiated out of band (id 0 on both sides), which saves the round trip that announces it and
 * leaves a stranger no way to open more of them.
 * @module
 */
/// <reference path="./simple-peer-module.d.ts" />
import Peer from 'simple-peer'
import { sha256 } from '../crypto/hash.ts'
import { bindingOf, fingerprintOf } from './binding.ts'
import { CarriedNegotiation } from './carried.ts'
import { SpareCertificate } from './certificate.ts'
import { newConnection } from './new-connection.ts'
import { pathOf } from './path.ts'
import {
  type Link,
  type LinkEvents,
  type LinkFactory,
  type LinkFailure,
  type LinkPath,
  MAX_PACKET,
} from './port.ts'
import { readSignal } from './signal.ts'
import { SignalGate } from './signal-gate.ts'
import { TAKEN, Window } from './window.ts'

export interface SimplePeerOptions {
  /** STUN and TURN servers. Default: none, which is enough within one network. */
  readonly iceServers?: readonly RTCIceServer[]
  /** `relay` uses TURN servers only. Default `all`. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy
  /** Milliseconds for the channel to open. */
  readonly connectTimeout?: number
}

/** Chromium gives ICE up after 15 s; a dial that takes 10 s is dead in all likelihood, and its slot is wanted. */
export const CONNECT_TIMEOUT = 10_000
/** How long a closing link may take to send what it holds: 1 MiB (the high-water mark) at 3 Mbit/s. */
const LINGER = 3_000
/** id 0 on both sides; ordered and reliable are the defaults of a channel, said here because the port promises them. */
const CHANNEL: RTCDataChannelInit = { negotiated: true, id: 0, ordered: true }

export class SimplePeerLinkFactory implements LinkFactory {
  private readonly config: RTCConfiguration
  private readonly connectTimeout: number
  private readonly certificates = new SpareCertificate()

  /** @throws TypeError without WebRTC, or naming `iceServers` when the browser refuses them. */
  constructor(options: SimplePeerOptions = {}) {
    if (typeof RTCPeerConnection !== 'function')
      throw new TypeError('RTCPeerConnection is not available here')
    this.connectTimeout = options.connectTimeout ?? CONNECT_TIMEOUT
    this.config = {
      iceServers: [...(options.iceServers ?? [])],
      ...(options.iceTransportPolicy ? { iceTransportPolicy: options.iceTransportPolicy } : {}),
    }
    try {
      if (options.iceServers?.length) new RTCPeerConnection(this.config).close()
    } catch (cause) {
      // Chromium's word for "too many connections": the servers may be fine.
      if (cause instanceof DOMException && cause.name === 'UnknownError') return
      throw new TypeError(`iceServers: ${cause instanceof Error ? cause.message : cause}`, { cause })
    }
  }

  open(initiator: boolean, events: LinkEvents, patience?: number): Link {
    const certificate = this.certificates.take()
    const config = certificate ? { ...this.config, certificates: [certificate] } : this.config
    return new SimplePeerLink(initiator, events, config, this.connectTimeout, patience)
  }
}

type LinkState = 'opening' | 'open' | 'closing' | 'ended'

class SimplePeerLink implements Link {
  private readonly initiator: boolean
  private readonly events: LinkEvents
  private readonly connectTimeout: number
  /** Until the channel is open; then, until a closing one has sent what it holds. */
  private timer: ReturnType<typeof setTimeout>
  private readonly connection: RTCPeerConnection | undefined
  private readonly channel: RTCDataChannel | undefined
  private readonly peer: Peer | CarriedNegotiation | undefined
  private state: LinkState = 'opening'
  private readonly window = new Window()
  private readonly gate: SignalGate
  /** The other side's description, as it was handed to the engine. */
  private remote = ''
  readonly restart?: () => void

  constructor(
    initiator: boolean,
    events: LinkEvents,
    config: RTCConfiguration,
    connectTimeout: number,
    patience: number | undefined,
  ) {
    this.initiator = initiator
    this.gate = new SignalGate(initiator)
    this.events = events
    this.connectTimeout = connectTimeout
    // Who carries signals by hand carries no more of them.
    if (patience === undefined) this.restart = () => this.renew()
    this.timer = setTimeout(() => this.end('timeout'), patience ?? connectTimeout)
    this.connection = newConnection(config)
    if (!this.connection) {
      this.endSoon('failed')
      return
    }
    this.channel = this.openChannel(this.connection)
    this.peer =
      patience === undefined
        ? this.negotiate(this.connection, this.channel)
        : new CarriedNegotiation(this.connection, this.channel, initiator, {
            signal: data => this.told(data),
            end: reason => this.end(reason),
          })
  }

  get bufferedAmount(): number {
    return this.channel?.bufferedAmount ?? 0
  }

  send(packet: Uint8Array): boolean {
    if (packet.length === 0 || packet.length > MAX_PACKET) {
      throw new RangeError(`packet: 1 to ${MAX_PACKET} bytes wanted, ${packet.length} given`)
    }
    const { channel } = this
    // The channel closes some time before it says so.
    if (this.state !== 'open' || channel?.readyState !== 'open') return false
    try {
      channel.send(packet as Uint8Array<ArrayBuffer>)
    } catch {
      // The queue of 16 MiB is full: whoever sends on without waiting for `drain` loses the link, not a packet.
      this.endSoon('failed')
      return false
    }
    return this.window.sent(packet.length)
  }

  signal(data: string): void {
    if (this.state === 'closing' || this.state === 'ended') return
    const signal = readSignal(data)
    const { gate } = this
    if (!signal || !gate.accepts(signal, this.state === 'open' ? this.connection : undefined)) {
      this.endSoon('failed')
      return
    }
    if (signal.type === 'restart') {
      this.renew()
      return
    }
    if (signal.type === 'candidate' && gate.exceeds()) return
    if (signal.type !== 'candidate') this.remote = signal.sdp
    if (signal.type === 'answer' && this.state === 'opening') {
      clearTimeout(this.timer)
      this.timer = setTimeout(() => this.end('timeout'), this.connectTimeout)
    }
    try {
      this.peer?.signal(signal)
    } catch {
      this.endSoon('failed')
    }
  }

  /** Only the initiator makes offers, so that two never cross: the other side asks it to. */
  private renew(): void {
    if (this.state !== 'open' || this.peer instanceof CarriedNegotiation) return
    if (this.initiator) {
      this.connection?.restartIce()
      this.peer?.negotiate()
    } else queueMicrotask(() => this.state === 'open' && this.events.signal('{"type":"restart"}'))
  }

  close(): void {
    if (this.state === 'closing' || this.state === 'ended') return
    clearTimeout(this.timer)
    const wasOpen = this.state === 'open'
    this.state = 'closing'
    if (!wasOpen || !this.channel) {
      this.destroy()
      return
    }
    // Closing the channel first sends what is buffered and tells the other side; simple-peer closes the
    // connection when the channel has closed. Closing the connection at once would lose both.
    this.timer = setTimeout(() => this.end('closed'), LINGER)
    this.channel.close()
  }

  async path(): Promise<LinkPath> {
    return pathOf(this.state === 'open' ? this.connection : undefined)
  }

  private openChannel(connection: RTCPeerConnection): RTCDataChannel {
    const channel = connection.createDataChannel('tabmesh', CHANNEL)
    channel.binaryType = 'arraybuffer'
    channel.addEventListener('open', () => this.opened(channel))
    channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (this.state !== 'open') return
      if (data instanceof ArrayBuffer && data.byteLength > 0) {
        if (this.window.received(data.byteLength) && channel.readyState === 'open') channel.send(TAKEN)
        this.events.packet(new Uint8Array(data))
      } else if (data !== TAKEN || !this.window.settled()) this.end('failed')
      else {
        if (this.window.laden) this.events.taken()
        if (this.window.drained()) this.events.drain()
      }
    })
    // The one channel there is was agreed on; a stranger's others would fill memory unread.
    connection.addEventListener('datachannel', () => this.end('failed'))
    return channel
  }

  private negotiate(connection: RTCPeerConnection, channel: RTCDataChannel): Peer {
    // simple-peer makes one connection and one channel: it gets ours.
    Object.defineProperty(connection, 'createDataChannel', { value: () => channel })
    const peer = new Peer({
      initiator: this.initiator,
      trickle: true,
      objectMode: true,
      channelConfig: CHANNEL,
      // Only matters without trickle, but its timer would hold a closed link for 5 s.
      iceCompleteTimeout: 1,
      wrtc: {
        RTCPeerConnection: function given() {
          return connection
        },
        RTCSessionDescription,
        RTCIceCandidate,
      },
    })
    peer.on('signal', signal => this.told(JSON.stringify(signal)))
    peer.on('error', error => this.end(error.code === 'ERR_DATA_CHANNEL' ? 'closed' : 'failed'))
    peer.on('close', () => this.end('closed'))
    return peer
  }

  private told(signal: string): void {
    if (this.state === 'opening' || this.state === 'open') this.events.signal(signal)
  }

  private opened(channel: RTCDataChannel): void {
    if (this.state !== 'opening') return
    const binding = this.binding()
    if (!binding) {
      this.end('failed')
      return
    }
    clearTimeout(this.timer)
    this.state = 'open'
    // simple-peer would push each message into its stream, which nobody reads.
    channel.onmessage = null
    this.events.open(binding)
  }

  private binding(): Uint8Array | undefined {
    const own = fingerprintOf(this.connection?.localDescription?.sdp ?? '')
    // A waiting side is met so early that its channel can be open before Chromium tells that the answer is set.
    const other = fingerprintOf(this.connection?.remoteDescription?.sdp ?? this.remote)
    if (!own || !other) return undefined
    // Where the engine shows the certificate that DTLS really saw, the description must have told of that one.
    const seen = this.connection?.sctp?.transport.getRemoteCertificates?.()[0]
    if (seen && sha256(new Uint8Array(seen)).some((byte, i) => byte !== other[i])) return undefined
    return bindingOf(this.initiator, own, other)
  }

  /** For ends found inside a call to the link, where nothing may be told. */
  private endSoon(reason: LinkFailure): void {
    queueMicrotask(() => this.end(reason))
  }

  private end(reason: LinkFailure): void {
    if (this.state === 'ended') return
    const tell = this.state !== 'closing'
    clearTimeout(this.timer)
    this.state = 'ended'
    this.destroy()
    if (tell) this.events.closed(reason)
  }

  /** Frees the connection. simple-peer takes a second call as none. */
  private destroy(): void {
    this.peer?.destroy()
  }
}
