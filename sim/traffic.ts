/**
 * What crossed the links: frames by type, packets and bytes. Bytes are those of data-channel messages, without
 * what SCTP, DTLS and UDP add.
 * @module
 */
import { Frame } from '../src/protocol/wire/frame.ts'

/** Counters at one moment; the difference of two is what a phase cost. */
export class Traffic {
  packets = 0
  bytes = 0
  /** PUSH frames that reached their receiver. */
  pushesArrived = 0
  /** Those of them whose sender was on another island when the last partition ended. */
  pushesCrossed = 0
  packetsLost = 0
  /** Links that came up or went down, each end counted. */
  linkChanges = 0
  /** Neighbours that applications were told to be gone. */
  disconnects = 0
  /** Ends of links that came up after the first of either peer, and those whose letters all came over the mesh. */
  laterLinks = 0
  laterByMesh = 0
  readonly frames = new Float64Array(256)
  readonly frameBytes = new Float64Array(256)

  frame(bytes: Uint8Array): void {
    const type = bytes[0] as number
    this.frames[type] = (this.frames[type] as number) + 1
    this.frameBytes[type] = (this.frameBytes[type] as number) + bytes.length
  }

  /** Bytes of the gossip frames that carry no message: the price of exactly-once. */
  get gossipControlBytes(): number {
    let sum = 0
    for (const type of GOSSIP_CONTROL) sum += this.frameBytes[type] as number
    return sum
  }

  get pushBytes(): number {
    return this.frameBytes[Frame.PUSH] as number
  }

  copy(): Traffic {
    const copy = new Traffic()
    copy.packets = this.packets
    copy.bytes = this.bytes
    copy.pushesArrived = this.pushesArrived
    copy.pushesCrossed = this.pushesCrossed
    copy.packetsLost = this.packetsLost
    copy.linkChanges = this.linkChanges
    copy.disconnects = this.disconnects
    copy.laterLinks = this.laterLinks
    copy.laterByMesh = this.laterByMesh
    copy.frames.set(this.frames)
    copy.frameBytes.set(this.frameBytes)
    return copy
  }

  /** What was counted since `earlier`. */
  since(earlier: Traffic): Traffic {
    const difference = this.copy()
    difference.packets -= earlier.packets
    difference.bytes -= earlier.bytes
    difference.pushesArrived -= earlier.pushesArrived
    difference.pushesCrossed -= earlier.pushesCrossed
    difference.packetsLost -= earlier.packetsLost
    difference.linkChanges -= earlier.linkChanges
    difference.disconnects -= earlier.disconnects
    difference.laterLinks -= earlier.laterLinks
    difference.laterByMesh -= earlier.laterByMesh
    for (let type = 0; type < 256; type++) {
      difference.frames[type] = (difference.frames[type] as number) - (earlier.frames[type] as number)
      difference.frameBytes[type] =
        (difference.frameBytes[type] as number) - (earlier.frameBytes[type] as number)
    }
    return difference
  }
}

const GOSSIP_CONTROL = [
  Frame.ACK,
  Frame.IHAVE,
  Frame.GRAFT,
  Frame.PRUNE,
  Frame.RANGES,
  Frame.INTERESTS,
  Frame.DECLINE,
  Frame.SKIP,
  Frame.TALLY,
]
