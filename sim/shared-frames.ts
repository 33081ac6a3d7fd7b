/**
 * Frames that many peers keep: a broadcast has the same bytes in every history, but for the links it crossed. In tabs of
 * their own each holds its own; here those with equal bytes hold one, or a swarm of thousands would be little else.
 * @module
 */

/** What keeps a broadcast: nothing writes to either once it is kept. */
export interface Keeper {
  frame: Uint8Array
  /** A view into the frame. */
  body: Uint8Array
}

/** Bytes of frames that are remembered: those of a broadcast are met again within seconds. */
const REMEMBERED = 32 * 1024 * 1024
/** The signature ends a frame, and differs from broadcast to broadcast. */
const NAME_BYTES = 6

export class SharedFrames {
  /** Bytes of the frames remembered. */
  bytes = 0
  /** By name of the broadcast, oldest first: its frames, no two alike. */
  private readonly byName = new Map<number, Keeper[]>()
  private readonly limit: number

  constructor(limit = REMEMBERED) {
    this.limit = limit
  }

  /** Puts frame and body of an equal one in the place of these, if there is one. */
  share(keeper: Keeper): void {
    const { frame, body } = keeper
    if (frame.length < NAME_BYTES) return
    const name = Buffer.from(frame.buffer, frame.byteOffset, frame.length).readUIntBE(
      frame.length - NAME_BYTES,
      NAME_BYTES,
    )
    const known = this.byName.get(name)
    const same = known?.find(other => Buffer.compare(other.frame, frame) === 0)
    if (same !== undefined) {
      keeper.frame = same.frame
      keeper.body = same.body
      return
    }
    if (known === undefined) this.byName.set(name, [{ frame, body }])
    else known.push({ frame, body })
    this.bytes += frame.length
    for (const [old, frames] of this.byName) {
      if (this.bytes <= this.limit) break
      for (const each of frames) this.bytes -= each.frame.length
      this.byName.delete(old)
    }
  }
}
