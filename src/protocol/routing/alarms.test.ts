import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Alarmed, Alarms, GRAIN, NO_ALARM } from './alarms.ts'

interface Item extends Alarmed {
  readonly name: number
}
const item = (name: number): Item => ({ name, slot: NO_ALARM })

test('every alarm rings once, not early, and at most a grain late', () => {
  const step = fc.record({
    name: fc.nat(9),
    at: fc.nat(9999).map(tenths => tenths / 10),
    clear: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const alarms = new Alarms<Item>()
      const items = Array.from({ length: 10 }, (_, name) => item(name))
      const model = new Map<number, number>()
      for (const { name, at, clear } of steps) {
        const one = items[name] as Item
        if (clear) {
          alarms.clear(one)
          model.delete(name)
        } else {
          alarms.set(one, at)
          model.set(name, at)
        }
      }
      const earliest = Math.min(...model.values())
      if (model.size === 0) expect(alarms.next).toBe(Number.POSITIVE_INFINITY)
      else {
        expect(alarms.next).toBeGreaterThanOrEqual(earliest)
        expect(alarms.next).toBeLessThan(earliest + GRAIN)
      }
      const rung: number[] = []
      for (let now = 0; now <= 1000 + GRAIN; now += GRAIN)
        for (const one of alarms.due(now)) {
          const at = model.get(one.name) as number
          expect(now).toBeGreaterThanOrEqual(at)
          expect(now).toBeLessThan(at + GRAIN)
          rung.push(one.name)
        }
      expect(rung.sort()).toEqual([...model.keys()].sort())
      expect(alarms.next).toBe(Number.POSITIVE_INFINITY)
    }),
  )
})
