import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_PACKET } from './port.ts'
import { GRAIN, WINDOW, Window } from './window.ts'

describe('the window of a link', () => {
  it('is full when so much is on its way, and drained once when some of it was taken', () => {
    const window = new Window()
    for (let bytes = MAX_PACKET; bytes < WINDOW; bytes += MAX_PACKET)
      expect(window.sent(MAX_PACKET)).toBe(true)
    expect(window.drained()).toBe(false)
    expect(window.sent(MAX_PACKET)).toBe(false)
    expect(window.drained()).toBe(false)
    expect(window.settled()).toBe(true)
    expect(window.drained()).toBe(true)
    expect(window.drained()).toBe(false)
  })

  it('is laden while an answer may be behind much of what was sent', () => {
    const window = new Window()
    for (let bytes = 0; bytes < 2 * GRAIN; bytes += MAX_PACKET) window.sent(MAX_PACKET)
    window.settled()
    expect(window.laden).toBe(true)
    window.settled()
    expect(window.laden).toBe(false)
    // A trickle: what was taken was all there was.
    window.sent(GRAIN - 1)
    expect(window.laden).toBe(false)
  })

  it('does not believe that more was taken than was sent', () => {
    const window = new Window()
    expect(window.settled()).toBe(false)
    const other = new Window()
    other.sent(GRAIN - 1)
    expect(other.settled()).toBe(false)
  })

  it('never stands still between two that keep to it, and never has more on its way than itself and a packet', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: MAX_PACKET }), fc.boolean()), { maxLength: 200 }),
        steps => {
          const [from, to] = [new Window(), new Window()]
          const way: number[] = []
          let hasRoom = true
          const arrive = (): void => {
            const bytes = way.shift()
            if (bytes === undefined || !to.received(bytes)) return
            expect(from.settled()).toBe(true)
            hasRoom ||= from.drained()
          }
          for (const [bytes, arrives] of steps) {
            if (hasRoom) {
              way.push(bytes)
              hasRoom = from.sent(bytes)
            }
            if (arrives) arrive()
            expect(way.reduce((sum, each) => sum + each, 0)).toBeLessThan(WINDOW + MAX_PACKET)
          }
          while (way.length > 0) arrive()
          expect(hasRoom).toBe(true)
        },
      ),
    )
  })
})
