import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventQueue, Happening } from './queue.ts'

describe('EventQueue', () => {
  it('gives events by time, and those of one time in the order they were scheduled', () => {
    const time = fc.integer({ min: 0, max: 20 })
    // A number schedules an event, undefined takes one.
    fc.assert(
      fc.property(fc.array(fc.option(time, { nil: undefined }), { maxLength: 300 }), actions => {
        const queue = new EventQueue()
        let model: { time: number; n: number }[] = []
        let n = 0
        const take = () => {
          const expected = model.reduce<{ time: number; n: number } | undefined>(
            (least, entry) => (least === undefined || entry.time < least.time ? entry : least),
            undefined,
          )
          expect(queue.nextTime).toBe(expected?.time ?? Number.POSITIVE_INFINITY)
          const event = queue.pop()
          expect(event?.count).toBe(expected?.n)
          if (event !== undefined) queue.recycle(event)
          model = model.filter(entry => entry !== expected)
        }
        for (const at of actions) {
          if (at === undefined) {
            take()
          } else {
            model.push({ time: at, n })
            queue.push(at, Happening.ACT).count = n++
          }
          expect(queue.length).toBe(model.length)
        }
        while (model.length > 0) take()
      }),
    )
  })

  it('uses its events again', () => {
    const queue = new EventQueue()
    const first = queue.push(1, Happening.ACT)
    first.bytes = new Uint8Array(1)
    const taken = queue.pop()
    expect(taken).toBe(first)
    queue.recycle(first)
    const second = queue.push(2, Happening.TICK)
    expect(second).toBe(first)
    expect(second.bytes).toBeUndefined()
  })

  it('moves its clock with the events', () => {
    const queue = new EventQueue()
    queue.push(12.5, Happening.ACT)
    queue.pop()
    expect(queue.now).toBe(12.5)
  })
})
