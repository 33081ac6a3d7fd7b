import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HIGH_WATER, type Link, MAX_PACKET } from '../link/port.ts'
import { Unpacker } from '../protocol/wire/packet.ts'
import { FULL_MARK, Outgoing, QUEUE_BOUND } from './outgoing.ts'

/** A link whose buffer takes `room` bytes and then waits. */
function outgoing(room: number) {
  const told: string[] = []
  const packets: Uint8Array[] = []
  let buffered = 0
  const link: Link = {
    get bufferedAmount() {
      return buffered
    },
    send(packet) {
      packets.push(packet)
      buffered += packet.length
      return buffered < room
    },
    signal() {},
    close() {},
    path: async () => ({ kind: 'unknown', local: '', remote: '' }),
  }
  const queue = new Outgoing(link, {
    full: () => told.push('full'),
    drained: () => told.push('drained'),
    overflow: () => told.push('overflow'),
    sent: () => {},
  })
  const empty = (): void => {
    buffered = 0
    queue.drain()
  }
  const arrived = (): Uint8Array[] => {
    const frames: Uint8Array[] = []
    const unpacker = new Unpacker()
    for (const packet of packets)
      expect(unpacker.read(packet, (bytes, start, end) => frames.push(bytes.slice(start, end)))).toBe('ok')
    return frames
  }
  return { queue, told, packets, empty, arrived }
}

const frame = (length: number, first: number): Uint8Array => new Uint8Array(length).fill(first, 0, 1)

describe('outgoing frames', () => {
  it('of one turn leave in one packet', () => {
    const { queue, packets, arrived } = outgoing(HIGH_WATER)
    for (let i = 0; i < 100; i++) queue.add(frame(100, i))
    expect(packets).toHaveLength(0)
    queue.flush()
    expect(packets).toHaveLength(1)
    expect(arrived().map(bytes => bytes[0])).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })

  it('wait for the channel, small ones ahead of the rest of a large one', () => {
    const { queue, packets, empty, arrived } = outgoing(2 * MAX_PACKET)
    queue.add(frame(100_000, 1))
    queue.flush()
    expect(packets.length).toBeLessThan(4)
    queue.add(frame(10, 2))
    queue.flush()
    empty()
    empty()
    empty()
    empty()
    expect(arrived().map(bytes => bytes[0])).toEqual([2, 1])
  })

  it('tell that they are many, and that they are few again, one large one not counted', () => {
    const { queue, told, empty } = outgoing(MAX_PACKET)
    queue.add(frame(15 * FULL_MARK, 1))
    queue.add(frame(100, 2))
    expect(told).toEqual([])
    queue.add(frame(FULL_MARK / 2, 3))
    expect(told).toEqual([])
    queue.add(frame(FULL_MARK / 2, 4))
    expect(told).toEqual(['full'])
    queue.flush()
    while (queue.queued > 0) empty()
    expect(told).toEqual(['full', 'drained'])
  })

  it('are bounded', () => {
    const { queue, told } = outgoing(1)
    for (let sent = 0; sent <= QUEUE_BOUND + 1e6; sent += 1e6) queue.add(frame(1e6, 1))
    expect(told).toEqual(['full', 'overflow'])
    const { queued } = queue
    queue.add(frame(1e6, 1))
    expect(queue.queued).toBe(queued)
  })

  it('all leave at the end where they are few, the small ones always', () => {
    const few = outgoing(1)
    few.queue.add(frame(100_000, 1))
    few.queue.flush()
    few.queue.add(frame(10, 2))
    few.queue.finish()
    expect(few.arrived().map(bytes => bytes[0])).toEqual([2, 1])
    const many = outgoing(1)
    many.queue.add(frame(4 * HIGH_WATER, 1))
    many.queue.flush()
    many.queue.add(frame(10, 2))
    many.queue.finish()
    expect(many.arrived().map(bytes => bytes[0])).toEqual([2])
    expect(many.packets).toHaveLength(2)
  })

  it('all arrive, the small and the large each in order, whatever the channel does', () => {
    const step = fc.oneof(
      fc.integer({ min: 1, max: 60_000 }),
      fc.constantFrom('flush' as const, 'drain' as const),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 100_000 }), (steps, room) => {
        const { queue, empty, arrived } = outgoing(room)
        const sent: Uint8Array[] = []
        for (const [i, step] of steps.entries()) {
          if (step === 'flush') queue.flush()
          else if (step === 'drain') empty()
          else {
            sent.push(frame(step, i))
            queue.add(frame(step, i))
          }
        }
        queue.flush()
        while (queue.queued > 0) empty()
        const order = (frames: Uint8Array[]) => {
          const key = (bytes: Uint8Array) => `${bytes[0]}:${bytes.length}`
          const large = (bytes: Uint8Array) => bytes.length + 4 > MAX_PACKET
          return [frames.filter(large).map(key), frames.filter(bytes => !large(bytes)).map(key)]
        }
        expect(order(arrived())).toEqual(order(sent))
      }),
    )
  })
})
