/**
 * A DTLS certificate made ahead of need. A connection without one waits for its own at the first offer or
 * answer; each certificate still serves one link only, so that no two links have the same binding.
 * @module
 */

/** ECDSA on P-256: what browsers make by default, far faster than RSA (RFC 8827 §6.5). */
const ALGORITHM: EcKeyGenParams = { name: 'ECDSA', namedCurve: 'P-256' }

export class SpareCertificate {
  private spare: RTCCertificate | undefined
  private making = false

  constructor() {
    void this.make()
  }

  /** The spare one, if it is ready; the next is made meanwhile. Without it the connection makes its own. */
  take(): RTCCertificate | undefined {
    const certificate = this.spare
    this.spare = undefined
    void this.make()
    // They last for 30 days; a tab may be older.
    return certificate && certificate.expires > Date.now() ? certificate : undefined
  }

  private async make(): Promise<void> {
    if (this.making) return
    this.making = true
    try {
      this.spare = await RTCPeerConnection.generateCertificate(ALGORITHM)
    } catch {
      // Without a spare one, connections make their own.
    }
    this.making = false
  }
}
