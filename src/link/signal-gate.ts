/**
 * Which signals of the other side a link takes: of the other role, one description until it is open, and not without end.
 * @module
 */
import { sameFingerprint } from './binding.ts'
import type { Signal } from './signal.ts'

/** Candidates taken from the other side: a host with many interfaces has some 30, and each costs connectivity checks. */
const MAX_CANDIDATES = 64
/** Descriptions after the first, each of which begins an ICE restart: a phone on a train for an hour. Then the link is made anew. */
const MAX_RESTARTS = 64

/** Of an RTCPeerConnection. */
interface Described {
  readonly remoteDescription: { readonly sdp: string } | null
}

export class SignalGate {
  private readonly initiator: boolean
  private described = false
  private candidates = 0
  private restarts = 0

  constructor(initiator: boolean) {
    this.initiator = initiator
  }

  /**
   * One description per link, of the other role; later ones may find a new path, to the same fingerprint as in the handshake.
   *
   * @param open the connection, once its channel is open
   */
  accepts(signal: Signal, open: Described | undefined): boolean {
    if (signal.type === 'candidate') return true
    if ((signal.type !== 'offer') !== this.initiator) return false
    if (open) {
      if (++this.restarts > MAX_RESTARTS) return false
      if (signal.type === 'restart') return true
      this.candidates = 0
      return sameFingerprint(signal.sdp, open.remoteDescription?.sdp)
    }
    if (this.described) return false
    this.described = true
    return signal.type !== 'restart'
  }

  /** Counts a candidate; whether it is one too many, which is let drop without a word. */
  exceeds(): boolean {
    return ++this.candidates > MAX_CANDIDATES
  }
}
