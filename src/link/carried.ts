/**
 * Negotiation by one description each way, with every candidate in it, for signals that people carry: a code that is
 * pasted, a picture that is scanned. simple-peer gives a connection up when its checks meet nobody for 15 s; here the
 * answering side checks from the moment it has made its answer, and the other begins when somebody has brought that there.
 * @module
 */
import type { LinkFailure } from './port.ts'
import type { Signal } from './signal.ts'

/** Candidates are waited for this long, ms: a STUN server answers in a round trip, a dead one never. */
const GATHER = 3000
/** Pairs that met nobody are dropped by the engine after some 15 s; told of the candidates again, it makes them anew. */
const RENEW = 10_000

export interface CarriedEvents {
  /** The one signal, as JSON. */
  signal(data: string): void
  end(reason: LinkFailure): void
}

export class CarriedNegotiation {
  private readonly connection: RTCPeerConnection
  private readonly events: CarriedEvents
  private renewing: ReturnType<typeof setInterval> | undefined
  private gathering: ReturnType<typeof setTimeout> | undefined

  constructor(
    connection: RTCPeerConnection,
    channel: RTCDataChannel,
    initiator: boolean,
    events: CarriedEvents,
  ) {
    this.connection = connection
    this.events = events
    channel.addEventListener('open', () => clearInterval(this.renewing))
    channel.addEventListener('close', () => events.end('closed'))
    connection.addEventListener('connectionstatechange', () => {
      // Before the channel has opened once, a failure is only a wait.
      if (connection.connectionState === 'failed' && channel.readyState !== 'connecting') events.end('failed')
    })
    if (initiator) this.run(async () => this.describe(await connection.createOffer()))
  }

  signal(signal: Signal): void {
    // A carried description holds every candidate there is.
    if (signal.type === 'candidate' || signal.type === 'restart') return
    const { connection } = this
    this.run(async () => {
      await connection.setRemoteDescription(signal)
      if (signal.type === 'answer') return
      await this.describe(await connection.createAnswer())
      const candidates = signal.sdp.match(/(?<=^a=)candidate:.*$/gm) ?? []
      this.renewing = setInterval(() => {
        for (const candidate of candidates)
          connection.addIceCandidate({ candidate: candidate.trim(), sdpMLineIndex: 0 }).catch(() => {})
      }, RENEW)
    })
  }

  destroy(): void {
    clearInterval(this.renewing)
    clearTimeout(this.gathering)
    this.connection.close()
  }

  private run(step: () => Promise<void>): void {
    step().catch(() => {
      if (this.connection.signalingState !== 'closed') this.events.end('failed')
    })
  }

  private async describe(description: RTCSessionDescriptionInit): Promise<void> {
    const { connection } = this
    await connection.setLocalDescription(description)
    await this.gathered()
    const { localDescription } = connection
    if (connection.signalingState === 'closed' || localDescription === null) return
    this.events.signal(JSON.stringify({ type: localDescription.type, sdp: localDescription.sdp }))
  }

  private gathered(): Promise<void> {
    const { connection } = this
    if (connection.iceGatheringState === 'complete') return Promise.resolve()
    return new Promise(resolve => {
      this.gathering = setTimeout(resolve, GATHER)
      connection.addEventListener('icegatheringstatechange', () => {
        if (connection.iceGatheringState !== 'complete') return
        clearTimeout(this.gathering)
        resolve()
      })
    })
  }
}
