/**
 * What one link still has to send. Frames of one turn are bundled into packets; packets wait here until there is room for
 * them, bundles of small frames ahead of the fragments of large ones, so that an ack or a ping does not stand behind 16 MiB.
 *
 * Fragments leave in their order, bundles in theirs (packet.ts puts one frame together at a time).
 * @module
 */
import { Fifo } from './fifo.ts'
import { MAX_PACKET } from './limits.ts'
import { isFragment, Packer } from './packet.ts'

export class Backlog {
  /** Bytes that wait. */
  queued = 0
  /** The full mark was passed, the drained mark not yet again: what {@link turned} has found. */
  full = false
  private readonly packer: Packer
  private readonly fullMark: number
  private readonly drainedMark: number
  private readonly bundles = new Fifo<Uint8Array>()
  private readonly fragments = new Fifo<Uint8Array>()
  private readonly enqueue = (packet: Uint8Array): void => {
    this.queued += packet.length
    if (!isFragment(packet)) {
      this.bundles.push(packet)
      return
    }
    this.fragments.push(packet)
    this.fragmented += packet.length
  }
  /** Bytes of fragments of the frame that is being added. */
  private fragmented = 0
  /** What is left of the first large frame, and the sizes of those behind it. */
  private current = 0
  private readonly larger = new Fifo<number>()

  constructor(fullMark: number, drainedMark: number, maxPacket = MAX_PACKET) {
    this.fullMark = fullMark
    this.drainedMark = drainedMark
    this.packer = new Packer(maxPacket)
  }

  /** Takes a frame. It is sure to be in a packet after the next {@link pack}. */
  add(frame: Uint8Array): void {
    this.packer.add(frame, this.enqueue)
    if (this.fragmented === 0) return
    if (this.current === 0) this.current = this.fragmented
    else this.larger.push(this.fragmented)
    this.fragmented = 0
  }

  /** The end of a turn. */
  pack(): void {
    this.packer.flush(this.enqueue)
  }

  /** The next bundle. */
  bundle(): Uint8Array | undefined {
    const packet = this.bundles.shift()
    if (packet !== undefined) this.queued -= packet.length
    return packet
  }

  /** The next packet. */
  take(): Uint8Array | undefined {
    const bundle = this.bundle()
    if (bundle !== undefined) return bundle
    const packet = this.fragments.shift()
    if (packet === undefined) return undefined
    this.queued -= packet.length
    this.current -= packet.length
    if (this.current === 0) this.current = this.larger.shift() ?? 0
    return packet
  }

  /**
   * Whether a mark was passed since the last call: `full` is another now. The large frame that is on its way is not
   * counted: a link is not slow because one message is large.
   */
  turned(): boolean {
    const counted = this.queued - this.current
    const full = this.full ? counted > this.drainedMark : counted >= this.fullMark
    if (full === this.full) return false
    this.full = full
    return true
  }
}
